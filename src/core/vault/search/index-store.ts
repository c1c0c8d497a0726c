// The index in the vault: sealed directories and pages. Nothing here knows what they mean; damage and disappearance are told apart
// from everything else, since an index is only ever made anew.

import type { Statement } from 'better-sqlite3';

import { BOX_KINDS } from '../../crypto/box.ts';
import { decodeContent, encodeContent, LEVEL_BULK } from '../content/codec.ts';
import type { VaultState } from '../log/vault-state.ts';
import { mergeSegments, type MergeFilter, type PageSink } from './merge-segments.ts';
import { INDEX_FORMAT, SealedSegment } from './sealed-segment.ts';
import type { Segment } from './segment.ts';

const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** Directories that are kept, all together, when no search is under way. */
const MAX_KEPT_BYTES = 24 * 1024 * 1024;
/** Opened pages that are kept. */
const MAX_CACHED_BYTES = 6 * 1024 * 1024;
/** Pages are written when so many bytes have come together: short commits, and little memory. */
const WRITE_BYTES = 1024 * 1024;
const SLICE_MS = 6;

/** What directories and pages may take in memory between searches. */
export const MAX_INDEX_MEMORY_BYTES = MAX_KEPT_BYTES + MAX_CACHED_BYTES;

/** The index cannot be read, or is of another format: it is made anew. */
export class IndexDamaged extends Error {}
/** Another process, or something forgotten, changed the index meanwhile: what was prepared is of no use. */
export class IndexChanged extends Error {}

export interface IndexStoreDeps {
  readonly state: VaultState;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
  /** Lets others work. @throws where the work is to end */
  turn(): Promise<void>;
}

interface Loaded {
  readonly segment: SealedSegment;
  readonly order: number;
}

export class IndexStore {
  readonly #deps: IndexStoreDeps;
  readonly #pages = new Map<number, Buffer>();
  readonly #ids: Statement<[], number>;
  readonly #directory: Statement<[number], Buffer>;
  readonly #page: Statement<[number], Buffer>;
  #cachedBytes = 0;
  #loaded: readonly Loaded[] | null = null;
  #isTidy = false;

  constructor(deps: IndexStoreDeps) {
    this.#deps = deps;
    const { readDb } = deps.state;
    this.#ids = readDb.prepare<[], number>('SELECT record_id FROM search_segments ORDER BY record_id').pluck();
    this.#directory = readDb.prepare<[number], Buffer>('SELECT box FROM search_segments WHERE record_id = ?').pluck();
    this.#page = readDb.prepare<[number], Buffer>('SELECT box FROM search_pages WHERE record_id = ?').pluck();
  }

  /** The segments in the order of the log. @throws IndexDamaged */
  segments(): readonly SealedSegment[] {
    this.#loaded ??= this.#load();
    return this.#loaded.map(({ segment }) => segment);
  }

