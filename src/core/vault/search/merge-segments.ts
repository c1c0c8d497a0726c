// Writes segments: the young one, or several that follow each other, as one. What is to be forgotten is left out on the way. Works in
// steps between which others get their turn, with one page of each segment in memory.

import { ITEM_KINDS } from '../../../shared/model/item.ts';
import { packColumns } from './columns.ts';
import { DocumentColumns } from './document-columns.ts';
import { DocumentList, PostingPageWriter, type PostingCursor } from './posting-pages.ts';
import { INDEX_FORMAT, type DirectoryHead, type EncodedItem } from './sealed-segment.ts';
import type { ChunkEntry, DocumentEntry, Segment, UseEntry } from './segment.ts';
import { UseColumns } from './use-columns.ts';

const LIST_PAGE_BYTES = 32 * 1024;
const STEP_POSTINGS = 4_000;

/** Takes pages; their record numbers are known when all are written. */
export interface PageSink {
  /** Gives the position of the page among those of the segment. */
  put(page: Buffer): number;
  /** Lets others work; writes what has come together. */
  turn(): Promise<void>;
}

/** What of the inputs stays. */
export interface MergeFilter {
  keepsDocument(document: DocumentEntry): boolean;
  /** The use as it stays, or null. */
  keepUse(use: UseEntry): UseEntry | null;
}

export const KEEP_ALL: MergeFilter = { keepsDocument: () => true, keepUse: (use) => use };

/** A segment written but for its directory, which names pages by their positions. */
export interface WrittenSegment {
  readonly head: Omit<DirectoryHead, 'storedBytes' | 'order'>;
  readonly columns: Buffer;
}

/** @param inputs in the order of the log, without gaps @throws Error where an input cannot be read */
export async function mergeSegments(
  inputs: readonly Segment[],
  filter: MergeFilter,
  sink: PageSink,
): Promise<WrittenSegment> {
  const merge = new Merge(inputs, filter, sink);
  return merge.run();
}

class Merge {
  readonly #inputs: readonly Segment[];
  readonly #filter: MergeFilter;
  readonly #sink: PageSink;
  readonly #names: string[] = [];
  readonly #nameIndex = new Map<string, number>();

  constructor(inputs: readonly Segment[], filter: MergeFilter, sink: PageSink) {
    this.#inputs = inputs;
    this.#filter = filter;
    this.#sink = sink;
  }

  async run(): Promise<WrittenSegment> {
    const first = this.#inputs[0];
    const last = this.#inputs.at(-1);
    if (first === undefined || last === undefined) throw new RangeError('nothing to merge');
    const { uses, itemPages, items } = await this.#mergeUses();
    const usedAnchors = new Set(uses.anchors);
    const { documents, maps, inlinePages, inline } = await this.#mergeDocuments(usedAnchors);
    const chunks = this.#mergeChunks();
    const postingPages = await this.#mergePostings(maps);
    const [documentCount, useCount] = [documents.count, uses.count];
    const columns = packColumns([...documents.columns, ...uses.columns, ...chunkColumns(chunks)]);
    uses.release();
    documents.release();
    return {
      head: {
        format: INDEX_FORMAT,
        from: first.from,
        through: last.through,
        documents: documentCount,
        uses: useCount,
        chunks: chunks.length,
        inline,
        items,
        names: this.#names,
        postingPages,
        inlinePages,
        itemPages,
      },
      columns,
    };
  }

