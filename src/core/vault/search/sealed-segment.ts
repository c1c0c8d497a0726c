// A segment as it was written: its directory in memory, its pages read and opened where they are needed.

import { z } from 'zod';

import type { ItemKey, SourceId } from '../../../shared/model/ids.ts';
import { ITEM_KINDS } from '../../../shared/model/item.ts';
import { ColumnReader, lowerBound } from './columns.ts';
import { DocumentList, PostingPageReader, type PostingCursor } from './posting-pages.ts';
import type { ChunkEntry, DocumentEntry, FoundItem, Segment, UseEntry } from './segment.ts';

/** Changes with every change of what is indexed or how: an index of another format is made anew. */
export const INDEX_FORMAT = 1;

const pageListSchema = z.array(z.tuple([z.number(), z.number()]));
/** What a directory says before its columns. */
const directorySchema = z.object({
  format: z.literal(INDEX_FORMAT),
  from: z.number(),
  through: z.number(),
  documents: z.number(),
  uses: z.number(),
  chunks: z.number(),
  inline: z.number(),
  items: z.number(),
  names: z.array(z.string()),
  /** First term, text or item of each page, and its record number. */
  postingPages: pageListSchema,
  inlinePages: pageListSchema,
  itemPages: pageListSchema,
  /** Bytes of its pages as stored. */
  storedBytes: z.number(),
  /** Segments are in this order: of those that cover the same snapshot, what came first is first. */
  order: z.number(),
});
export type DirectoryHead = z.infer<typeof directorySchema>;

/** An item as its page has it. */
export type EncodedItem = [key: string, kind: number, source: string, group: string, title: string, project: string];

/** Gives the content of a page. @throws Error where it cannot be read */
export type ReadPage = (recordId: number) => Buffer;

export class SealedSegment implements Segment {
  readonly recordId: number;
  readonly head: DirectoryHead;
  readonly #columnBytes: number;
  readonly #readPage: ReadPage;
  readonly #readDirectory: () => Buffer;
  #loaded: Columns | null;
  readonly #inline: ListPages<string>;
  readonly #items: ListPages<EncodedItem>;

  /** @param readDirectory reads it again after `release` @throws Error where the directory is none of this format */
  constructor(recordId: number, directory: Buffer, readDirectory: () => Buffer, readPage: ReadPage) {
    this.recordId = recordId;
    this.#readPage = readPage;
    this.#readDirectory = readDirectory;
    this.#columnBytes = directory.length;
    this.head = parseHead(directory);
    this.#loaded = loadColumns(directory, this.head);
    this.#inline = new ListPages(this.head.inlinePages, readPage);
    this.#items = new ListPages(this.head.itemPages, readPage);
  }

  /** Bytes that the directory takes in memory now. */
  get memoryBytes(): number {
    return this.#loaded === null ? 0 : this.#columnBytes;
  }

  /** Lets go of the directory's columns, and of the list pages; they are read again where they are wanted. */
  release(): void {
    this.#loaded = null;
    this.#inline.release();
    this.#items.release();
  }

  get from(): number {
    return this.head.from;
  }
  get through(): number {
    return this.head.through;
  }
  get documentCount(): number {
    return this.head.documents;
  }
  get useCount(): number {
    return this.head.uses;
  }
  get inlineCount(): number {
    return this.head.inline;
  }
  get itemCount(): number {
    return this.head.items;
  }
  get names(): readonly string[] {
    return this.head.names;
  }

  document(at: number): DocumentEntry {
    const columns = this.#columns.documents;
    return {
      anchor: columns.anchors[at] ?? 0,
      start: columns.starts[at] ?? 0,
      end: columns.ends[at] ?? 0,
      sequence: columns.sequences[at] ?? 0,
      inline: (columns.inline[at] ?? 0) - 1,
      chunk: columns.chunks[at] ?? 0,
      isTranscript: ((columns.flags[at] ?? 0) & 1) !== 0,
    };
  }

  isFact(at: number): boolean {
    const { anchors, chunks } = this.#columns.documents;
    return (anchors[at] ?? 0) < 0 && chunks[at] === 0;
  }

  use(at: number): UseEntry {
    const columns = this.#columns.uses;
    return {
      anchor: columns.anchors[at] ?? 0,
      skip: columns.skips[at] ?? 0,
      length: columns.lengths[at] ?? 0,
      item: columns.items[at] ?? 0,
      name: columns.names[at] ?? 0,
      first: columns.firsts[at] ?? 0,
      last: columns.lasts[at] ?? 0,
    };
  }

  *usesOf(anchor: number): Generator<number> {
    const { anchors } = this.#columns.uses;
    for (let at = lowerBound(anchors, anchor); at < anchors.length && anchors[at] === anchor; at += 1) yield at;
  }

  chunk(anchor: number): ChunkEntry | undefined {
    const { anchors } = this.#columns.chunks;
    const at = lowerBound(anchors, anchor);
    return anchors[at] === anchor ? this.#chunkAt(at) : undefined;
  }

  *chunks(): Generator<ChunkEntry> {
    for (let at = 0; at < this.head.chunks; at += 1) yield this.#chunkAt(at);
  }

