// Values that lie across chunks: where a stream goes on in another chunk in the middle of one, no chunk holds it whole. Found by looking at
// every place where two chunks ever stood side by side.

import type { ItemEntry, Part } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { TextSpot } from '../vault-texts.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';

const TURN_SNAPSHOTS = 64;

/** A run of a chunk beside a border. */
interface Piece {
  readonly recordId: number;
  readonly start: number;
  readonly bytes: Buffer;
}

/** The parts of chunks that together hold one of the values. What cannot be read is passed over: verification tells of it. */
export async function findAcrossBorders(
  state: VaultState,
  values: readonly Uint8Array[],
  { signal }: Pick<WorkControl, 'signal'>,
): Promise<TextSpot[]> {
  const reach = Math.max(0, ...values.map(({ length }) => length - 1));
  if (reach === 0) return [];
  const spots = new Map<string, TextSpot>();
  const seen = new Set<string>();
  let count = 0;
  for (const entry of storedEntries(state)) {
    count += 1;
    if (count % TURN_SNAPSHOTS === 0) await yieldToOthers(signal);
    for (const { parts } of entry.streams)
      for (let at = 1; at < parts.length; at += 1)
        for (const spot of lookAt(state, parts, at, values, reach, seen))
          spots.set(`${spot.anchor} ${spot.start} ${spot.end}`, spot);
  }
  return [...spots.values()];
}

/** Every state of every item that snapshots hold, each once for its keyframe and once for each change since. */
function* storedEntries(state: VaultState): Generator<ItemEntry> {
  const keyframes = new Set<number>();
  for (let at = 0; at < state.index.count; at += 1) {
    try {
      const { prefix, body } = state.readSnapshot(state.index.sequenceAt(at));
      if (!keyframes.has(prefix.keyframe)) yield* state.readKeyframe(prefix.keyframe).values();
      keyframes.add(prefix.keyframe);
      yield* body.changed;
    } catch {
      continue; // damaged
    }
  }
}

function lookAt(
  state: VaultState,
  parts: readonly Part[],
  at: number,
  values: readonly Uint8Array[],
  reach: number,
  seen: Set<string>,
): TextSpot[] {
  const name = borderName(parts, at, reach);
  if (seen.has(name)) return [];
  seen.add(name);
  let pieces: Piece[];
  let border: number;
  try {
    const before = collect(state, parts, at - 1, -1, reach);
    border = before.reduce((sum, { bytes }) => sum + bytes.length, 0);
    pieces = [...before, ...collect(state, parts, at, 1, reach)];
  } catch {
    return []; // damaged
  }
  const window = Buffer.concat(pieces.map(({ bytes }) => bytes));
  return values.flatMap((value) => {
    const found: TextSpot[] = [];
    for (let start = window.indexOf(value); start >= 0; start = window.indexOf(value, start + 1))
      if (start < border && start + value.length > border) found.push(...cut(pieces, start, start + value.length));
    return found;
  });
}

/** What the window around a border is made of. */
function borderName(parts: readonly Part[], at: number, reach: number): string {
  const words: string[] = [];
  for (const step of [-1, 1]) {
    let left = reach;
    for (let index = step < 0 ? at - 1 : at; left > 0 && index >= 0 && index < parts.length; index += step) {
      const part = parts[index];
      if (part === undefined) break;
      words.push(`${part.recordId}.${part.skip}.${part.length}`);
      left -= part.length;
    }
    words.push('|');
  }
  return words.join(' ');
}

/** At most so many bytes beside the border, from the parts on one side of it, in the order of the stream. */
function collect(state: VaultState, parts: readonly Part[], from: number, step: -1 | 1, reach: number): Piece[] {
  const pieces: Piece[] = [];
  let left = reach;
  for (let at = from; left > 0 && at >= 0 && at < parts.length; at += step) {
    const part = parts[at];
    if (part === undefined) break;
    const length = Math.min(left, part.length);
    const start = step > 0 ? part.skip : part.skip + part.length - length;
    const bytes = Buffer.from(state.store.readCached(part.recordId).subarray(start, start + length));
    pieces.push({ recordId: part.recordId, start, bytes });
    left -= length;
  }
  return step > 0 ? pieces : pieces.toReversed();
}

/** A run of the window as runs of its chunks. */
function cut(pieces: readonly Piece[], from: number, to: number): TextSpot[] {
  const spots: TextSpot[] = [];
  let at = 0;
  for (const { recordId, start, bytes } of pieces) {
    const first = Math.max(from, at);
    const last = Math.min(to, at + bytes.length);
    if (first < last) {
      const own = Uint8Array.from(bytes.subarray(first - at, last - at));
      spots.push({ anchor: recordId, start: start + first - at, end: start + last - at, bytes: own });
    }
    at += bytes.length;
  }
  return spots;
}
