// Chunks: content stored once, by keyed id (V9). Reading opens and decodes; writing goes through a batch, which seals in memory
// and is inserted in the transaction of its snapshot.

import { setImmediate } from 'node:timers/promises';

import { AppError } from '../../../shared/model/app-error.ts';
import { BOX_CODECS, BOX_KINDS, type BoxHeader } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { damaged } from '../errors.ts';
import type { ChunkFacts, ChunkReader, ChunkWriter } from '../tables/chunks.ts';
import { ChunkCache } from './chunk-cache.ts';
import type { CodecHelper } from './codec-helper.ts';
import { decodeContent, encodeContent, LEVEL_BULK, type Encoded } from './codec.ts';
import { DecodeQueue, useContent, type ContentUse } from './decode-queue.ts';
import { MAX_CHUNK_BYTES } from './fastcdc.ts';
import { release, releaseOwner } from '../../../shared/memory/release.ts';

/** The most that one chunk's content may hold. */
export const MAX_CONTENT_BYTES = 2 * MAX_CHUNK_BYTES;
/** From this much new content on the helper thread takes part. */
const BULK_BYTES = 2 * 1024 * 1024;
/** What the helper gets at a time, and at most: what is on its way is in memory twice. */
const HELPER_BATCH_BYTES = 1024 * 1024;
const MAX_HELPER_BYTES = 4 * 1024 * 1024;
/** After so much new content what the helper has done is taken in. */
const TURN_BYTES = 2 * 1024 * 1024;
const REMEMBERED_CONTENT_BYTES = 32 * 1024;
const MAX_REMEMBERED_SIZES = 50_000;

export class ChunkStore {
  readonly #keys: KeyTree;
  readonly #table: ChunkReader;
  readonly #cache = new ChunkCache();
  readonly #decodes: DecodeQueue;
  readonly #storedBytes = new Map<number, number>();
  /** Chunks that were found damaged in this run, and those whose box was opened to see that it is not. */
  readonly #damaged = new Set<number>();
  readonly #whole = new Set<number>();
  #heal: (recordId: number) => Buffer | null = () => null;

  constructor(keys: KeyTree, table: ChunkReader, helper: CodecHelper) {
    this.#keys = keys;
    this.#table = table;
    this.#decodes = new DecodeQueue(helper, MAX_CONTENT_BYTES);
  }

  /** The same as `read`, for chunks that are likely to be wanted again soon. */
  readCached(recordId: number): Buffer {
    const cached = this.#cache.get(recordId);
    if (cached !== undefined) return cached;
    const content = this.read(recordId);
    this.#cache.set(recordId, content);
    return content;
  }

  /** The same as `read`, for what is looked at once: what is in memory is used, and nothing else driven out of it. */
  readOnce(recordId: number): Buffer {
    return this.#cache.get(recordId) ?? this.read(recordId);
  }

  /** The same, and whether the caller alone has it, so that it may be released. */
  readOwned(recordId: number): { readonly content: Buffer; readonly isOwn: boolean } {
    const cached = this.#cache.get(recordId);
    return cached === undefined ? { content: this.read(recordId), isOwn: true } : { content: cached, isOwn: false };
  }

  /** Lets go of the contents and sizes in memory; they are read again where they are wanted. */
  forgetContents(): void {
    this.#cache.clear();
    this.#storedBytes.clear();
  }

  /** Tells how to get a box back that is damaged: from its parity group (V17a). What comes back is authenticated like any box. */
  healWith(heal: (recordId: number) => Buffer | null): void {
    this.#heal = heal;
  }

  /** @throws AppError VAULT_DAMAGED where the chunk is missing or does not authenticate, and cannot be rebuilt */
  read(recordId: number): Buffer {
    const { header, payload } = this.#open(recordId);
    const content = decodeChunkPayload(header, payload);
    if (content !== payload) releaseOwner(payload);
    return content;
  }

  /** The same as `read`, for many at a time: the helper thread takes part. The memory is gone after `use`. */
  async readOneOfMany(recordId: number, use: ContentUse): Promise<void> {
    const { header, payload } = this.#open(recordId);
    if (header.codec === BOX_CODECS.raw) {
      useContent(use, payload);
      return;
    }
    try {
      await this.#decodes.decode(payload, use);
    } catch (error) {
      const isOfFile = error instanceof Error && 'syscall' in error;
      throw error instanceof AppError || isOfFile ? error : damaged(`chunk ${recordId} does not decode`);
    }
  }

