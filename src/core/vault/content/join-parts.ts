// Many captures of little growth leave many small chunks, each of which costs a look-up and a seal to read. From time to time those
// of one stream are joined in one: in idle time, or by a save where they have become very many.

import type { Part } from '../log/manifest.ts';
import type { ChunkBatch, ChunkStore } from './chunk-store.ts';
import { MAX_CHUNK_BYTES } from './fastcdc.ts';
import { readPart } from './stream-reader.ts';

const SMALL_CHUNK_BYTES = 12 * 1024;

/** A stream in more small chunks than this has them joined in idle time. */
export const MAX_SMALL_CHUNKS = 4;
/** A stream in more small chunks than this has them joined by the save that adds to it. */
export const MAX_SMALL_CHUNKS_AT_SAVE = 32;

/**
 * The parts with those of small chunks moved into one new chunk, where there are more than `maxSmallChunks`; else as they were.
 * @param content what the parts hold, where it is at hand; else they are read
 */
export function joinSmallParts(
  store: ChunkStore,
  batch: ChunkBatch,
  parts: readonly Part[],
  maxSmallChunks: number,
  content: Buffer | null,
): readonly Part[] {
  if (parts.length <= maxSmallChunks) return parts;
  const small = new Set(
    parts.map((part) => part.recordId).filter((recordId) => store.storedBytes(recordId) <= SMALL_CHUNK_BYTES),
  );
  if (small.size <= maxSmallChunks) return parts;
  const pieces: Buffer[] = [];
  const isMoved: boolean[] = [];
  let size = 0;
  let at = 0;
  for (const part of parts) {
    const isTaken = small.has(part.recordId) && size + part.length <= MAX_CHUNK_BYTES;
    if (isTaken) {
      pieces.push(content === null ? readPart(store, part) : content.subarray(at, at + part.length));
      size += part.length;
    }
    isMoved.push(isTaken);
    at += part.length;
  }
  const { recordId } = batch.put(Buffer.concat(pieces));
  let skip = 0;
  return joinNeighbours(
    parts.map((part, index): Part => {
      if (isMoved[index] !== true) return part;
      skip += part.length;
      return { recordId, skip: skip - part.length, length: part.length };
    }),
  );
}

/** Parts that follow each other in one chunk are one part. */
function joinNeighbours(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.recordId === part.recordId && last.skip + last.length === part.skip)
      joined[joined.length - 1] = { ...last, length: last.length + part.length };
    else joined.push(part);
  }
  return joined;
}