  /** Bytes in memory: directories and opened pages. */
  get memoryBytes(): number {
    return (this.#loaded ?? []).reduce((sum, { segment }) => sum + segment.memoryBytes, this.#cachedBytes);
  }

  /** Lets go of directories where they have become too many; call between works. */
  trim(): void {
    let bytes = 0;
    for (const { segment } of (this.#loaded ?? []).toReversed()) {
      bytes += segment.memoryBytes;
      if (bytes > MAX_KEPT_BYTES) segment.release();
    }
  }

  /** False where another process has written or removed segments since they were read: then they are read anew. */
  isCurrent(): boolean {
    if (this.#loaded === null) return true;
    const known = this.#loaded.map(({ segment }) => segment.recordId).toSorted((a, b) => a - b);
    const ids = this.#ids.all();
    if (ids.length === known.length && ids.every((id, at) => id === known[at])) return true;
    this.forget();
    return false;
  }

  /**
   * Writes segments that follow each other as one, in place of those of them that were sealed.
   * @throws IndexDamaged where one cannot be read, IndexChanged where it would not fit any more
   */
  async write(inputs: readonly Segment[], filter: MergeFilter, goesOn: () => boolean = () => true): Promise<void> {
    await this.#tidy();
    const sink = new SegmentSink(this.#deps);
    const written = await damagedAs(() => mergeSegments(inputs, filter, sink));
    await sink.writeOut();
    const replaced = inputs.filter((input) => input instanceof SealedSegment);
    const orders = (this.#loaded ?? []).filter(({ segment }) => replaced.includes(segment)).map(({ order }) => order);
    await this.#deps.withLock(() => {
      const isThere = replaced.every((old) => this.#loaded?.some(({ segment }) => segment === old) === true);
      if (!this.isCurrent() || !isThere || !goesOn() || !sink.isWhole()) {
        sink.remove();
        throw new IndexChanged('the index changed meanwhile');
      }
      this.#commit(sink, written, replaced, orders.length === 0 ? null : Math.max(...orders));
    });
  }

  /**
   * The segments that know snapshots from a sequence on: what is forgotten must leave the index in the same commit. All, where they cannot
   * be read.
   */
  segmentsFrom(sequence: number): readonly number[] {
    this.isCurrent();
    try {
      return this.segments()
        .filter((segment) => Math.max(segment.from, segment.through) >= sequence)
        .map((segment) => segment.recordId);
    } catch (error) {
      if (error instanceof IndexDamaged) return this.#ids.all();
      throw error;
    }
  }

  /** Deletes segments; the caller commits, and calls `forget` after. */
  removeInto(recordIds: readonly number[]): void {
    const { writeDb } = this.#deps.state;
    for (const recordId of recordIds) {
      writeDb.prepare('DELETE FROM search_pages WHERE segment = ?').run(recordId);
      writeDb.prepare('DELETE FROM search_segments WHERE record_id = ?').run(recordId);
    }
  }

  /** Removes all of it. Call with the lock held. */
  drop(): void {
    const { state } = this.#deps;
    if (this.#ids.all().length > 0 || state.readDb.prepare('SELECT 1 FROM search_pages LIMIT 1').get() !== undefined)
      state.commit('Dropping the search index', {}, () =>
        state.writeDb.exec('DELETE FROM search_segments; DELETE FROM search_pages;'),
      );
    this.forget();
  }

  #commit(
    sink: SegmentSink,
    { head, columns }: Awaited<ReturnType<typeof mergeSegments>>,
    replaced: readonly SealedSegment[],
    order: number | null,
  ): void {
    const { state } = this.#deps;
    const { recordIds, storedBytes } = sink;
    const recordId = sink.segment ?? state.head.nextRecordId;
    const named = (pages: readonly (readonly [number, number])[]): [number, number][] =>
      pages.map(([first, at]) => [first, recordIds[at] ?? 0]);
    const json = Buffer.from(
      JSON.stringify({
        ...head,
        postingPages: named(head.postingPages),
        inlinePages: named(head.inlinePages),
        itemPages: named(head.itemPages),
        storedBytes,
        order: order ?? recordId,
      }),
      'utf8',
    );
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length, 0);
    const directory = Buffer.concat([length, json, columns]);
    const { codec, payload } = encodeContent(directory);
    const box = state.keys.seal(BOX_KINDS.searchSegment, codec, recordId, payload);
    const removeSegment = state.writeDb.prepare('DELETE FROM search_segments WHERE record_id = ?');
    const removePages = state.writeDb.prepare('DELETE FROM search_pages WHERE segment = ?');
    const nextRecordId = sink.segment === null ? recordId + 1 : state.head.nextRecordId;
    state.commit('Writing the search index', { nextRecordId }, () => {
      state.writeDb.prepare('INSERT INTO search_segments (record_id, box) VALUES (?, ?)').run(recordId, box);
      for (const old of replaced) {
        removeSegment.run(old.recordId);
        removePages.run(old.recordId);
      }
    });
    const kept = (this.#loaded ?? []).filter(({ segment }) => !replaced.includes(segment));
    const own = { segment: this.#open(recordId, directory), order: order ?? recordId };
    this.#loaded = [...kept, own].toSorted((a, b) => a.order - b.order);
  }

  /** Pages of writes that were never ended go. */
  async #tidy(): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    const { state } = this.#deps;
    const orphans = 'segment NOT IN (SELECT record_id FROM search_segments)';
    if (state.readDb.prepare(`SELECT 1 FROM search_pages WHERE ${orphans} LIMIT 1`).get() === undefined) return;
    await this.#deps.withLock(() =>
      state.commit('Tidying the search index', {}, () =>
        state.writeDb.exec(`DELETE FROM search_pages WHERE ${orphans}`),
      ),
    );
  }

  #load(): Loaded[] {
    const loaded = this.#ids.all().map((recordId): Loaded => {
      const directory = this.#readDirectory(recordId);
      const segment = this.#open(recordId, directory);
      return { segment, order: segment.head.order };
    });
    const sorted = loaded.toSorted((a, b) => a.order - b.order);
    let next = 1;
    for (const { segment } of sorted) {
      if (segment.from !== next) throw new IndexDamaged('a stretch of the log is not in the index');
      next = segment.through + 1;
    }
    return sorted;
  }

