// Turns a captured stream into parts, storing only what is new (V10). What the vault already has is recognised by keyed ids, never
// by a length alone: a hint counts only after the bytes at the seam compare equal.

import { APPEND_OVERLAP_BYTES, type StreamContent, type StreamKind } from '../../../shared/model/item.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { Part, StreamEntry } from '../log/manifest.ts';
import type { ChunkBatch, ChunkStore } from './chunk-store.ts';
import { findCutPoints, type GearTable } from './fastcdc.ts';
import { readPart, readStreamTail } from './stream-reader.ts';

/** A blob up to this size is one chunk, so that a later version can be stored as a difference to it. */
export const SMALL_BLOB_BYTES = 512 * 1024;
/** New bytes up to this size are one chunk: an append or a ring's new tail. */
const SEGMENT_BYTES = 192 * 1024;
const ANCHOR_BYTES = 256;
/** Distances from the old end at which a ring is looked for in the new content: a redrawn screen changes the last bytes. */
const ANCHOR_DISTANCES = [0, 512, 2048, 8192, 32_768] as const;

export interface StreamWriterDeps {
  readonly keys: KeyTree;
  readonly store: ChunkStore;
  readonly gear: GearTable;
}

/** A stream as it will stand in the manifest, but for `storedBytes`, which is known after sealing. */
export type PlacedStream = Omit<StreamEntry, 'storedBytes'>;

export type PlaceResult =
  | { readonly result: 'unchanged' }
  | { readonly result: 'placed'; readonly stream: PlacedStream }
  | { readonly result: 'needs-whole' };

export interface StreamInput {
  readonly name: string;
  readonly kind: StreamKind;
  readonly content: StreamContent;
}

/**
 * Places a stream's content. `earlier` is the stream in the newest snapshot; `isHintValid` says whether a hint about it may count:
 * that snapshot's stream is the one the source knows.
 */
export function placeStream(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  earlier: StreamEntry | undefined,
  isHintValid: boolean,
): PlaceResult {
  const { content } = input;
  switch (content.type) {
    case 'unchanged':
      return earlier !== undefined && isHintValid ? { result: 'unchanged' } : { result: 'needs-whole' };
    case 'appended': {
      if (earlier === undefined || !isHintValid || !continues(deps, earlier, content)) return { result: 'needs-whole' };
      if (content.bytes.length === 0) return { result: 'unchanged' };
      const added = cutAndPut(deps, batch, content.bytes);
      return placed(input, earlier.sizeBytes + content.bytes.length, extendedId(deps.keys, earlier.contentId, content.bytes), [...earlier.parts, ...added]);
    }
    case 'whole':
      return placeWhole(deps, batch, input, content.bytes, earlier);
  }
}

function placeWhole(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  bytes: Uint8Array,
  earlier: StreamEntry | undefined,
): PlaceResult {
  if (input.kind === 'blob') return placeBlob(deps, batch, input, bytes, earlier);
  if (earlier === undefined || earlier.kind !== input.kind) return placeFirst(deps, batch, input, bytes);
  const kept = input.kind === 'append' ? keptPrefix(deps.store, bytes, earlier) : keptRing(deps.store, bytes, earlier);
  if (kept === null) return placeFirst(deps, batch, input, bytes);
  if (kept.bytes === bytes.length && kept.bytes === earlier.sizeBytes) return { result: 'unchanged' };
  const rest = bytes.subarray(kept.bytes);
  const contentId = contentIdOf(deps.keys, earlier.contentId, kept.dropped, bytes, rest, earlier.sizeBytes);
  return placed(input, bytes.length, contentId, [...kept.parts, ...cutAndPut(deps, batch, rest)]);
}

function placeBlob(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  bytes: Uint8Array,
  earlier: StreamEntry | undefined,
): PlaceResult {
  const contentId = wholeId(deps.keys, bytes);
  if (earlier?.contentId === contentId && earlier.sizeBytes === bytes.length) return { result: 'unchanged' };
  if (bytes.length === 0 || bytes.length > SMALL_BLOB_BYTES) return placed(input, bytes.length, contentId, cutAndPut(deps, batch, bytes));
  const single = earlier?.parts.length === 1 && earlier.sizeBytes <= SMALL_BLOB_BYTES ? earlier.parts[0] : undefined;
  const put = single === undefined ? batch.put(bytes) : batch.putAgainst(bytes, single.recordId);
  return placed(input, bytes.length, contentId, [{ recordId: put.recordId, skip: 0, length: bytes.length }]);
}

function placeFirst(deps: StreamWriterDeps, batch: ChunkBatch, input: StreamInput, bytes: Uint8Array): PlaceResult {
  return placed(input, bytes.length, wholeId(deps.keys, bytes), cutAndPut(deps, batch, bytes));
}

function placed(input: StreamInput, sizeBytes: number, contentId: string, parts: readonly Part[]): PlaceResult {
  return { result: 'placed', stream: { name: input.name, kind: input.kind, sizeBytes, contentId, parts } };
}

