// Chunks: content stored once, by keyed id (V9). Reading opens and decodes; writing goes through a batch, which seals in memory
// and is inserted in the transaction of its snapshot.

import { BOX_CODECS, BOX_KINDS, parseBoxHeader, type BoxHeader } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { damaged } from '../errors.ts';
import type { ChunkFacts, ChunkReader, ChunkRow, ChunkWriter } from '../tables/chunks.ts';
import { decodeContent, decodeContentAsync, encodeContent, encodeDelta, LEVEL_BULK, LEVEL_NORMAL } from './codec.ts';
import { MAX_CHUNK_BYTES } from './fastcdc.ts';

/** The most that one chunk's content may hold. */
export const MAX_CONTENT_BYTES = 2 * MAX_CHUNK_BYTES;
/** From this much new content on, speed counts more than the last percent of size. */
const BULK_BYTES = 4 * 1024 * 1024;
/** A difference is worth its dependency only if it is under half of what its base takes. */
const DELTA_SHARE = 0.5;
const DELTA_PREFIX_BYTES = 8;

export class ChunkStore {
  readonly #keys: KeyTree;
  readonly #table: ChunkReader;

  constructor(keys: KeyTree, table: ChunkReader) {
    this.#keys = keys;
    this.#table = table;
  }

  /** @throws AppError VAULT_DAMAGED where the chunk is missing or does not authenticate */
  read(recordId: number): Buffer {
    const opened = this.#open(recordId);
    if (opened.header.codec !== BOX_CODECS.zstdDelta) return decode(opened.header, opened.payload, recordId);
    return this.#decodeDelta(recordId, opened.payload);
  }

  /** The same; larger chunks are decompressed in the thread pool. */
  async readAsync(recordId: number): Promise<Buffer> {
    const opened = this.#open(recordId);
    if (opened.header.codec === BOX_CODECS.zstdDelta) return this.#decodeDelta(recordId, opened.payload);
    try {
      return await decodeContentAsync(opened.header.codec, opened.payload, MAX_CONTENT_BYTES);
    } catch {
      throw damaged(`chunk ${recordId} does not decode`);
    }
  }

  find(contentId: Uint8Array): ChunkFacts | undefined {
    return this.#table.findByContent(contentId);
  }

  facts(recordId: number): ChunkFacts | undefined {
    return this.#table.readFacts(recordId);
  }

  /** True where the chunk's content is these bytes, judged by its keyed id. */
  hasContent(recordId: number, content: Uint8Array): boolean {
    return this.#table.readContentId(recordId)?.equals(this.#keys.contentId(content)) ?? false;
  }

  #open(recordId: number): { header: BoxHeader; payload: Buffer } {
    const box = this.#table.readBox(recordId);
    if (box === undefined) throw damaged(`chunk ${recordId} is missing`);
    const opened = this.#keys.open(BOX_KINDS.chunk, recordId, box);
    if (opened === null) throw damaged(`chunk ${recordId} does not authenticate`);
    return opened;
  }

  #decodeDelta(recordId: number, payload: Buffer): Buffer {
    const baseId = readBaseId(payload);
    if (this.#table.readFacts(recordId)?.baseRecordId !== baseId) throw damaged(`chunk ${recordId} names another base`);
    const base = this.#open(baseId);
    if (base.header.codec === BOX_CODECS.zstdDelta) throw damaged(`chunk ${baseId} is no base`);
    const dictionary = decode(base.header, base.payload, baseId);
    try {
      return decodeContent(BOX_CODECS.zstdDelta, payload.subarray(DELTA_PREFIX_BYTES), MAX_CONTENT_BYTES, dictionary);
    } catch {
      throw damaged(`chunk ${recordId} does not decode`);
    }
  }
}

/** Decodes an opened chunk payload, for verification. @throws AppError VAULT_DAMAGED */
export function decodeChunkPayload(header: BoxHeader, payload: Buffer, readBase: (recordId: number) => Buffer): Buffer {
  if (header.codec !== BOX_CODECS.zstdDelta) return decode(header, payload, header.recordId);
  try {
    return decodeContent(header.codec, payload.subarray(DELTA_PREFIX_BYTES), MAX_CONTENT_BYTES, readBase(readBaseId(payload)));
  } catch {
    throw damaged(`chunk ${header.recordId} does not decode`);
  }
}

interface PendingChunk {
  readonly recordId: number;
  readonly contentId: Buffer;
  readonly baseRecordId: number | null;
  box: Buffer | null;
}

