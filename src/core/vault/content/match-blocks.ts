// Finds what of an old content stands in a new one, wherever it stands: equal ends first, then equal blocks of the middle by a
// rolling hash (Tridgell, "Efficient Algorithms for Sorting and Synchronization", 1999, chapter 3).

const BLOCK_BYTES = 64;
const MULTIPLIER = 0x01000193;
/** MULTIPLIER to the power of BLOCK_BYTES - 1, modulo 2^32: what the byte that leaves the window was multiplied with. */
const LEAVING = power(MULTIPLIER, BLOCK_BYTES - 1);
const COMPARE_BYTES = 4096;

export type Operation =
  | { readonly type: 'copy'; readonly from: number; readonly length: number }
  | { readonly type: 'insert'; readonly start: number; readonly end: number };

/** The new content as copies out of the old one and insertions of its own bytes, in order. */
export function matchBlocks(old: Uint8Array, fresh: Uint8Array): Operation[] {
  const prefix = commonPrefix(old, fresh);
  const suffix = commonSuffix(old, fresh, Math.min(old.length, fresh.length) - prefix);
  const operations: Operation[] = [];
  if (prefix > 0) operations.push({ type: 'copy', from: 0, length: prefix });
  operations.push(...matchMiddle(old, fresh, prefix, old.length - suffix, fresh.length - suffix));
  if (suffix > 0) operations.push({ type: 'copy', from: old.length - suffix, length: suffix });
  return operations;
}

export function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  let at = 0;
  while (
    at + COMPARE_BYTES <= limit &&
    Buffer.compare(a.subarray(at, at + COMPARE_BYTES), b.subarray(at, at + COMPARE_BYTES)) === 0
  )
    at += COMPARE_BYTES;
  while (at < limit && a[at] === b[at]) at += 1;
  return at;
}

function commonSuffix(a: Uint8Array, b: Uint8Array, limit: number): number {
  let length = 0;
  while (length + COMPARE_BYTES <= limit) {
    const left = a.subarray(a.length - length - COMPARE_BYTES, a.length - length);
    const right = b.subarray(b.length - length - COMPARE_BYTES, b.length - length);
    if (Buffer.compare(left, right) !== 0) break;
    length += COMPARE_BYTES;
  }
  while (length < limit && a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1;
  return length;
}

function matchMiddle(old: Uint8Array, fresh: Uint8Array, start: number, oldEnd: number, freshEnd: number): Operation[] {
  const operations: Operation[] = [];
  let insertFrom = start;
  const blocks = indexBlocks(old, start, oldEnd);
  let at = start;
  let hash = at + BLOCK_BYTES <= freshEnd && blocks.size > 0 ? hashBlock(fresh, at) : 0;
  while (at + BLOCK_BYTES <= freshEnd && blocks.size > 0) {
    const candidate = blocks.get(hash);
    const length =
      candidate === undefined ? 0 : commonPrefix(old.subarray(candidate, oldEnd), fresh.subarray(at, freshEnd));
    if (candidate !== undefined && length >= BLOCK_BYTES) {
      if (at > insertFrom) operations.push({ type: 'insert', start: insertFrom, end: at });
      operations.push({ type: 'copy', from: candidate, length });
      at += length;
      insertFrom = at;
      if (at + BLOCK_BYTES <= freshEnd) hash = hashBlock(fresh, at);
      continue;
    }
    const leaving = Math.imul(fresh[at] ?? 0, LEAVING);
    hash = (Math.imul(hash - leaving, MULTIPLIER) + (fresh[at + BLOCK_BYTES] ?? 0)) | 0;
    at += 1;
  }
  if (freshEnd > insertFrom) operations.push({ type: 'insert', start: insertFrom, end: freshEnd });
  return operations;
}

function indexBlocks(old: Uint8Array, start: number, end: number): Map<number, number> {
  const blocks = new Map<number, number>();
  for (let at = start; at + BLOCK_BYTES <= end; at += BLOCK_BYTES) {
    const hash = hashBlock(old, at);
    if (!blocks.has(hash)) blocks.set(hash, at);
  }
  return blocks;
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
