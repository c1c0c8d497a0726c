// The process of an editor that documents belong to, and which documents of earlier captures are gone on purpose.

import { z } from 'zod';

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import { readBootId } from '../host/proc.ts';
import type { CaptureContext, Host } from '../source.ts';

const instanceSchema = z.object({ pid: z.int(), startTime: z.int(), boot: z.string() });

export type Instance = z.infer<typeof instanceSchema>;

/** Names a process for good. */
export function toInstance(host: Host, process: { readonly pid: number; readonly startTime: number }): Instance {
  return { pid: process.pid, startTime: process.startTime, boot: readBootId(host.procDir) };
}

export function groupOf({ pid, startTime }: Instance): string {
  return `process ${pid} (${startTime})`;
}

/**
 * Documents of the newest snapshot that were closed. An editor that ended while the machine ran on has closed its files: after a kill
 * its swap files tell of them, so they are among `items`. What was open when the machine went down was not closed, until somebody
 * opens it again.
 * @param troubled groups that could not be read now
 */
export function findClosed(
  context: CaptureContext,
  items: readonly CapturedItem[],
  troubled: ReadonlySet<string>,
): ItemKey[] {
  const boot = readBootId(context.host.procDir);
  const groups = new Map(items.map(({ key, group }) => [key, group]));
  const paths = new Set(items.flatMap(({ attributes }) => attributes['path'] ?? []));
  return context.previous
    .filter(({ key, group, attributes }) => {
      const now = groups.get(key);
      if (now !== undefined) return now !== group;
      if (troubled.has(group)) return false;
      const instance = instanceSchema.safeParse(attributes['instance']).data;
      return instance === undefined || instance.boot === boot || paths.has(attributes['path'] ?? '');
    })
    .map(({ key }) => key);
}
