// The streams of an item: commands in segments. Only the newest segment grows, and its entries are still in memory, so that it can be
// handed over whole: nothing of what is stored must be read again. A new run of Cairn, or a full segment, begins the next one.

import { createHash } from 'node:crypto';

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedStream } from '../../../shared/model/item.ts';
import type { CaptureContext, PreviousItem } from '../source.ts';
import { encodeCommands, type CommandEntry } from './command-entry.ts';

/** A segment of about this many characters is full. */
export const FULL_SEGMENT_CHARACTERS = 64 * 1024;
const NAME = /^commands(?:\.([1-9]\d{0,8}))?$/;

/** What a segment's stream is called: `commands`, `commands.2` ... */
export function segmentName(index: number): string {
  return index === 1 ? 'commands' : `commands.${index}`;
}

/** The place of a segment among the item's; null for other streams. */
export function segmentIndex(name: string): number | null {
  const match = NAME.exec(name);
  return match === null ? null : Number(match[1] ?? 1);
}

/** The segment that follows all stored ones. */
export function nextSegment(previous: Pick<PreviousItem, 'streams'> | undefined): number {
  return Math.max(0, ...(previous?.streams ?? []).map(({ name }) => segmentIndex(name) ?? 0)) + 1;
}

/** How much an entry counts towards a full segment. */
export function weightOf({ command, cwd }: CommandEntry): number {
  return command.length + (cwd?.length ?? 0) + 100;
}

export interface Segment {
  readonly index: number;
  readonly entries: readonly CommandEntry[];
}

/** All streams of an item: what is stored as it is, and the segment in memory. */
export function commandStreams(
  context: CaptureContext,
  key: ItemKey,
  previous: Pick<PreviousItem, 'streams'> | undefined,
  segment: Segment | null,
): CapturedStream[] {
  const current = segment === null || segment.entries.length === 0 ? null : segmentName(segment.index);
  const stored = (previous?.streams ?? [])
    .filter(({ name }) => name !== current)
    .map(({ name, kind }): CapturedStream => {
      const version = context.known(key, name)?.version ?? '';
      return { name, kind, version, content: { type: 'unchanged' } };
    });
  if (segment === null || current === null) return stored;
  const bytes = encodeCommands(segment.entries, context);
  const known = context.known(key, current);
  const version = createHash('sha256').update(bytes).digest('base64url');
  if (bytes.length === 0 && known === undefined) return stored;
  const isKnown = known?.version === version && known.sizeBytes === bytes.length;
  return [
    ...stored,
    { name: current, kind: 'append', version, content: isKnown ? { type: 'unchanged' } : { type: 'whole', bytes } },
  ];
}
