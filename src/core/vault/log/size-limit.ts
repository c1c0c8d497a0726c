// At most so many compressed bytes a snapshot. What is over is left out stream by stream, largest scrollback first, then largest
// blob, then what is new of the largest conversation; the snapshot says so. A conversation's older bytes never count: they are kept
// for ever and cost a snapshot nothing.

import type { Gap } from '../../../shared/model/snapshot.ts';
import { sizeOf, type NextItem, type NextStream } from './place-items.ts';

const LEAVE_OUT_ORDER = ['ring', 'blob', 'append'] as const;

/** Removes streams from the items until they fit, and gives a gap for each. */
export function applySizeLimit(
  items: readonly NextItem[],
  maxBytes: number,
  storedBytes: (recordId: number) => number,
  takenAtMs: number,
): Gap[] {
  const weights = items.flatMap((item) =>
    item.streams.map((stream) => ({ item, stream, bytes: weigh(stream, storedBytes) })),
  );
  let total = weights.reduce((sum, weight) => sum + weight.bytes, 0);
  const gaps: Gap[] = [];
  for (const kind of LEAVE_OUT_ORDER) {
    if (total <= maxBytes) break;
    const candidates = weights
      .filter(({ stream, bytes }) => kindOf(stream) === kind && bytes > 0)
      .toSorted((a, b) => b.bytes - a.bytes);
    for (const { item, stream, bytes } of candidates) {
      if (total <= maxBytes) break;
      leaveOut(item, stream);
      total -= bytes;
      gaps.push({
        source: item.item.source,
        reason: 'too-large',
        key: item.item.key,
        sinceMs: takenAtMs,
        message: `${nameOf(stream)} of "${item.item.title}" was left out: it takes ${megabytes(bytes)} MB and the snapshot may take ${megabytes(maxBytes)} MB.`,
      });
    }
  }
  return gaps;
}

/** What a stream adds to the weight of a snapshot. */
function weigh(stream: NextStream, storedBytes: (recordId: number) => number): number {
  const bytes = sizeOf(stream, storedBytes);
  if (kindOf(stream) !== 'append') return bytes;
  if (stream.state === 'kept') return 0;
  return Math.max(0, bytes - (stream.earlier?.storedBytes ?? 0));
}

/** A conversation keeps its older bytes; anything else goes whole. */
function leaveOut(item: NextItem, stream: NextStream): void {
  const earlier = stream.state === 'new' && stream.placed.kind === 'append' ? stream.earlier : undefined;
  item.streams = item.streams.flatMap((other): NextStream[] => {
    if (other !== stream) return [other];
    return earlier === undefined ? [] : [{ state: 'kept', entry: earlier }];
  });
}

function kindOf(stream: NextStream): (typeof LEAVE_OUT_ORDER)[number] {
  return stream.state === 'kept' ? stream.entry.kind : stream.placed.kind;
}

function nameOf(stream: NextStream): string {
  const name = stream.state === 'kept' ? stream.entry.name : stream.placed.name;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function megabytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(1);
}
