// Turns a captured stream into parts, storing only what is new (V10). What the vault already has is recognised by comparing bytes or
// by keyed ids, never by a length alone: a hint counts only after the bytes at the seam compare equal.

import { APPEND_OVERLAP_BYTES, type StreamContent, type StreamKind } from '../../../shared/model/item.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { Part, StreamEntry } from '../log/manifest.ts';
import type { ChunkBatch, ChunkStore } from './chunk-store.ts';
import { findCutPoints, type GearTable } from './fastcdc.ts';
import { joinSmallParts, MAX_SMALL_CHUNKS_AT_SAVE } from './join-parts.ts';
import { commonRun, matchBlocks } from './match-blocks.ts';
import { toBuffer, type RecentContents } from './recent-contents.ts';
import { readPart, readStreamContent, sliceParts } from './stream-reader.ts';

/** A blob up to this size is compared with its earlier version, so that only what was edited is stored. */
const COMPARED_BLOB_BYTES = 2 * 1024 * 1024;
/** An edited blob of more parts is stored whole again. */
const MAX_BLOB_PARTS = 32;
/** More new bytes than this share of a blob are stored as a new blob. */
const MAX_INSERTED_SHARE = 0.5;
/** New bytes up to this size are one chunk: an append or a ring's new tail. */
const SEGMENT_BYTES = 192 * 1024;
const ANCHOR_BYTES = 256;
/** Distances from the old end at which a ring is looked for in the new content: a redrawn screen changes the last bytes. */
const ANCHOR_DISTANCES = [0, 512, 2048, 8192, 32_768] as const;

export interface StreamWriterDeps {
  readonly keys: KeyTree;
  readonly store: ChunkStore;
  readonly gear: GearTable;
  readonly recent: RecentContents;
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
 * that snapshot's stream is the one the source knows. The content's bytes become the vault's.
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
      return placeGrowth(deps, batch, input, earlier, earlier.parts, content.bytes);
    }
    case 'whole': {
      const bytes = toBuffer(content.bytes);
      const isSameKind = earlier?.kind === input.kind;
      if (input.kind === 'blob') return placeBlob(deps, batch, input, bytes, isSameKind ? earlier : undefined);
      if (!isSameKind) return placeFirst(deps, batch, input, bytes);
      return input.kind === 'ring'
        ? placeRing(deps, batch, input, bytes, earlier)
        : placeTranscript(deps, batch, input, bytes, earlier);
    }
  }
}

/** A stream that kept all it had, or the beginning of it, and grew at its end. */
function placeGrowth(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  earlier: StreamEntry,
  kept: readonly Part[],
  added: Uint8Array,
): PlaceResult {
  const keptBytes = kept.reduce((sum, part) => sum + part.length, 0);
  const contentId =
    keptBytes === earlier.sizeBytes
      ? extendedId(deps.keys, earlier.contentId, added)
      : scrolledId(deps.keys, earlier.contentId, 0, keptBytes, added);
  const parts = [
    ...joinSmallParts(deps.store, batch, kept, MAX_SMALL_CHUNKS_AT_SAVE, null),
    ...cutAndPut(deps, batch, added).parts,
  ];
  if (added.length >= APPEND_OVERLAP_BYTES)
    deps.recent.replace(
      tailOf(earlier.contentId),
      tailOf(contentId),
      Uint8Array.from(added.subarray(-APPEND_OVERLAP_BYTES)),
    );
  return placed(input, keptBytes + added.length, contentId, parts);
}

/** A transcript given whole: as much of the old one as the new one begins with, told by keyed ids, then the rest. */
function placeTranscript(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  bytes: Buffer,
  earlier: StreamEntry,
): PlaceResult {
  const kept = keptPrefix(deps.store, bytes, earlier.parts);
  const keptBytes = kept.reduce((sum, part) => sum + part.length, 0);
  if (keptBytes === 0) return placeFirst(deps, batch, input, bytes);
  if (keptBytes === bytes.length && keptBytes === earlier.sizeBytes) return { result: 'unchanged' };
  return placeGrowth(deps, batch, input, earlier, kept, bytes.subarray(keptBytes));
}