  #open(recordId: number): { readonly header: BoxHeader; readonly payload: Buffer } {
    const box = this.#table.readBox(recordId);
    const opened = box === undefined ? null : this.#keys.open(BOX_KINDS.chunk, recordId, box);
    if (box !== undefined) release(box);
    if (opened === null) this.noteDamaged(recordId);
    const healed = opened ?? this.#openHealed(recordId);
    if (healed === null) throw damaged(`chunk ${recordId} is missing or does not authenticate`);
    return healed;
  }

  /** Notes that a chunk does not authenticate: it is stored anew when its content comes again (V17a). */
  noteDamaged(recordId: number): void {
    this.#damaged.add(recordId);
    this.#whole.delete(recordId);
  }

  /** True where the chunk was found damaged in this run and was not stored anew since. */
  isDamaged(recordId: number): boolean {
    return this.#damaged.has(recordId);
  }

  /** True where the chunk authenticates; opened once a run. */
  isWhole(recordId: number): boolean {
    if (this.#whole.has(recordId)) return true;
    if (this.#damaged.has(recordId)) return false;
    const box = this.readWholeBox(recordId);
    if (box !== undefined) release(box);
    return box !== undefined;
  }

  /** The box as it is stored, which is the caller's then; undefined where it is missing or does not authenticate. */
  readWholeBox(recordId: number): Buffer | undefined {
    const box = this.#damaged.has(recordId) ? undefined : this.#table.readBox(recordId);
    if (box !== undefined && this.#whole.has(recordId)) return box;
    if (box === undefined || !this.#keys.isWhole(BOX_KINDS.chunk, recordId, box)) {
      this.noteDamaged(recordId);
      return undefined;
    }
    this.#noteWhole(recordId);
    return box;
  }

  find(contentId: Uint8Array): ChunkFacts | undefined {
    return this.#table.findByContent(contentId);
  }

  facts(recordId: number): ChunkFacts | undefined {
    return this.#table.readFacts(recordId);
  }

  /** What a chunk takes in the file; 0 where it is missing. Remembered, since it never changes. */
  storedBytes(recordId: number): number {
    const known = this.#storedBytes.get(recordId);
    if (known !== undefined) return known;
    const bytes = this.facts(recordId)?.storedBytes ?? 0;
    if (this.#storedBytes.size >= MAX_REMEMBERED_SIZES) this.#storedBytes.clear();
    if (bytes > 0) this.#storedBytes.set(recordId, bytes);
    return bytes;
  }

  /** Notes what a commit has just stored: its size, and small contents, which are likely to be wanted again soon. */
  remember(recordId: number, storedBytes: number, content: Uint8Array | null): void {
    if (this.#storedBytes.size >= MAX_REMEMBERED_SIZES) this.#storedBytes.clear();
    this.#storedBytes.set(recordId, storedBytes);
    this.#damaged.delete(recordId);
    this.#noteWhole(recordId);
    if (content !== null) this.#cache.set(recordId, Buffer.from(content));
  }

  /** True where the chunk's content is these bytes, judged by its keyed id. */
  hasContent(recordId: number, content: Uint8Array): boolean {
    return this.#table.readContentId(recordId)?.equals(this.#keys.contentId(content)) ?? false;
  }

  #noteWhole(recordId: number): void {
    if (this.#whole.size >= MAX_REMEMBERED_SIZES) this.#whole.clear();
    this.#whole.add(recordId);
  }

  #openHealed(recordId: number): ReturnType<KeyTree['open']> {
    const box = this.#heal(recordId);
    return box === null ? null : this.#keys.open(BOX_KINDS.chunk, recordId, box);
  }
}

/** Decodes an opened chunk. @throws AppError VAULT_DAMAGED */
export function decodeChunkPayload(header: BoxHeader, payload: Buffer): Buffer {
  try {
    return decodeContent(header.codec, payload, MAX_CONTENT_BYTES);
  } catch {
    throw damaged(`chunk ${header.recordId} does not decode`);
  }
}

interface PendingChunk {
  readonly recordId: number;
  readonly contentId: Buffer;
  box: Buffer | null;
  /** Kept until the commit where it is small. */
  readonly content: Uint8Array | null;
  /** The chunk is stored, and damaged: its box is replaced. */
  readonly isReplacement: boolean;
}

interface Uncompressed {
  readonly chunk: PendingChunk;
  readonly content: Uint8Array;
  readonly sizeBytes: number;
}

/** The new chunks of one save: numbered at once, sealed in memory, inserted by `insertInto` within the save's transaction. */
export class ChunkBatch {
  readonly #keys: KeyTree;
  readonly #store: ChunkStore;
  readonly #pending = new Map<string, PendingChunk>();
  readonly #byRecord = new Map<number, PendingChunk>();
  readonly #helper: CodecHelper;
  readonly #queue: Uncompressed[] = [];
  #queuedBytes = 0;
  readonly #helped = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  #helpedBytes = 0;
  #turnBytes = 0;
  /** How many contents of a buffer wait to be sealed, and the buffers that are to be freed after their last one. */
  readonly #unsealed = new Map<ArrayBufferLike, number>();
  readonly #releasable = new Set<ArrayBufferLike>();
  #nextRecordId: number;
  #rawBytes = 0;

  /** @param nextRecordId the first record number that may be used */
  constructor(keys: KeyTree, store: ChunkStore, helper: CodecHelper, nextRecordId: number) {
    this.#helper = helper;
    this.#keys = keys;
    this.#store = store;
    this.#nextRecordId = nextRecordId;
  }

  get nextRecordId(): number {
    return this.#nextRecordId;
  }

  takeRecordId(): number {
    const recordId = this.#nextRecordId;
    this.#nextRecordId += 1;
    return recordId;
  }

  /**
   * Stores content, or finds it stored; gives its record number and keyed id. The bytes must not change before the commit.
   * @param knownId the content's keyed id, where that is known already
   */
  put(content: Uint8Array, knownId?: Buffer): { readonly recordId: number; readonly contentId: Buffer } {
    if (content.length > MAX_CONTENT_BYTES) throw new RangeError('a chunk would hold more than it may');
    const contentId = knownId ?? this.#keys.contentId(content);
    const index = contentId.toString('latin1');
    const pending = this.#pending.get(index)?.recordId;
    if (pending !== undefined) return { recordId: pending, contentId };
    const stored = this.#store.find(contentId)?.recordId;
    if (stored !== undefined && this.#store.isWhole(stored)) return { recordId: stored, contentId };
    const isSmall = content.length <= REMEMBERED_CONTENT_BYTES;
    const chunk: PendingChunk = {
      recordId: stored ?? this.takeRecordId(),
      contentId,
      box: null,
      content: isSmall ? content : null,
      isReplacement: stored !== undefined,
    };
    this.#pending.set(index, chunk);
    this.#byRecord.set(chunk.recordId, chunk);
    this.#rawBytes += content.length;
    if (this.#rawBytes > BULK_BYTES) this.#enqueue({ chunk, content, sizeBytes: content.length });
    else this.#seal(chunk, encodeContent(content, LEVEL_BULK));
    return { recordId: chunk.recordId, contentId };
  }

  /** What a chunk takes in the file, of this batch or stored before. Known after `settle`. */
  storedBytes(recordId: number): number {
    return this.#byRecord.get(recordId)?.box?.length ?? this.#store.storedBytes(recordId);
  }

  /** True from time to time while much is put: then `takeTurn`. */
  get isTurnDue(): boolean {
    return this.#turnBytes > TURN_BYTES;
  }

  /** Takes in what the helper has done, and gives it more. */
  async takeTurn(): Promise<void> {
    this.#turnBytes = 0;
    await setImmediate();
    this.#fillHelper();
  }

  /** Says that bytes which were put are of no further use: their memory is freed when they are sealed. */
  releaseWhenSealed(content: Uint8Array): void {
    const isAll = content.byteLength === content.buffer.byteLength;
    if (isAll && this.#unsealed.has(content.buffer)) this.#releasable.add(content.buffer);
  }

  /** Resolves when everything put so far is sealed. This thread works from one end of what is left, the helper from the other. */
  async settle(): Promise<void> {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.#queuedBytes -= next.sizeBytes;
      this.#sealQueued(next, encodeContent(next.content, LEVEL_BULK));
      await setImmediate(); // what the helper has done comes in
      this.#fillHelper();
    }
    await Promise.all(this.#helped);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Leaves out chunks that no stream needs after all. */
  keepOnly(needed: ReadonlySet<number>): void {
    for (const [id, chunk] of this.#pending) {
      if (needed.has(chunk.recordId)) continue;
      this.#pending.delete(id);
      this.#byRecord.delete(chunk.recordId);
    }
  }

  /** Bytes of all boxes of the batch. Call after `settle`. */
  get totalBytes(): number {
    let total = 0;
    for (const chunk of this.#pending.values()) total += chunk.box?.length ?? 0;
    return total;
  }

  insertInto(table: ChunkWriter): void {
    for (const { recordId, contentId, box, isReplacement } of this.#pending.values()) {
      if (box === null) throw new RangeError('a chunk was inserted before it was sealed');
      if (isReplacement) table.replaceBox(recordId, box);
      else table.insert({ recordId, contentId, box });
    }
  }

  /** The damaged chunks that this batch stores anew. */
  replacedRecordIds(): number[] {
    return [...this.#pending.values()].filter((chunk) => chunk.isReplacement).map(({ recordId }) => recordId);
  }

  /** Call after the commit. */
  rememberIn(store: ChunkStore): void {
    const isBulk = this.#rawBytes > BULK_BYTES;
    for (const { recordId, box, content } of this.#pending.values()) {
      store.remember(recordId, box?.length ?? 0, isBulk ? null : content);
      if (isBulk && box !== null) release(box);
    }
  }

  #enqueue(queued: Uncompressed): void {
    const { buffer } = queued.content;
    this.#unsealed.set(buffer, (this.#unsealed.get(buffer) ?? 0) + 1);
    this.#queue.push(queued);
    this.#queuedBytes += queued.sizeBytes;
    this.#turnBytes += queued.sizeBytes;
    this.#fillHelper();
  }

  #fillHelper(): void {
    while (this.#queuedBytes >= HELPER_BATCH_BYTES && this.#helpedBytes < MAX_HELPER_BYTES) {
      // A failure is kept for `settle`: nobody waits here.
      const work = this.#callHelper()
        .catch((error: unknown) => {
          this.#failures.push(error);
        })
        .finally(() => this.#helped.delete(work));
      this.#helped.add(work);
    }
  }

  async #callHelper(): Promise<void> {
    const batch: Uncompressed[] = [];
    let bytes = 0;
    while (bytes < HELPER_BATCH_BYTES) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      bytes += next.sizeBytes;
      batch.push(next);
    }
    this.#queuedBytes -= bytes;
    this.#helpedBytes += bytes;
    const isDone = await this.#helper.encode(
      batch.map(({ content }) => content),
      LEVEL_BULK,
      (encoded, index) => this.#sealQueued(batch[index], encoded),
    );
    this.#helpedBytes -= bytes;
    if (!isDone) for (const queued of batch) this.#sealQueued(queued, encodeContent(queued.content, LEVEL_BULK));
  }

  #sealQueued(queued: Uncompressed | undefined, encoded: Encoded): void {
    if (queued === undefined) return;
    const { chunk, content, sizeBytes } = queued;
    // Memory that was given back reads as nothing: nothing must never be stored for something.
    if (content.length !== sizeBytes) throw new RangeError('content was released before it was sealed');
    this.#seal(chunk, encoded);
    const { buffer } = content;
    const left = (this.#unsealed.get(buffer) ?? 1) - 1;
    if (left > 0) {
      this.#unsealed.set(buffer, left);
      return;
    }
    this.#unsealed.delete(buffer);
    if (this.#releasable.delete(buffer) && buffer instanceof ArrayBuffer) release(new Uint8Array(buffer));
  }

  #seal(chunk: PendingChunk, { codec, payload }: Encoded): void {
    chunk.box = this.#keys.seal(BOX_KINDS.chunk, codec, chunk.recordId, payload);
  }
}
