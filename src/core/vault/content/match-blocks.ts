// Finds what of an old content stands in a new one, wherever it stands: equal ends first, then equal blocks of the middle by a
// rolling hash (Tridgell, "Efficient Algorithms for Sorting and Synchronization", 1999, chapter 3).

const BLOCK_BYTES = 64;
const MULTIPLIER = 0x01000193;
/** Spreads a hash over its high bits (Knuth, The Art of Computer Programming, vol. 3, 6.4). */
const SPREAD = 0x9e3779b1 | 0;
/** MULTIPLIER to the power of BLOCK_BYTES - 1, modulo 2^32: what the byte that leaves the window was multiplied with. */
const LEAVING = power(MULTIPLIER, BLOCK_BYTES - 1);
/** Runs are compared in steps that double while they are equal and halve where they are not. */
const COMPARE_BYTES = 4096;
const SMALLEST_COMPARE_BYTES = 32;

export type Operation =
  | { readonly type: 'copy'; readonly from: number; readonly length: number }
  | { readonly type: 'insert'; readonly start: number; readonly end: number };

/** The new content as copies out of the old one and insertions of its own bytes, in order. */
export function matchBlocks(old: Buffer, fresh: Buffer): Operation[] {
  const prefix = commonRun(old, 0, fresh, 0, Math.min(old.length, fresh.length));
  const suffix = commonSuffix(old, fresh, Math.min(old.length, fresh.length) - prefix);
  const operations: Operation[] = [];
  if (prefix > 0) operations.push({ type: 'copy', from: 0, length: prefix });
  operations.push(...matchMiddle(old, fresh, prefix, old.length - suffix, fresh.length - suffix));
  if (suffix > 0) operations.push({ type: 'copy', from: old.length - suffix, length: suffix });
  return operations;
}

/** How many bytes two contents have in common from these positions on, `limit` at most. */
export function commonRun(a: Buffer, aStart: number, b: Buffer, bStart: number, limit: number): number {
  let length = 0;
  let step = COMPARE_BYTES;
  while (length < limit) {
    const size = Math.min(step, limit - length);
    const left = aStart + length;
    const right = bStart + length;
    if (a.compare(b, right, right + size, left, left + size) === 0) {
      length += size;
      step *= 2;
      continue;
    }
    if (size <= SMALLEST_COMPARE_BYTES) {
      while (a[aStart + length] === b[bStart + length]) length += 1;
      return length;
    }
    step = size >> 1;
  }
  return limit;
}

function commonSuffix(a: Buffer, b: Buffer, limit: number): number {
  let length = 0;
  let step = COMPARE_BYTES;
  while (length < limit) {
    const size = Math.min(step, limit - length);
    const left = a.length - length;
    const right = b.length - length;
    if (a.compare(b, right - size, right, left - size, left) === 0) {
      length += size;
      step *= 2;
      continue;
    }
    if (size <= SMALLEST_COMPARE_BYTES) {
      while (a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1;
      return length;
    }
    step = size >> 1;
  }
  return limit;
}

function matchMiddle(old: Buffer, fresh: Buffer, start: number, oldEnd: number, freshEnd: number): Operation[] {
  const operations: Operation[] = [];
  let insertFrom = start;
  const blocks = new BlockTable(old, start, oldEnd);
  let at = start;
  let hash = at + BLOCK_BYTES <= freshEnd ? hashBlock(fresh, at) : 0;
  while (!blocks.isEmpty && at + BLOCK_BYTES <= freshEnd) {
    const candidate = blocks.find(hash);
    const length =
      candidate < 0 ? 0 : commonRun(old, candidate, fresh, at, Math.min(oldEnd - candidate, freshEnd - at));
    if (length >= BLOCK_BYTES) {
      if (at > insertFrom) operations.push({ type: 'insert', start: insertFrom, end: at });
      operations.push({ type: 'copy', from: candidate, length });
      at += length;
      insertFrom = at;
      if (at + BLOCK_BYTES <= freshEnd) hash = hashBlock(fresh, at);
      continue;
    }
    const leaving = Math.imul(fresh[at] ?? 0, LEAVING);
    hash = (Math.imul((hash - leaving) | 0, MULTIPLIER) + (fresh[at + BLOCK_BYTES] ?? 0)) | 0;
    at += 1;
  }
  if (freshEnd > insertFrom) operations.push({ type: 'insert', start: insertFrom, end: freshEnd });
  return operations;
}

/** Where the blocks of a content begin, by hash: an open table, since it is asked at every byte. The first of equal hashes counts. */
class BlockTable {
  readonly isEmpty: boolean;
  readonly #shift: number;
  readonly #hashes: Int32Array;
  /** Start of the block plus one; 0 where the place is free. */
  readonly #starts: Int32Array;

  constructor(content: Buffer, start: number, end: number) {
    const count = Math.max(0, Math.floor((end - start) / BLOCK_BYTES));
    const bits = 36 - Math.clz32(count | 1);
    this.isEmpty = count === 0;
    this.#shift = 32 - bits;
    this.#hashes = new Int32Array(2 ** bits);
    this.#starts = new Int32Array(2 ** bits);
    for (let at = start; at + BLOCK_BYTES <= end; at += BLOCK_BYTES) this.#add(hashBlock(content, at), at);
  }

  /** The start of the block with this hash; -1 where there is none. */
  find(hash: number): number {
    const mask = this.#starts.length - 1;
    for (let place = Math.imul(hash, SPREAD) >>> this.#shift; ; place = (place + 1) & mask) {
      const start = this.#starts[place] ?? 0;
      if (start === 0 || this.#hashes[place] === hash) return start - 1;
    }
  }

  #add(hash: number, start: number): void {
    const mask = this.#starts.length - 1;
    let place = Math.imul(hash, SPREAD) >>> this.#shift;
    while (this.#starts[place] !== 0) {
      if (this.#hashes[place] === hash) return;
      place = (place + 1) & mask;
    }
    this.#hashes[place] = hash;
    this.#starts[place] = start + 1;
  }
}

function hashBlock(bytes: Uint8Array, start: number): number {
  let hash = 0;
  for (let at = start; at < start + BLOCK_BYTES; at += 1) hash = (Math.imul(hash, MULTIPLIER) + (bytes[at] ?? 0)) | 0;
  return hash;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let count = 0; count < exponent; count += 1) result = Math.imul(result, base);
  return result;
}
