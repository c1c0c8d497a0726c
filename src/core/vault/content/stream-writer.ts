// Turns a captured stream into parts, storing only what is new (V10). What the vault already has is recognised by keyed ids, never
// by a length alone: a hint counts only after the bytes at the seam compare equal.

import { APPEND_OVERLAP_BYTES, type StreamContent, type StreamKind } from '../../../shared/model/item.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { Part, StreamEntry } from '../log/manifest.ts';
import type { ChunkBatch, ChunkStore } from './chunk-store.ts';
import { findCutPoints, type GearTable } from './fastcdc.ts';
import { commonPrefix, matchBlocks } from './match-blocks.ts';
import { readPart, readStreamContent, sliceParts } from './stream-reader.ts';

/** A blob up to this size is compared with its earlier version, so that only what was edited is stored. */
const COMPARED_BLOB_BYTES = 2 * 1024 * 1024;
/** An edited blob of more parts is stored whole again. */
const MAX_BLOB_PARTS = 24;
/** More new bytes than this share of a blob are stored as a new blob. */
const MAX_INSERTED_SHARE = 0.5;
/** A stream that lies in more small chunks than this has them joined: each costs a seal and a look-up to read. */
const MAX_SMALL_CHUNKS = 24;
const SMALL_CHUNK_BYTES = 12 * 1024;
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
      return placed(
        input,
        earlier.sizeBytes + content.bytes.length,
        extendedId(deps.keys, earlier.contentId, content.bytes),
        [...joinSmallParts(deps, batch, earlier.parts), ...added],
      );
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
  const isGrowth = kept.dropped === 0 && kept.bytes === earlier.sizeBytes;
  const contentId = isGrowth
    ? extendedId(deps.keys, earlier.contentId, rest)
    : scrolledId(deps.keys, earlier.contentId, kept.dropped, kept.bytes, rest);
  return placed(input, bytes.length, contentId, [
    ...joinSmallParts(deps, batch, kept.parts),
    ...cutAndPut(deps, batch, rest),
  ]);
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
  const edited = earlier === undefined || bytes.length === 0 ? null : placeEdited(deps, batch, bytes, earlier);
  return placed(input, bytes.length, contentId, edited ?? cutAndPut(deps, batch, bytes));
}

/** An edited blob as runs of its earlier version and one chunk of what is new; null where storing it whole is better. */
function placeEdited(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  bytes: Uint8Array,
  earlier: StreamEntry,
): Part[] | null {
  if (
    earlier.sizeBytes === 0 ||
    Math.max(earlier.sizeBytes, bytes.length) > COMPARED_BLOB_BYTES ||
    earlier.parts.length > MAX_BLOB_PARTS
  )
    return null;
  const old = readStreamContent(deps.store, earlier, true);
  const oldParts = joinSmallParts(deps, batch, earlier.parts);
  const operations = matchBlocks(old, bytes);
  const inserts = operations.filter((operation) => operation.type === 'insert');
  const insertedBytes = inserts.reduce((sum, insert) => sum + insert.end - insert.start, 0);
  if (insertedBytes > bytes.length * MAX_INSERTED_SHARE || operations.length > MAX_BLOB_PARTS) return null;
  const added =
    insertedBytes === 0
      ? 0
      : batch.put(Buffer.concat(inserts.map((insert) => bytes.subarray(insert.start, insert.end))));
  let skip = 0;
  return operations.flatMap((operation): Part[] => {
    if (operation.type === 'copy') return sliceParts(oldParts, operation.from, operation.length);
    const part = { recordId: added, skip, length: operation.end - operation.start };
    skip += part.length;
    return [part];
  });
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
    const part = { recordId: batch.put(bytes.subarray(start, end)), skip: 0, length: end - start };
    start = end;
    return part;
  });
}

/** Many captures of little growth leave many small chunks: from time to time their used parts are joined in one. */
function joinSmallParts(deps: StreamWriterDeps, batch: ChunkBatch, parts: readonly Part[]): readonly Part[] {
  const ids = new Set(
    parts.map((part) => part.recordId).filter((recordId) => deps.store.storedBytes(recordId) <= SMALL_CHUNK_BYTES),
  );
  if (ids.size <= MAX_SMALL_CHUNKS) return parts;
  const small = parts.filter((part) => ids.has(part.recordId));
  const joined = batch.put(Buffer.concat(small.map((part) => readPart(deps.store, part))));
  let skip = 0;
  const moved = parts.map((part): Part => {
    if (!ids.has(part.recordId)) return part;
    const at = { recordId: joined, skip, length: part.length };
    skip += part.length;
    return at;
  });
  return joinNeighbours(moved);
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

/** The overlap that the source read anew must be the end of what the vault has. */
function continues(
  deps: StreamWriterDeps,
  earlier: StreamEntry,
  content: Extract<StreamContent, { type: 'appended' }>,
): boolean {
  if (content.fromByte !== earlier.sizeBytes) return false;
  const expected = Math.min(APPEND_OVERLAP_BYTES, earlier.sizeBytes);
  if (content.overlap.length !== expected) return false;
  return readRun(deps.store, earlier.parts, earlier.sizeBytes - expected, expected).equals(content.overlap);
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
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const distance of ANCHOR_DISTANCES) {
    const anchorEnd = earlier.sizeBytes - distance;
    if (anchorEnd < ANCHOR_BYTES) break;
    const anchor = readRun(store, earlier.parts, anchorEnd - ANCHOR_BYTES, ANCHOR_BYTES);
    const at = content.lastIndexOf(anchor);
    // Old position minus new position of the same byte: what the ring dropped at its head.
    const dropped = anchorEnd - ANCHOR_BYTES - at;
    if (at < 0 || dropped < 0) continue;
    const kept = keptFrom(store, bytes, earlier.parts, dropped);
    if (kept !== null && kept.bytes >= at) return kept;
  }
  return keptFrom(store, bytes, earlier.parts, 0);
}

function readRun(store: ChunkStore, parts: readonly Part[], start: number, length: number): Buffer {
  return Buffer.concat(sliceParts(parts, start, length).map((part) => readPart(store, part)));
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
  return commonPrefix(old, content);
}

/** Id of a content given whole: the same for the same bytes, whenever they are seen. */
function wholeId(keys: KeyTree, bytes: Uint8Array): string {
  return keys.contentId(Buffer.from('whole'), bytes).toString('base64url');
}

/** Id of a stream that grew: the ids of growing streams are a chain, so that the old bytes need not be read. */
function extendedId(keys: KeyTree, earlierId: string, added: Uint8Array): string {
  return keys.contentId(Buffer.from(`extends ${earlierId}`), added).toString('base64url');
}

/** A ring that scrolled is told by what it dropped and what came: hashing all of it at every capture would cost more than storing it. */
function scrolledId(keys: KeyTree, earlierId: string, dropped: number, keptBytes: number, rest: Uint8Array): string {
  return keys.contentId(Buffer.from(`scrolls ${earlierId} ${dropped} ${keptBytes}`), rest).toString('base64url');
}