  #open(recordId: number, directory: Buffer): SealedSegment {
    try {
      return new SealedSegment(
        recordId,
        directory,
        () => this.#readDirectory(recordId),
        (page) => this.#readPage(page),
      );
    } catch {
      throw new IndexDamaged(`a directory is not of format ${INDEX_FORMAT}`);
    }
  }

  #readDirectory(recordId: number): Buffer {
    const { keys } = this.#deps.state;
    const box = this.#directory.get(recordId);
    const opened = box === undefined ? null : keys.open(BOX_KINDS.searchSegment, recordId, box);
    if (opened === null) throw new IndexDamaged('a directory is missing or does not authenticate');
    return decodeOrDamaged(opened.header.codec, opened.payload, MAX_DIRECTORY_BYTES);
  }

  #readPage(recordId: number): Buffer {
    const cached = this.#pages.get(recordId);
    if (cached !== undefined) {
      this.#pages.delete(recordId);
      this.#pages.set(recordId, cached);
      return cached;
    }
    const box = this.#page.get(recordId);
    const opened = box === undefined ? null : this.#deps.state.keys.open(BOX_KINDS.searchPage, recordId, box);
    if (opened === null) throw new IndexDamaged('a page is missing or does not authenticate');
    const page = decodeOrDamaged(opened.header.codec, opened.payload, MAX_PAGE_BYTES);
    this.#pages.set(recordId, page);
    this.#cachedBytes += page.length;
    for (const [oldest, bytes] of this.#pages) {
      if (this.#cachedBytes <= MAX_CACHED_BYTES || oldest === recordId) break;
      this.#pages.delete(oldest);
      this.#cachedBytes -= bytes.length;
    }
    return page;
  }

  /** Lets go of what is in memory. */
  forget(): void {
    this.#loaded = null;
    this.#pages.clear();
    this.#cachedBytes = 0;
  }
}

/** Writes pages as they come, in short commits, before the directory that names them. */
class SegmentSink implements PageSink {
  readonly recordIds: number[] = [];
  segment: number | null = null;
  storedBytes = 0;
  readonly #deps: IndexStoreDeps;
  #pending: { readonly codec: 0 | 1; readonly payload: Uint8Array }[] = [];
  #pendingBytes = 0;
  #count = 0;

  constructor(deps: IndexStoreDeps) {
    this.#deps = deps;
  }

  put(page: Buffer): number {
    const encoded = encodeContent(page, LEVEL_BULK);
    this.#pending.push(encoded);
    this.#pendingBytes += encoded.payload.length;
    this.#count += 1;
    return this.#count - 1;
  }

  async turn(): Promise<void> {
    await this.#deps.turn();
    if (this.#pendingBytes >= WRITE_BYTES) await this.writeOut();
  }

  async writeOut(): Promise<void> {
    if (this.#pending.length === 0) return;
    await this.#deps.withLock(() => {
      const { state } = this.#deps;
      const first = state.head.nextRecordId + (this.segment === null ? 1 : 0);
      const segment = this.segment ?? state.head.nextRecordId;
      const boxes = this.#pending.map(({ codec, payload }, at) =>
        state.keys.seal(BOX_KINDS.searchPage, codec, first + at, payload),
      );
      const insert = state.writeDb.prepare('INSERT INTO search_pages (record_id, segment, box) VALUES (?, ?, ?)');
      state.commit('Writing the search index', { nextRecordId: first + boxes.length }, () => {
        for (const [at, box] of boxes.entries()) insert.run(first + at, segment, box);
      });
      this.segment = segment;
      for (const [at, box] of boxes.entries()) {
        this.recordIds.push(first + at);
        this.storedBytes += box.length;
      }
    });
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Takes back what was written. Call with the lock held. */
  remove(): void {
    const { state } = this.#deps;
    if (this.segment === null) return;
    const { segment } = this;
    state.commit('Tidying the search index', {}, () =>
      state.writeDb.prepare('DELETE FROM search_pages WHERE segment = ?').run(segment),
    );
  }

  /** False where another process has tidied the pages away. */
  isWhole(): boolean {
    if (this.segment === null) return this.#count === 0;
    const there: unknown = this.#deps.state.writeDb
      .prepare('SELECT count(*) FROM search_pages WHERE segment = ?')
      .pluck()
      .get(this.segment);
    return there === this.#count;
  }
}

/** Lets others work when a slice of time is used up. */
export function createTurns(hasEnded: () => boolean, rest: () => Promise<void>): () => Promise<void> {
  let sliceEndMs = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < sliceEndMs) return;
    await rest();
    if (hasEnded()) throw new IndexStopped('the vault is being closed');
    sliceEndMs = performance.now() + SLICE_MS;
  };
}

/** The work was ended from outside. */
export class IndexStopped extends Error {}

function decodeOrDamaged(codec: 0 | 1, payload: Buffer, maxBytes: number): Buffer {
  try {
    return decodeContent(codec, payload, maxBytes);
  } catch {
    throw new IndexDamaged('a box of the index does not decode');
  }
}

/** What cannot be read while merging is damage. */
async function damagedAs<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) throw new IndexDamaged(error.message);
    throw error;
  }
}
