// Takes back what was opened through the extension: the tab is closed where it still shows what was opened, in the same run of the browser.

import { z } from 'zod';

import type { JsonValue } from '../../../../shared/model/json.ts';
import type { StepResult } from '../../../../shared/model/restore.ts';
import type { UndoContext } from '../../source.ts';
import type { FindConnection } from './connection.ts';
import { askExtension } from './host-client.ts';

const CLOSE_MS = 5_000;

const undoSchema = z.object({ profileDir: z.string(), instance: z.string(), tab: z.int() });
const answerSchema = z.object({ outcome: z.enum(['closed', 'gone', 'unknown', 'changed']) });

type Undone = (status: StepResult['status'], detail: string) => StepResult;

export async function closeThroughExtension(
  undo: JsonValue | undefined,
  context: UndoContext,
  find: FindConnection,
  undone: Undone,
): Promise<StepResult> {
  const parsed = undoSchema.safeParse(undo);
  if (!parsed.success) return undone('skipped', 'It is not known which tab was opened.');
  const { profileDir, instance, tab } = parsed.data;
  const profile = await find(profileDir, context.host, context.signal);
  if (profile === null)
    return undone('skipped', 'The browser or its extension does not run any more; nothing was closed.');
  if (profile.instance !== instance)
    return undone('skipped', 'The browser was started anew since; its tabs are left as they are.');
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(CLOSE_MS)]);
  const answer = answerSchema.parse(
    await askExtension(profile.socketPath, { instance, name: 'close-tab', tab }, signal),
  );
  switch (answer.outcome) {
    case 'closed':
      return undone('done', 'Closed.');
    case 'gone':
      return undone('skipped', 'It is closed already.');
    case 'changed':
      return undone('skipped', 'It shows another page than was opened; it is left open.');
    case 'unknown':
      return undone('skipped', 'The extension does not know this tab; it is left open.');
  }
}