  get #columns(): Columns {
    this.#loaded ??= loadColumns(this.#readDirectory(), this.head);
    return this.#loaded;
  }

  #chunkAt(at: number): ChunkEntry {
    const { anchors, lines, sizes, flags } = this.#columns.chunks;
    const flag = flags[at] ?? 0;
    return {
      anchor: anchors[at] ?? 0,
      lines: lines[at] ?? 0,
      sizeBytes: sizes[at] ?? 0,
      isHeadCovered: (flag & 1) !== 0,
      isTailCovered: (flag & 2) !== 0,
    };
  }

  inlineText(at: number): string {
    return this.#inline.read(at);
  }

  item(at: number): FoundItem {
    const [key, kindNumber, source, group, title, project] = this.#items.read(at);
    const kind = ITEM_KINDS[kindNumber];
    if (kind === undefined) throw new RangeError('the index has an item of an unknown kind');
    return { key: key as ItemKey, kind, source: source as SourceId, group, title, project }; // authenticated, written by us
  }

  lookUp(term: number): number[] {
    const at = pageOf(this.head.postingPages, term);
    const page = this.head.postingPages[at];
    return page === undefined ? [] : new PostingPageReader(this.#readPage(page[1]), page[0]).find(term);
  }

  postings(): PostingCursor {
    const { postingPages } = this.head;
    return new SealedPostings(postingPages.length, (at, documents) => {
      const [firstTerm, recordId] = postingPages[at] ?? [0, 0];
      return new PostingPageReader(this.#readPage(recordId), firstTerm, documents);
    });
  }
}

/** The postings of one page after the other. */
class SealedPostings implements PostingCursor {
  readonly documents = new DocumentList();
  readonly #pages: number;
  readonly #open: (page: number, documents: DocumentList) => PostingPageReader;
  #page = 0;
  #reader: PostingPageReader | null = null;

  constructor(pages: number, open: (page: number, documents: DocumentList) => PostingPageReader) {
    this.#pages = pages;
    this.#open = open;
  }

  get term(): number {
    return this.#reader?.term ?? -1;
  }

  advance(): boolean {
    while (this.#reader?.advance() !== true) {
      if (this.#page >= this.#pages) {
        this.#reader = null;
        return false;
      }
      this.#reader = this.#open(this.#page, this.documents);
      this.#page += 1;
    }
    return true;
  }
}

interface Columns {
  readonly documents: {
    readonly anchors: Float64Array;
    readonly starts: Uint32Array;
    readonly ends: Uint32Array;
    readonly sequences: Uint32Array;
    readonly inline: Uint32Array;
    readonly chunks: Float64Array;
    readonly flags: Uint8Array;
  };
  readonly uses: {
    readonly anchors: Float64Array;
    readonly skips: Uint32Array;
    readonly lengths: Uint32Array;
    readonly items: Uint32Array;
    readonly names: Uint32Array;
    readonly firsts: Uint32Array;
    readonly lasts: Uint32Array;
  };
  readonly chunks: {
    readonly anchors: Float64Array;
    readonly lines: Uint32Array;
    readonly sizes: Uint32Array;
    readonly flags: Uint8Array;
  };
}

/** @throws Error where the directory is none of this format */
export function parseHead(directory: Buffer): DirectoryHead {
  return directorySchema.parse(JSON.parse(directory.toString('utf8', 4, 4 + directory.readUInt32LE(0))));
}

function loadColumns(directory: Buffer, { documents, uses, chunks }: DirectoryHead): Columns {
  const reader = new ColumnReader(directory, 4 + directory.readUInt32LE(0));
  return {
    documents: {
      anchors: reader.doubles(documents),
      starts: reader.words(documents),
      ends: reader.words(documents),
      sequences: reader.words(documents),
      inline: reader.words(documents),
      chunks: reader.doubles(documents),
      flags: reader.bytes(documents),
    },
    uses: {
      anchors: reader.doubles(uses),
      skips: reader.words(uses),
      lengths: reader.words(uses),
      items: reader.words(uses),
      names: reader.words(uses),
      firsts: reader.words(uses),
      lasts: reader.words(uses),
    },
    chunks: {
      anchors: reader.doubles(chunks),
      lines: reader.words(chunks),
      sizes: reader.words(chunks),
      flags: reader.bytes(chunks),
    },
  };
}

/** A list in pages; the page that was read last is kept. */
class ListPages<Entry> {
  readonly #pages: DirectoryHead['inlinePages'];
  readonly #readPage: ReadPage;
  #entries: readonly Entry[] = [];
  #current = -1;

  constructor(pages: DirectoryHead['inlinePages'], readPage: ReadPage) {
    this.#pages = pages;
    this.#readPage = readPage;
  }

  release(): void {
    this.#entries = [];
    this.#current = -1;
  }

  /** @throws Error where there is no such entry */
  read(at: number): Entry {
    const number = pageOf(this.#pages, at);
    const page = this.#pages[number];
    if (page === undefined) throw new RangeError('the index has no such page');
    if (this.#current !== number) {
      this.#entries = JSON.parse(this.#readPage(page[1]).toString('utf8')) as Entry[]; // authenticated, written by us
      this.#current = number;
    }
    const entry = this.#entries[at - page[0]];
    if (entry === undefined) throw new RangeError('the index has no such entry');
    return entry;
  }
}

/** The last page that begins at or before `wanted`; -1 where none does. */
function pageOf(pages: DirectoryHead['inlinePages'], wanted: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pages[middle]?.[0] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
