// The time index (V12): sequence, time, id, kind and keyframe of every snapshot, in typed arrays. Lists, density and look-ups by
// id or time never touch SQL. On disk it is blocks of 1,024 entries, column by column, so that loading is copying.

import { SNAPSHOT_KINDS, type SnapshotKind } from '../../../shared/model/snapshot.ts';
import type { SnapshotId } from '../../../shared/model/ids.ts';

export const BLOCK_ENTRIES = 1024;
const ENTRY_BYTES = 25;
const COUNT_BYTES = 4;
const GROWTH = 4096;

export interface TimeIndexEntry {
  readonly sequence: number;
  readonly takenAtMs: number;
  readonly id: SnapshotId;
  readonly kind: SnapshotKind;
  readonly keyframe: number;
}

/** Entries in order of sequence. Times normally rise with it; where a clock jumped back they do not. */
export class TimeIndex {
  #count = 0;
  #times: Float64Array;
  #ids: Uint8Array;
  #sequences: Uint32Array;
  #keyframes: Uint32Array;
  #kinds: Uint8Array;

  constructor(capacity = GROWTH) {
    this.#times = new Float64Array(capacity);
    this.#ids = new Uint8Array(capacity * 8);
    this.#sequences = new Uint32Array(capacity);
    this.#keyframes = new Uint32Array(capacity);
    this.#kinds = new Uint8Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  timeAt(index: number): number {
    return this.#times[index] ?? Number.NaN;
  }

  sequenceAt(index: number): number {
    return this.#sequences[index] ?? 0;
  }

  keyframeAt(index: number): number {
    return this.#keyframes[index] ?? 0;
  }

  kindAt(index: number): SnapshotKind {
    return SNAPSHOT_KINDS[this.#kinds[index] ?? 0] ?? 'automatic';
  }

  idAt(index: number): SnapshotId {
    return Buffer.from(this.#ids.buffer, this.#ids.byteOffset + index * 8, 8).toString('hex') as SnapshotId; // 8 bytes are 16 digits
  }

  append(entry: TimeIndexEntry): void {
    this.#reserve(this.#count + 1);
    const at = this.#count;
    this.#times[at] = entry.takenAtMs;
    this.#ids.set(Buffer.from(entry.id, 'hex'), at * 8);
    this.#sequences[at] = entry.sequence;
    this.#keyframes[at] = entry.keyframe;
    this.#kinds[at] = SNAPSHOT_KINDS.indexOf(entry.kind);
    this.#count += 1;
  }

  /** The position of a sequence; -1 where there is none. */
  indexOfSequence(sequence: number): number {
    const at = this.#lowerBound(sequence);
    return at < this.#count && this.#sequences[at] === sequence ? at : -1;
  }

  /** The first position whose sequence is not less; `count` where there is none. */
  positionFrom(sequence: number): number {
    return this.#lowerBound(sequence);
  }

  indexOfId(id: SnapshotId): number {
    return this.indexesOfPrefix(id, 1)[0] ?? -1;
  }

  /** Positions of the ids that begin with these hexadecimal digits, newest first, at most `limit`. */
  indexesOfPrefix(prefix: string, limit: number): number[] {
    const found: number[] = [];
    const whole = Buffer.from(prefix.slice(0, prefix.length & ~1), 'hex');
    const half = prefix.length % 2 === 0 ? -1 : Number.parseInt(prefix.slice(-1), 16);
    for (let index = this.#count - 1; index >= 0 && found.length < limit; index -= 1) {
      if (this.#hasPrefix(index, whole, half)) found.push(index);
    }
    return found;
  }

  /** The newest entry not after this time; -1 where all are later. */
  indexAtTime(timeMs: number): number {
    let best = -1;
    for (let index = this.#count - 1; index >= 0; index -= 1) {
      const time = this.#times[index] ?? 0;
      if (time <= timeMs && (best < 0 || time > (this.#times[best] ?? 0))) best = index;
      // With rising times the first hit is the newest; a jump of the clock is looked through for a while longer.
      if (best >= 0 && best - index > BLOCK_ENTRIES) break;
    }
    return best;
  }

  clone(): TimeIndex {
    const copy = new TimeIndex(this.#count + GROWTH);
    copy.appendBlock(this.encodeBlock(0, this.#count));
    return copy;
  }

  /** Keeps only the entries for which `keeps` is true. */
  filter(keeps: (index: number) => boolean): void {
    let to = 0;
    for (let from = 0; from < this.#count; from += 1) {
      if (!keeps(from)) continue;
      if (to !== from) this.#copyWithin(from, to);
      to += 1;
    }
    this.#count = to;
  }

  /** The block of entries from `start` to before `end`, for sealing. */
  encodeBlock(start: number, end: number): Buffer {
    const count = end - start;
    const bytes = Buffer.alloc(COUNT_BYTES + count * ENTRY_BYTES);
    bytes.writeUInt32LE(count, 0);
    let at = COUNT_BYTES;
    for (const column of this.#columns()) {
      const part = column.bytes.subarray(start * column.width, end * column.width);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Appends a block that `encodeBlock` made. @throws RangeError where it is none */
  appendBlock(block: Buffer): void {
    const count = block.length < COUNT_BYTES ? -1 : block.readUInt32LE(0);
    if (block.length !== COUNT_BYTES + count * ENTRY_BYTES) throw new RangeError('not a block of the time index');
    this.#reserve(this.#count + count);
    let at = COUNT_BYTES;
    for (const column of this.#columns()) {
      column.bytes.set(block.subarray(at, at + count * column.width), this.#count * column.width);
      at += count * column.width;
    }
    this.#count += count;
  }

  #columns(): readonly { readonly bytes: Uint8Array; readonly width: number }[] {
    return [
      { bytes: new Uint8Array(this.#times.buffer), width: 8 },
      { bytes: this.#ids, width: 8 },
      { bytes: new Uint8Array(this.#sequences.buffer), width: 4 },
      { bytes: new Uint8Array(this.#keyframes.buffer), width: 4 },
      { bytes: this.#kinds, width: 1 },
    ];
  }

  #hasPrefix(index: number, whole: Uint8Array, half: number): boolean {
    const start = index * 8;
    for (let at = 0; at < whole.length; at += 1) if (this.#ids[start + at] !== whole[at]) return false;
    return half < 0 || (this.#ids[start + whole.length] ?? 0) >> 4 === half;
  }

  #lowerBound(sequence: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #copyWithin(from: number, to: number): void {
    this.#times[to] = this.#times[from] ?? 0;
    this.#ids.copyWithin(to * 8, from * 8, from * 8 + 8);
    this.#sequences[to] = this.#sequences[from] ?? 0;
    this.#keyframes[to] = this.#keyframes[from] ?? 0;
    this.#kinds[to] = this.#kinds[from] ?? 0;
  }

  #reserve(count: number): void {
    if (count <= this.#times.length) return;
    const capacity = Math.max(count, Math.ceil(this.#times.length * 1.5)) + GROWTH;
    this.#times = grown(this.#times, new Float64Array(capacity));
    this.#ids = grown(this.#ids, new Uint8Array(capacity * 8));
    this.#sequences = grown(this.#sequences, new Uint32Array(capacity));
    this.#keyframes = grown(this.#keyframes, new Uint32Array(capacity));
    this.#kinds = grown(this.#kinds, new Uint8Array(capacity));
  }
}

function grown<Column extends Float64Array | Uint32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
