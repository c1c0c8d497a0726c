// Conversations of a gigabyte are shown from where their last part begins: more is read by nobody, and would not fit into memory.

import type { SnapshotItem } from '../../../shared/model/item.ts';

/** What is read of one log to show it. */
export const MAX_READ_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Reads a stream of an item, from a byte on. */
export type ReadFrom = (stream: string, fromByte: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Reads the streams of an item to be shown: of a log that is too long the last lines. */
export function readEnds(item: SnapshotItem, readFrom: ReadFrom): (stream: string) => Promise<Uint8Array<ArrayBuffer>> {
  return async (name) => {
    const start = startOf(item, name);
    const bytes = await readFrom(name, start);
    // The first line has lost its beginning.
    return start === 0 ? bytes : bytes.subarray(bytes.indexOf(NEWLINE) + 1 || bytes.length);
  };
}

/** True where what `readEnds` gives of the item is not all of it. */
export function isReadCut(item: SnapshotItem): boolean {
  return item.streams.some(({ name }) => startOf(item, name) > 0);
}

function startOf({ kind, streams }: SnapshotItem, name: string): number {
  const stream = streams.find((other) => other.name === name);
  if (kind !== 'conversation' || stream?.kind !== 'append') return 0;
  return Math.max(0, stream.sizeBytes - MAX_READ_BYTES);
}
