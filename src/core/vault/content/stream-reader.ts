// Puts a stream's bytes together again from its parts.

import { AppError } from '../../../shared/model/app-error.ts';
import { damaged } from '../errors.ts';
import type { Part, StreamEntry } from '../log/manifest.ts';
import type { ChunkStore } from './chunk-store.ts';

/** Reads a whole stream at once, to compare with it. @throws AppError VAULT_DAMAGED */
export function readStreamContent(store: ChunkStore, stream: StreamExtent): Uint8Array<ArrayBuffer> {
  const content = allocate(stream);
  for (const [recordId, uses] of usesOf(stream)) copyUses(content, store.readCached(recordId), uses);
  return content;
}

/** Reads a whole stream, many of which may be read at a time. @throws AppError VAULT_DAMAGED */
export async function readOneOfManyStreams(store: ChunkStore, stream: StreamExtent): Promise<Uint8Array<ArrayBuffer>> {
  const content = allocate(stream);
  await Promise.all(
    [...usesOf(stream)].map(([recordId, uses]) =>
      store.readOneOfMany(recordId, (chunk) => copyUses(content, chunk, uses)),
    ),
  );
  return content;
}

/** Writes a whole stream into an open file, chunk by chunk: it is never in memory as a whole. @throws AppError VAULT_DAMAGED */
export async function writeOneOfManyStreams(store: ChunkStore, stream: StreamExtent, file: number): Promise<void> {
  assertExtent(stream);
  const done = await Promise.allSettled(
    [...usesOf(stream)].map(([recordId, uses]) =>
      store.readOneOfMany(recordId, {
        file,
        writes: uses.map(({ at, part }) => ({ at, skip: part.skip, length: part.length })),
      }),
    ),
  );
  // Only now: as long as anything is still to be written, the file must stay open.
  for (const result of done) if (result.status === 'rejected') throw result.reason;
}

/** What is left of a stream: where a chunk of it cannot be read any more there are zeros, and it is told where. */
export interface IntactBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In their order, no two next to each other; counted from the beginning of `bytes`. */
  readonly holes: readonly ByteRange[];
}

export interface ByteRange {
  readonly from: number;
  readonly length: number;
}

/** Reads as much of a stream as there is. Damage is no failure; what the disk or the caller fails in is. */
export async function readIntactBytes(store: ChunkStore, stream: StreamExtent): Promise<IntactBytes> {
  const bytes = allocate(stream);
  const lost: ByteRange[] = [];
  await Promise.all(
    [...usesOf(stream)].map(async ([recordId, uses]) => {
      try {
        await store.readOneOfMany(recordId, (chunk) => copyUses(bytes, chunk, uses));
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'VAULT_DAMAGED') throw error;
        for (const { at, part } of uses) {
          bytes.fill(0, at, at + part.length);
          lost.push({ from: at, length: part.length });
        }
      }
    }),
  );
  return { bytes, holes: joinRanges(lost) };
}

function joinRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const { from, length } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && last.from + last.length === from)
      joined[joined.length - 1] = { from: last.from, length: last.length + length };
    else joined.push({ from, length });
  }
  return joined;
}

type StreamExtent = Pick<StreamEntry, 'parts' | 'sizeBytes'>;

/** A run of a chunk, and where it stands in the stream. */
interface Use {
  readonly at: number;
  readonly part: Part;
}

/** Memory for all of the stream, which its parts must fill exactly. */
function allocate(stream: StreamExtent): Buffer<ArrayBuffer> {
  assertExtent(stream);
  return Buffer.allocUnsafeSlow(stream.sizeBytes);
}

function assertExtent({ parts, sizeBytes }: StreamExtent): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== sizeBytes) throw damaged('a stream is longer or shorter than its snapshot says');
}

/** What the stream needs of each of its chunks: a chunk that several parts lie in is opened once. */
function usesOf({ parts }: StreamExtent): Map<number, Use[]> {
  const uses = new Map<number, Use[]>();
  let at = 0;
  for (const part of parts) {
    const ofChunk = uses.get(part.recordId);
    if (ofChunk === undefined) uses.set(part.recordId, [{ at, part }]);
    else ofChunk.push({ at, part });
    at += part.length;
  }
  return uses;
}

function copyUses(content: Buffer, chunk: Buffer, uses: readonly Use[]): void {
  for (const { at, part } of uses) content.set(takePart(chunk, part), at);
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