function cutAndPut(deps: StreamWriterDeps, batch: ChunkBatch, bytes: Uint8Array): Part[] {
  if (bytes.length === 0) return [];
  const cuts = bytes.length <= SEGMENT_BYTES ? [bytes.length] : findCutPoints(bytes, deps.gear);
  let start = 0;
  return cuts.map((end) => {
    const part = { recordId: batch.put(bytes.subarray(start, end)).recordId, skip: 0, length: end - start };
    start = end;
    return part;
  });
}

/** The overlap that the source read anew must be the end of what the vault has. */
function continues(deps: StreamWriterDeps, earlier: StreamEntry, content: Extract<StreamContent, { type: 'appended' }>): boolean {
  if (content.fromByte !== earlier.sizeBytes) return false;
  const expected = Math.min(APPEND_OVERLAP_BYTES, earlier.sizeBytes);
  if (content.overlap.length !== expected) return false;
  return readStreamTail(deps.store, earlier, expected).equals(content.overlap);
}

interface Kept {
  readonly parts: readonly Part[];
  /** Bytes of the new content that the parts cover, from its beginning. */
  readonly bytes: number;
  /** Bytes of the old content before the parts. */
  readonly dropped: number;
}

/** How much of an append stream's old content is the beginning of the new one; null where nothing is. */
function keptPrefix(store: ChunkStore, bytes: Uint8Array, earlier: StreamEntry): Kept | null {
  return keptFrom(store, bytes, earlier.parts, 0);
}

/** Finds the old content of a ring in the new one: some of its head is gone, its end may have been redrawn. */
function keptRing(store: ChunkStore, bytes: Uint8Array, earlier: StreamEntry): Kept | null {
  const straight = keptFrom(store, bytes, earlier.parts, 0);
  if (straight !== null && straight.bytes > bytes.length / 2) return straight;
  const tail = readStreamTail(store, earlier, (ANCHOR_DISTANCES.at(-1) ?? 0) + ANCHOR_BYTES);
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const distance of ANCHOR_DISTANCES) {
    const anchorEnd = tail.length - distance;
    if (anchorEnd < ANCHOR_BYTES) break;
    const at = content.lastIndexOf(tail.subarray(anchorEnd - ANCHOR_BYTES, anchorEnd));
    if (at < 0) continue;
    // Old position minus new position of the same byte: what the ring dropped at its head.
    const dropped = earlier.sizeBytes - distance - ANCHOR_BYTES - at;
    if (dropped < 0) continue;
    const kept = keptFrom(store, bytes, earlier.parts, dropped);
    if (kept !== null && kept.bytes >= at) return kept;
  }
  return straight;
}

/** Walks the old parts from `dropped` bytes on along the new content as long as they are equal. */
function keptFrom(store: ChunkStore, bytes: Uint8Array, parts: readonly Part[], dropped: number): Kept | null {
  const kept: Part[] = [];
  let skipBytes = dropped;
  let at = 0;
  for (const part of parts) {
    if (skipBytes >= part.length) {
      skipBytes -= part.length;
      continue;
    }
    const rest: Part = { recordId: part.recordId, skip: part.skip + skipBytes, length: part.length - skipBytes };
    skipBytes = 0;
    const equal = equalBytes(store, bytes.subarray(at), part, rest);
    if (equal > 0) kept.push({ ...rest, length: equal });
    at += equal;
    if (equal < rest.length) break;
  }
  return at === 0 ? null : { parts: kept, bytes: at, dropped };
}

/** How many bytes of a part (or of its `rest`) the content begins with. */
function equalBytes(store: ChunkStore, content: Uint8Array, part: Part, rest: Part): number {
  const isWholePart = rest.skip === 0 && part.skip === 0 && content.length >= part.length;
  if (isWholePart && store.hasContent(part.recordId, content.subarray(0, part.length))) return part.length;
  const old = readPart(store, rest);
  const limit = Math.min(old.length, content.length);
  if (old.subarray(0, limit).equals(content.subarray(0, limit))) return limit;
  let equal = 0;
  while (equal < limit && old[equal] === content[equal]) equal += 1;
  return equal;
}

/** Id of a content given whole: the same for the same bytes, whenever they are seen. */
function wholeId(keys: KeyTree, bytes: Uint8Array): string {
  return keys.contentId(Buffer.from('whole'), bytes).toString('base64url');
}

/** Id of a stream that grew: the ids of growing streams are a chain, so that the old bytes need not be read. */
function extendedId(keys: KeyTree, earlierId: string, added: Uint8Array): string {
  return keys.contentId(Buffer.from(`extends ${earlierId}`), added).toString('base64url');
}

function contentIdOf(keys: KeyTree, earlierId: string, dropped: number, bytes: Uint8Array, rest: Uint8Array, earlierSize: number): string {
  const isPureGrowth = dropped === 0 && bytes.length - rest.length === earlierSize;
  return isPureGrowth ? extendedId(keys, earlierId, rest) : wholeId(keys, bytes);
}
