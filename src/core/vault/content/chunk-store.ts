// Chunks: content stored once, by keyed id (V9). Reading opens and decodes; writing goes through a batch, which seals in memory
// and is inserted in the transaction of its snapshot.

import { BOX_KINDS, type BoxHeader } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { damaged } from '../errors.ts';
import type { ChunkFacts, ChunkReader, ChunkWriter } from '../tables/chunks.ts';
import { ChunkCache } from './chunk-cache.ts';
import { decodeContent, encodeContent, encodeContentSync, LEVEL_BULK } from './codec.ts';
import { MAX_CHUNK_BYTES } from './fastcdc.ts';

/** The most that one chunk's content may hold. */
export const MAX_CONTENT_BYTES = 2 * MAX_CHUNK_BYTES;
/** From this much new content on, speed counts more than the last percent of size, and the thread pool helps. */
const BULK_BYTES = 2 * 1024 * 1024;
const POOL_MIN_BYTES = 16 * 1024;
const REMEMBERED_CONTENT_BYTES = 32 * 1024;
/** Enough to keep the pool busy; more would only hold memory. */
const MAX_CONCURRENT_ENCODINGS = 4;
const MAX_REMEMBERED_SIZES = 50_000;

export class ChunkStore {
  readonly #keys: KeyTree;
  readonly #table: ChunkReader;
  readonly #cache = new ChunkCache();
  readonly #storedBytes = new Map<number, number>();
  #heal: (recordId: number) => Buffer | null = () => null;

  constructor(keys: KeyTree, table: ChunkReader) {
    this.#keys = keys;
    this.#table = table;
  }

  /** The same as `read`, for chunks that are likely to be wanted again soon. */
  readCached(recordId: number): Buffer {
    const cached = this.#cache.get(recordId);
    if (cached !== undefined) return cached;
    const content = this.read(recordId);
    this.#cache.set(recordId, content);
    return content;
  }

  /** Tells how to get a box back that is damaged: from its parity group (V17a). What comes back is authenticated like any box. */
  healWith(heal: (recordId: number) => Buffer | null): void {
    this.#heal = heal;
  }

  /** @throws AppError VAULT_DAMAGED where the chunk is missing or does not authenticate, and cannot be rebuilt */
  read(recordId: number): Buffer {
    const box = this.#table.readBox(recordId);
    const opened =
      (box === undefined ? null : this.#keys.open(BOX_KINDS.chunk, recordId, box)) ?? this.#openHealed(recordId);
    if (opened === null) throw damaged(`chunk ${recordId} is missing or does not authenticate`);
    return decodeChunkPayload(opened.header, opened.payload);
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
    if (content !== null) this.#cache.set(recordId, Buffer.from(content));
  }

  /** True where the chunk's content is these bytes, judged by its keyed id. */
  hasContent(recordId: number, content: Uint8Array): boolean {
    return this.#table.readContentId(recordId)?.equals(this.#keys.contentId(content)) ?? false;
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
}

/** The new chunks of one save: numbered at once, sealed in memory, inserted by `insertInto` within the save's transaction. */
export class ChunkBatch {
  readonly #keys: KeyTree;
  readonly #store: ChunkStore;
  readonly #pending = new Map<string, PendingChunk>();
  readonly #byRecord = new Map<number, PendingChunk>();
  readonly #queue: { readonly chunk: PendingChunk; readonly content: Uint8Array }[] = [];
  readonly #runners: Promise<void>[] = [];
  #nextRecordId: number;
  #rawBytes = 0;

  /** @param nextRecordId the first record number that may be used */
  constructor(keys: KeyTree, store: ChunkStore, nextRecordId: number) {
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
    const known = this.#pending.get(index)?.recordId ?? this.#store.find(contentId)?.recordId;
    if (known !== undefined) return { recordId: known, contentId };
    const isSmall = content.length <= REMEMBERED_CONTENT_BYTES;
    const chunk: PendingChunk = {
      recordId: this.takeRecordId(),
      contentId,
      box: null,
      content: isSmall ? content : null,
    };
    this.#pending.set(index, chunk);
    this.#byRecord.set(chunk.recordId, chunk);
    this.#rawBytes += content.length;
    const isBulk = this.#rawBytes > BULK_BYTES;
    if (isBulk && content.length >= POOL_MIN_BYTES) this.#enqueue(chunk, content);
    else this.#seal(chunk, encodeContentSync(content, LEVEL_BULK));
    return { recordId: chunk.recordId, contentId };
  }

  /** What a chunk takes in the file, of this batch or stored before. Known after `settle`. */
  storedBytes(recordId: number): number {
    return this.#byRecord.get(recordId)?.box?.length ?? this.#store.storedBytes(recordId);
  }

  /** Resolves when everything put so far is sealed. */
  async settle(): Promise<void> {
    await Promise.all(this.#runners);
    this.#runners.length = 0;
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
    for (const { recordId, contentId, box } of this.#pending.values()) {
      if (box === null) throw new RangeError('a chunk was inserted before it was sealed');
      table.insert({ recordId, contentId, box });
    }
  }

  /** Call after the commit. */
  rememberIn(store: ChunkStore): void {
    const isBulk = this.#rawBytes > BULK_BYTES;
    for (const { recordId, box, content } of this.#pending.values())
      store.remember(recordId, box?.length ?? 0, isBulk ? null : content);
  }

  #enqueue(chunk: PendingChunk, content: Uint8Array): void {
    this.#queue.push({ chunk, content });
    if (this.#runners.length < MAX_CONCURRENT_ENCODINGS) this.#runners.push(this.#run());
  }

  async #run(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#seal(next.chunk, await encodeContent(next.content, LEVEL_BULK));
    }
  }

  #seal(chunk: PendingChunk, { codec, payload }: ReturnType<typeof encodeContentSync>): void {
    chunk.box = this.#keys.seal(BOX_KINDS.chunk, codec, chunk.recordId, payload);
  }
}
