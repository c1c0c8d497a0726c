// Content-defined cut points (V10): FastCDC (Xia et al., USENIX ATC 2016) with normalised chunking. The gear table is derived from
// a secret, so that the sizes of chunks do not tell which known file they are.

export const MIN_CHUNK_BYTES = 32 * 1024;
export const AVERAGE_CHUNK_BYTES = 128 * 1024;
export const MAX_CHUNK_BYTES = 512 * 1024;

// 17 bits give the average; two more before it and two less after it keep sizes close to it. The gear hash shifts left, so its
// high bits have seen the most bytes.
const MASK_BEFORE = 0xffff_e000 | 0; // 19 bits
const MASK_AFTER = 0xfffe_0000 | 0; // 15 bits

export type GearTable = Int32Array;

/** @param bytes 1,024 bytes of key material */
export function createGearTable(bytes: Uint8Array): GearTable {
  if (bytes.length !== 1024) throw new RangeError('a gear table is made of 1,024 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: 256 }, (_, index) => view.getInt32(index * 4, true));
}

/** Gives the end of each piece of `content`, in order; the last one is its length. Empty content has no pieces. */
export function findCutPoints(content: Uint8Array, gear: GearTable): number[] {
  const cuts: number[] = [];
  let start = 0;
  while (start < content.length) {
    start = findCut(content, start, gear);
    cuts.push(start);
  }
  return cuts;
}

function findCut(content: Uint8Array, start: number, gear: GearTable): number {
  const end = Math.min(content.length, start + MAX_CHUNK_BYTES);
  if (end - start <= MIN_CHUNK_BYTES) return end;
  const middle = Math.min(end, start + AVERAGE_CHUNK_BYTES);
  let hash = 0;
  let at = start + MIN_CHUNK_BYTES;
  for (; at < middle; at += 1) {
    hash = ((hash << 1) + (gear[content[at] ?? 0] ?? 0)) | 0;
    if ((hash & MASK_BEFORE) === 0) return at + 1;
  }
  for (; at < end; at += 1) {
    hash = ((hash << 1) + (gear[content[at] ?? 0] ?? 0)) | 0;
    if ((hash & MASK_AFTER) === 0) return at + 1;
  }
  return end;
}