/** A scrollback: what is left of the old one, wherever it begins, then what came after it. */
function placeRing(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  bytes: Buffer,
  earlier: StreamEntry,
): PlaceResult {
  const old = contentOf(deps, earlier);
  const { dropped, length } = findRing(old, bytes);
  if (length === 0) return placeFirst(deps, batch, input, bytes);
  if (length === bytes.length && length === old.length) {
    deps.recent.replace(earlier.contentId, earlier.contentId, bytes);
    return { result: 'unchanged' };
  }
  const rest = bytes.subarray(length);
  const contentId = scrolledId(deps.keys, earlier.contentId, dropped, length, rest);
  const left = sliceParts(earlier.parts, dropped, length);
  const kept = joinSmallParts(deps.store, batch, left, MAX_SMALL_CHUNKS_AT_SAVE, bytes);
  const parts = [...kept, ...cutAndPut(deps, batch, rest).parts];
  deps.recent.replace(earlier.contentId, contentId, bytes);
  return placed(input, bytes.length, contentId, parts);
}

function placeBlob(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  input: StreamInput,
  bytes: Buffer,
  earlier: StreamEntry | undefined,
): PlaceResult {
  const plainId = deps.keys.contentId(bytes);
  const contentId = wholeId(deps.keys, [plainId]);
  if (earlier?.contentId === contentId && earlier.sizeBytes === bytes.length) return { result: 'unchanged' };
  const parts =
    (earlier === undefined ? null : placeEdited(deps, batch, bytes, earlier)) ??
    cutAndPut(deps, batch, bytes, plainId).parts;
  // A first version is not remembered: most are never edited.
  if (earlier === undefined) batch.releaseWhenSealed(bytes);
  else deps.recent.replace(earlier.contentId, contentId, bytes);
  return placed(input, bytes.length, contentId, parts);
}

/** An edited blob as runs of its earlier version and one chunk of what is new; null where storing it whole is better. */
function placeEdited(deps: StreamWriterDeps, batch: ChunkBatch, bytes: Buffer, earlier: StreamEntry): Part[] | null {
  if (
    bytes.length === 0 ||
    earlier.sizeBytes === 0 ||
    Math.max(earlier.sizeBytes, bytes.length) > COMPARED_BLOB_BYTES ||
    earlier.parts.length > MAX_BLOB_PARTS
  )
    return null;
  const old = contentOf(deps, earlier);
  const operations = matchBlocks(old, bytes);
  const inserts = operations.filter((operation) => operation.type === 'insert');
  const insertedBytes = inserts.reduce((sum, insert) => sum + insert.end - insert.start, 0);
  if (insertedBytes > bytes.length * MAX_INSERTED_SHARE || operations.length > MAX_BLOB_PARTS) return null;
  const oldParts = joinSmallParts(deps.store, batch, earlier.parts, MAX_SMALL_CHUNKS_AT_SAVE, old);
  const added =
    insertedBytes === 0
      ? 0
      : batch.put(Buffer.concat(inserts.map((insert) => bytes.subarray(insert.start, insert.end)))).recordId;
  let skip = 0;
  return operations.flatMap((operation): Part[] => {
    if (operation.type === 'copy') return sliceParts(oldParts, operation.from, operation.length);
    const part = { recordId: added, skip, length: operation.end - operation.start };
    skip += part.length;
    return [part];
  });
}

function placeFirst(deps: StreamWriterDeps, batch: ChunkBatch, input: StreamInput, bytes: Uint8Array): PlaceResult {
  const { parts, contentIds } = cutAndPut(deps, batch, bytes);
  batch.releaseWhenSealed(bytes);
  return placed(input, bytes.length, wholeId(deps.keys, contentIds), parts);
}

function placed(input: StreamInput, sizeBytes: number, contentId: string, parts: readonly Part[]): PlaceResult {
  return { result: 'placed', stream: { name: input.name, kind: input.kind, sizeBytes, contentId, parts } };
}

