// Puts a stream's bytes together again from its parts.

import { damaged } from '../errors.ts';
import type { Part, StreamEntry } from '../log/manifest.ts';
import type { ChunkStore } from './chunk-store.ts';

/** Reads a whole stream. @throws AppError VAULT_DAMAGED */
export function readStreamContent(
  store: ChunkStore,
  stream: Pick<StreamEntry, 'parts' | 'sizeBytes'>,
  isCached = false,
): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(stream.sizeBytes);
  const lastUse = new Map(stream.parts.map((part, index) => [part.recordId, index]));
  // A chunk that several parts lie in is opened once, and held only until its last part.
  const open = new Map<number, Buffer>();
  let at = 0;
  for (const [index, part] of stream.parts.entries()) {
    const chunk = open.get(part.recordId) ?? (isCached ? store.readCached(part.recordId) : store.read(part.recordId));
    if (lastUse.get(part.recordId) === index) open.delete(part.recordId);
    else open.set(part.recordId, chunk);
    const bytes = takePart(chunk, part);
    if (at + bytes.length > content.length) throw damaged('a stream is longer than its snapshot says');
    content.set(bytes, at);
    at += bytes.length;
  }
  if (at !== content.length) throw damaged('a stream is shorter than its snapshot says');
  return content;
}

/** The bytes of one part. */
export function readPart(store: ChunkStore, part: Part): Buffer {
  return takePart(store.readCached(part.recordId), part);
}

/** The parts that cover a run of a stream's bytes. */
export function sliceParts(parts: readonly Part[], start: number, length: number): Part[] {
  const slice: Part[] = [];
  let skip = start;
  let missing = length;
  for (const part of parts) {
    if (missing <= 0) break;
    if (skip >= part.length) {
      skip -= part.length;
      continue;
    }
    const taken = Math.min(part.length - skip, missing);
    slice.push({ recordId: part.recordId, skip: part.skip + skip, length: taken });
    missing -= taken;
    skip = 0;
  }
  return slice;
}

function takePart(chunk: Buffer, part: Part): Buffer {
  if (part.skip + part.length > chunk.length) throw damaged(`chunk ${part.recordId} is shorter than its stream says`);
  return chunk.subarray(part.skip, part.skip + part.length);
}