/** What `put` did with a content. */
export interface PutResult {
  readonly recordId: number;
  readonly isNew: boolean;
}

/** The new chunks of one save: numbered at once, sealed in memory, inserted by `insertInto` within the save's transaction. */
export class ChunkBatch {
  readonly #keys: KeyTree;
  readonly #store: ChunkStore;
  readonly #pending = new Map<string, PendingChunk>();
  readonly #byRecord = new Map<number, PendingChunk>();
  readonly #work: Promise<void>[] = [];
  #nextRecordId: number;
  #level = LEVEL_NORMAL;
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

  /** Stores content, or finds it stored. The bytes must not change before `settle`. */
  put(content: Uint8Array): PutResult {
    const contentId = this.#keys.contentId(content);
    const known = this.#find(contentId);
    if (known !== null) return { recordId: known, isNew: false };
    const chunk = this.#add(contentId, null);
    this.#rawBytes += content.length;
    if (this.#rawBytes > BULK_BYTES) this.#level = LEVEL_BULK;
    const encoded = encodeContent(content, this.#level);
    if (encoded instanceof Promise) {
      this.#work.push(
        encoded.then(({ codec, payload }) => {
          chunk.box = this.#keys.seal(BOX_KINDS.chunk, codec, chunk.recordId, payload);
        }),
      );
    } else {
      chunk.box = this.#keys.seal(BOX_KINDS.chunk, encoded.codec, chunk.recordId, encoded.payload);
    }
    return { recordId: chunk.recordId, isNew: true };
  }

  /** Stores content as a difference to an earlier chunk where that is much smaller, else whole. */
  putAgainst(content: Uint8Array, earlierRecordId: number): PutResult {
    const contentId = this.#keys.contentId(content);
    const known = this.#find(contentId);
    if (known !== null) return { recordId: known, isNew: false };
    const earlier = this.#store.facts(earlierRecordId);
    const baseRecordId = earlier?.baseRecordId ?? earlier?.recordId;
    const base = baseRecordId === undefined ? undefined : this.#store.facts(baseRecordId);
    if (base === undefined) return this.put(content);
    const delta = encodeDelta(content, this.#store.read(base.recordId));
    if (delta.length > base.storedBytes * DELTA_SHARE || delta.length > content.length * DELTA_SHARE) return this.put(content);
    const chunk = this.#add(contentId, base.recordId);
    const prefix = Buffer.alloc(DELTA_PREFIX_BYTES);
    prefix.writeBigUInt64LE(BigInt(base.recordId), 0);
    chunk.box = this.#keys.seal(BOX_KINDS.chunk, BOX_CODECS.zstdDelta, chunk.recordId, Buffer.concat([prefix, delta]));
    return { recordId: chunk.recordId, isNew: true };
  }

  /** Content put in this batch is not readable from the store yet; its stored size is known after `settle`. */
  storedBytes(recordId: number): number {
    return this.#byRecord.get(recordId)?.box?.length ?? this.#store.facts(recordId)?.storedBytes ?? 0;
  }

  /** Resolves when everything put so far is sealed. */
  async settle(): Promise<void> {
    await Promise.all(this.#work);
    this.#work.length = 0;
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
    for (const chunk of this.#pending.values()) table.insert(toRow(chunk));
  }

  #find(contentId: Buffer): number | null {
    return this.#pending.get(contentId.toString('latin1'))?.recordId ?? this.#store.find(contentId)?.recordId ?? null;
  }

  #add(contentId: Buffer, baseRecordId: number | null): PendingChunk {
    const chunk: PendingChunk = { recordId: this.takeRecordId(), contentId, baseRecordId, box: null };
    this.#pending.set(contentId.toString('latin1'), chunk);
    this.#byRecord.set(chunk.recordId, chunk);
    return chunk;
  }
}

function toRow(chunk: PendingChunk): ChunkRow {
  if (chunk.box === null || parseBoxHeader(chunk.box) === null) throw new RangeError('a chunk was inserted before it was sealed');
  return { recordId: chunk.recordId, contentId: chunk.contentId, baseRecordId: chunk.baseRecordId, box: chunk.box };
}

function decode(header: BoxHeader, payload: Buffer, recordId: number): Buffer {
  try {
    return decodeContent(header.codec, payload, MAX_CONTENT_BYTES);
  } catch {
    throw damaged(`chunk ${recordId} does not decode`);
  }
}

function readBaseId(payload: Buffer): number {
  return payload.length < DELTA_PREFIX_BYTES ? 0 : Number(payload.readBigUInt64LE(0));
}