/** Stores content in chunks of a good size. `plainId` is its keyed id, where that is known already. */
function cutAndPut(
  deps: StreamWriterDeps,
  batch: ChunkBatch,
  bytes: Uint8Array,
  plainId?: Buffer,
): { readonly parts: Part[]; readonly contentIds: Buffer[] } {
  const parts: Part[] = [];
  const contentIds: Buffer[] = [];
  const cuts = bytes.length <= SEGMENT_BYTES ? [bytes.length] : findCutPoints(bytes, deps.gear);
  let start = 0;
  for (const end of cuts) {
    if (end === start) continue;
    const isAll = end - start === bytes.length;
    const { recordId, contentId } = batch.put(bytes.subarray(start, end), isAll ? plainId : undefined);
    parts.push({ recordId, skip: 0, length: end - start });
    contentIds.push(contentId);
    start = end;
  }
  return { parts, contentIds };
}

function contentOf(deps: StreamWriterDeps, stream: StreamEntry): Buffer {
  const recent = deps.recent.get(stream.contentId);
  return recent?.length === stream.sizeBytes ? recent : toBuffer(readStreamContent(deps.store, stream));
}

/** Under which the end of a growing content is remembered, in place of the content. */
function tailOf(contentId: string): string {
  return `end of ${contentId}`;
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
  const end =
    deps.recent.get(tailOf(earlier.contentId)) ??
    readRun(deps.store, earlier.parts, earlier.sizeBytes - expected, expected);
  return end.length === expected && end.equals(content.overlap);
}

/** Where the old content stands in the new one: some of its head is gone, its end may have been redrawn. */
function findRing(old: Buffer, bytes: Buffer): { readonly dropped: number; readonly length: number } {
  for (const distance of ANCHOR_DISTANCES) {
    const anchorStart = old.length - distance - ANCHOR_BYTES;
    if (anchorStart < 0) break;
    const at = bytes.lastIndexOf(old.subarray(anchorStart, anchorStart + ANCHOR_BYTES));
    // Old position minus new position of the same byte: what the ring dropped at its head.
    const dropped = anchorStart - at;
    if (at < 0 || dropped < 0) continue;
    const length = commonRun(old, dropped, bytes, 0, Math.min(old.length - dropped, bytes.length));
    if (length >= at) return { dropped, length };
  }
  return { dropped: 0, length: commonRun(old, 0, bytes, 0, Math.min(old.length, bytes.length)) };
}

function readRun(store: ChunkStore, parts: readonly Part[], start: number, length: number): Buffer {
  return Buffer.concat(sliceParts(parts, start, length).map((part) => readPart(store, part)));
}

/** The parts, or the beginning of them, that the content begins with. */
function keptPrefix(store: ChunkStore, bytes: Buffer, parts: readonly Part[]): Part[] {
  const kept: Part[] = [];
  let at = 0;
  for (const part of parts) {
    const equal = equalBytes(store, bytes, at, part);
    if (equal > 0) kept.push({ ...part, length: equal });
    at += equal;
    if (equal < part.length) break;
  }
  return kept;
}

/** How many bytes of a part stand in the content from `at` on. */
function equalBytes(store: ChunkStore, bytes: Buffer, at: number, part: Part): number {
  const limit = Math.min(part.length, bytes.length - at);
  if (limit === part.length && part.skip === 0 && store.hasContent(part.recordId, bytes.subarray(at, at + limit)))
    return limit;
  return commonRun(readPart(store, part), 0, bytes, at, limit);
}

/** Id of a content from the keyed ids of what it was cut into: the same for the same bytes, whenever they are seen first. */
function wholeId(keys: KeyTree, contentIds: readonly Buffer[]): string {
  return keys.contentId(Buffer.from('whole'), ...contentIds).toString('base64url');
}

/** Id of a stream that grew: the ids of growing streams are a chain, so that the old bytes need not be read. */
function extendedId(keys: KeyTree, earlierId: string, added: Uint8Array): string {
  return keys.contentId(Buffer.from(`extends ${earlierId}`), added).toString('base64url');
}

/** A ring that scrolled is told by what it dropped and what came: hashing all of it at every capture would cost more than storing it. */
function scrolledId(keys: KeyTree, earlierId: string, dropped: number, keptBytes: number, rest: Uint8Array): string {
  return keys.contentId(Buffer.from(`scrolls ${earlierId} ${dropped} ${keptBytes}`), rest).toString('base64url');
}