  /** Items are numbered anew: those that a kept use names. */
  async #mergeUses() {
    const list = new ListPageWriter<EncodedItem>(this.#sink);
    const itemNumbers = new Map<string, number>();
    const places = new Map<string, number>();
    const kept = new UseColumns(this.#inputs.reduce((sum, input) => sum + input.useCount, 0));
    for (const input of this.#inputs) {
      const numbers = new Map<number, { readonly number: number; readonly key: string }>();
      for (let at = 0; at < input.useCount; at += 1) {
        if (at % STEP_POSTINGS === 0) await this.#sink.turn();
        const use = this.#filter.keepUse(input.use(at));
        if (use === null) continue;
        const item = numbers.get(use.item) ?? addItem(input, use.item, list, itemNumbers);
        numbers.set(use.item, item);
        const name = this.#nameNumber(input.names[use.name] ?? '');
        const place = numberOf(places, `${name} ${item.key}`);
        kept.add({ ...use, item: item.number, name, place });
      }
    }
    list.flush();
    const uses = kept.joined();
    kept.release();
    return { uses, itemPages: list.pages, items: list.count };
  }

  async #mergeDocuments(usedAnchors: ReadonlySet<number>) {
    const list = new ListPageWriter<string>(this.#sink);
    const documents = new DocumentColumns(this.#inputs.reduce((sum, input) => sum + input.documentCount, 0));
    const maps: Int32Array[] = [];
    for (const input of this.#inputs) {
      const map = new Int32Array(input.documentCount).fill(-1);
      for (let at = 0; at < input.documentCount; at += 1) {
        if (at % STEP_POSTINGS === 0) await this.#sink.turn();
        const document = input.document(at);
        const isKept = document.anchor < 0 ? usedAnchors.has(document.anchor) : this.#filter.keepsDocument(document);
        if (!isKept) continue;
        map[at] = documents.count;
        documents.add(document, document.inline < 0 ? -1 : list.add(input.inlineText(document.inline)));
      }
      maps.push(map);
    }
    list.flush();
    return { documents, maps, inlinePages: list.pages, inline: list.count };
  }

  /** Chunks of which no document is left may have had none from the start: they stay known while they are there. */
  #mergeChunks(): ChunkEntry[] {
    const chunks = new Map<number, ChunkEntry>();
    for (const input of this.#inputs)
      for (const chunk of input.chunks())
        if (this.#filter.keepsDocument({ ...NO_DOCUMENT, anchor: chunk.anchor })) chunks.set(chunk.anchor, chunk);
    return [...chunks.values()].toSorted((a, b) => a.anchor - b.anchor);
  }

  async #mergePostings(maps: readonly Int32Array[]): Promise<[number, number][]> {
    const pages: [number, number][] = [];
    const writer = new PostingPageWriter((firstTerm, page) => pages.push([firstTerm, this.#sink.put(page)]));
    const cursors = this.#inputs.map((input) => input.postings());
    for (const cursor of cursors) cursor.advance();
    const documents = new DocumentList();
    for (let step = 0; ; step += 1) {
      if (step % STEP_POSTINGS === 0) await this.#sink.turn();
      const term = lowestTerm(cursors);
      if (term < 0) break;
      documents.clear();
      for (let at = 0; at < cursors.length; at += 1) {
        const cursor = cursors[at];
        const map = maps[at];
        if (cursor?.term !== term) continue;
        for (let index = 0; index < cursor.documents.length; index += 1) {
          const document = map?.[cursor.documents.at(index)] ?? -1;
          if (document >= 0) documents.push(document);
        }
        cursor.advance();
      }
      if (documents.length > 0) writer.add(term, documents);
    }
    writer.flush();
    return pages;
  }

  #nameNumber(name: string): number {
    const known = this.#nameIndex.get(name);
    if (known !== undefined) return known;
    this.#names.push(name);
    this.#nameIndex.set(name, this.#names.length - 1);
    return this.#names.length - 1;
  }
}

const NO_DOCUMENT: DocumentEntry = {
  anchor: 0,
  start: 0,
  end: 0,
  sequence: 0,
  inline: -1,
  chunk: 0,
  isTranscript: false,
};

/** A list in pages of a good size. */
class ListPageWriter<Entry> {
  readonly pages: [number, number][] = [];
  readonly #sink: PageSink;
  #entries: Entry[] = [];
  #characters = 0;
  #count = 0;

  constructor(sink: PageSink) {
    this.#sink = sink;
  }

  get count(): number {
    return this.#count;
  }

  /** Gives the entry's position. */
  add(entry: Entry): number {
    this.#entries.push(entry);
    this.#characters += typeof entry === 'string' ? entry.length : 100;
    this.#count += 1;
    if (this.#characters >= LIST_PAGE_BYTES) this.flush();
    return this.#count - 1;
  }

  flush(): void {
    if (this.#entries.length === 0) return;
    const page = Buffer.from(JSON.stringify(this.#entries), 'utf8');
    this.pages.push([this.#count - this.#entries.length, this.#sink.put(page)]);
    this.#entries = [];
    this.#characters = 0;
  }
}

function addItem(input: Segment, at: number, list: ListPageWriter<EncodedItem>, numbers: Map<string, number>) {
  const { key, kind, source, group, title, project } = input.item(at);
  const encoded: EncodedItem = [key, ITEM_KINDS.indexOf(kind), source, group, title, project];
  const name = JSON.stringify(encoded);
  const number = numbers.get(name) ?? list.add(encoded);
  numbers.set(name, number);
  return { number, key };
}

/** Things in the order in which they came first. */
function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name) ?? numbers.size;
  numbers.set(name, known);
  return known;
}

function lowestTerm(cursors: readonly PostingCursor[]): number {
  let lowest = -1;
  for (const { term } of cursors) if (term >= 0 && (lowest < 0 || term < lowest)) lowest = term;
  return lowest;
}

function chunkColumns(chunks: readonly ChunkEntry[]) {
  return [
    Float64Array.from(chunks, (chunk) => chunk.anchor),
    Uint32Array.from(chunks, (chunk) => chunk.lines),
    Uint32Array.from(chunks, (chunk) => chunk.sizeBytes),
    Uint8Array.from(chunks, (chunk) => (chunk.isHeadCovered ? 1 : 0) + (chunk.isTailCovered ? 2 : 0)),
  ];
}
