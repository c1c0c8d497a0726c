// A shell's commands as a table: when, what, where, how long and with which end. What was typed is hostile text and stays text.

import { z } from 'zod';

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PreviewContext } from '../source.ts';
import { decodeCommands, type CommandEntry } from './command-entry.ts';
import { segmentIndex } from './command-streams.ts';

/** More is slow to show and is read by nobody. */
export const MAX_PREVIEW_COMMANDS = 2_000;
/** Times beyond this have no date. */
const MAX_TIME_MS = 253_402_300_799_000;

type CommandsPreview = Extract<Preview, { type: 'commands' }>;

const factsSchema = z.object({ shell: z.string().catch('') });

/** The newest commands, the oldest of them first. */
export async function previewCommands(item: SnapshotItem, context: PreviewContext): Promise<CommandsPreview> {
  const segments = item.streams
    .flatMap(({ name }) => {
      const index = segmentIndex(name);
      return index === null ? [] : [{ name, index }];
    })
    .toSorted((a, b) => a.index - b.index);
  const entries: CommandEntry[] = [];
  for (const { name } of segments) entries.push(...decodeCommands(await context.readStream(name)));
  const shown = entries.slice(-MAX_PREVIEW_COMMANDS);
  return {
    type: 'commands',
    shell: factsSchema.parse(item.attributes).shell,
    commands: shown.map(toRow),
    omitted: entries.length - shown.length,
  };
}

function toRow({ command, cwd, atMs, durationMs, exitCode }: CommandEntry): CommandsPreview['commands'][number] {
  const hasTime = atMs !== undefined && atMs >= 0 && atMs <= MAX_TIME_MS;
  const hasDuration = durationMs !== undefined && durationMs >= 0 && durationMs <= MAX_TIME_MS;
  return {
    command,
    ...(cwd === undefined ? {} : { cwd }),
    ...(hasTime ? { at: new Date(atMs).toISOString() } : {}),
    ...(hasDuration ? { durationMs: Math.round(durationMs) } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}
