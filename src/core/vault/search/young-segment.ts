// The segment that grows with the captures: in memory only, until it is written. Postings are pairs in a typed array, which a look-up
// goes through; it is written before there are so many that this or its memory would matter.

import { DocumentList, type PostingCursor } from './posting-pages.ts';
import type { ChunkEntry, DocumentEntry, FoundItem, Segment, UseEntry } from './segment.ts';

/** From this many pairs on it should be written: 8 bytes each, and about 3 MB of text. */
export const FULL_PAIRS = 256 * 1024;
const FIRST_PAIRS = 16 * 1024;
const MAX_ENTRIES = 16 * 1024;
const MAX_INLINE_CHARACTERS = 1024 * 1024;
const PAIR_BYTES = 8;
/** About what an entry takes in memory. */
const ENTRY_BYTES = 160;
/** What a young segment may take in memory: the arrays grow by half, and what is full may still get the rest of a chunk. */
export const MAX_YOUNG_BYTES = FULL_PAIRS * 2 * PAIR_BYTES + MAX_ENTRIES * 2 * ENTRY_BYTES + MAX_INLINE_CHARACTERS * 2;
/** Documents that one segment may have: term and document share the 53 bits of a number when it is written. */
const DOCUMENT_BITS = 2 ** 20;

export class YoungSegment implements Segment {
  readonly from: number;
  through: number;
  readonly names: string[] = [];
  readonly #documents: DocumentEntry[] = [];
  readonly #uses: UseEntry[] = [];
  readonly #usesByAnchor = new Map<number, number[]>();
  readonly #anchors = new Set<number>();
  readonly #chunks = new Map<number, ChunkEntry>();
  readonly #inline: string[] = [];
  readonly #items: FoundItem[] = [];
  readonly #itemIndex = new Map<string, number>();
  readonly #nameIndex = new Map<string, number>();
  #inlineCharacters = 0;
  #terms = new Uint32Array(FIRST_PAIRS);
  #owners = new Uint32Array(FIRST_PAIRS);
  #pairs = 0;

  constructor(from: number) {
    this.from = from;
    this.through = from - 1;
  }

  get documentCount(): number {
    return this.#documents.length;
  }
  get useCount(): number {
    return this.#uses.length;
  }
  get inlineCount(): number {
    return this.#inline.length;
  }
  get itemCount(): number {
    return this.#items.length;
  }
  get pairCount(): number {
    return this.#pairs;
  }
  get memoryBytes(): number {
    const entries = this.#documents.length + this.#uses.length;
    return this.#terms.length * PAIR_BYTES + entries * ENTRY_BYTES + this.#inlineCharacters * 2;
  }
  /** True where it should be written. */
  get isFull(): boolean {
    return (
      this.#pairs >= FULL_PAIRS ||
      this.#documents.length + this.#uses.length >= MAX_ENTRIES ||
      this.#inlineCharacters >= MAX_INLINE_CHARACTERS
    );
  }
  get isEmpty(): boolean {
    return this.#documents.length === 0 && this.#uses.length === 0;
  }

  document(at: number): DocumentEntry {
    return must(this.#documents[at]);
  }
  isFact(at: number): boolean {
    const { anchor, chunk } = this.document(at);
    return anchor < 0 && chunk === 0;
  }
  use(at: number): UseEntry {
    return must(this.#uses[at]);
  }
  usesOf(anchor: number): Iterable<number> {
    return this.#usesByAnchor.get(anchor) ?? [];
  }
  /** True where it has documents under this name. */
  hasDocuments(anchor: number): boolean {
    return this.#anchors.has(anchor);
  }
  chunk(anchor: number): ChunkEntry | undefined {
    return this.#chunks.get(anchor);
  }
  chunks(): Iterable<ChunkEntry> {
    return this.#chunks.values();
  }
  inlineText(at: number): string {
    return this.#inline[at] ?? '';
  }
  item(at: number): FoundItem {
    return must(this.#items[at]);
  }

  lookUp(term: number): number[] {
    const found: number[] = [];
    const terms = this.#terms;
    for (let at = 0; at < this.#pairs; at += 1) if (terms[at] === term) found.push(this.#owners[at] ?? 0);
    return found;
  }

  postings(): PostingCursor {
    const sorted = new Float64Array(this.#pairs);
    for (let at = 0; at < this.#pairs; at += 1)
      sorted[at] = (this.#terms[at] ?? 0) * DOCUMENT_BITS + (this.#owners[at] ?? 0);
    sorted.sort(); // in its place: there may be half a million
    return new SortedPairs(sorted);
  }

  addDocument(entry: Omit<DocumentEntry, 'inline'>, terms: Uint32Array, text: string | null): void {
    const number = this.#documents.length;
    let inline = -1;
    if (text !== null) {
      inline = this.#inline.length;
      this.#inline.push(text);
      this.#inlineCharacters += text.length;
    }
    this.#documents.push({ ...entry, inline });
    this.#anchors.add(entry.anchor);
    this.#reserve(this.#pairs + terms.length);
    this.#terms.set(terms, this.#pairs);
    this.#owners.fill(number, this.#pairs, this.#pairs + terms.length);
    this.#pairs += terms.length;
  }

  /** Notes that a chunk was looked at, whether or not it gave documents. */
  noteChunk(chunk: ChunkEntry): void {
    this.#chunks.set(chunk.anchor, chunk);
  }

  addUse(use: UseEntry): void {
    const number = this.#uses.length;
    this.#uses.push(use);
    const known = this.#usesByAnchor.get(use.anchor);
    if (known === undefined) this.#usesByAnchor.set(use.anchor, [number]);
    else known.push(number);
  }

  /** Ends a use that this segment began; false where it did not. */
  endUse(wanted: Pick<UseEntry, 'anchor' | 'skip' | 'length' | 'name'>, key: string, last: number): boolean {
    for (const at of this.usesOf(wanted.anchor)) {
      const use = this.use(at);
      const isSame = use.skip === wanted.skip && use.length === wanted.length && use.name === wanted.name;
      if (!isSame || use.last !== 0 || this.item(use.item).key !== key) continue;
      this.#uses[at] = { ...use, last };
      return true;
    }
    return false;
  }

  itemNumber(item: FoundItem): number {
    const name = JSON.stringify([item.key, item.kind, item.source, item.group, item.title, item.project]);
    const known = this.#itemIndex.get(name);
    if (known !== undefined) return known;
    this.#items.push(item);
    this.#itemIndex.set(name, this.#items.length - 1);
    return this.#items.length - 1;
  }

  nameNumber(name: string): number {
    const known = this.#nameIndex.get(name);
    if (known !== undefined) return known;
    this.names.push(name);
    this.#nameIndex.set(name, this.names.length - 1);
    return this.names.length - 1;
  }

  #reserve(count: number): void {
    if (count <= this.#terms.length) return;
    const size = Math.max(count, Math.ceil(this.#terms.length * 1.5));
    const terms = new Uint32Array(size);
    terms.set(this.#terms);
    this.#terms = terms;
    const owners = new Uint32Array(size);
    owners.set(this.#owners);
    this.#owners = owners;
  }
}

/** Term and document in one number each, rising. */
class SortedPairs implements PostingCursor {
  readonly documents = new DocumentList();
  readonly #pairs: Float64Array;
  #at = 0;
  #term = -1;

  constructor(pairs: Float64Array) {
    this.#pairs = pairs;
  }

  get term(): number {
    return this.#term;
  }

  advance(): boolean {
    this.documents.clear();
    this.#term = this.#at < this.#pairs.length ? this.#termAt(this.#at) : -1;
    for (; this.#at < this.#pairs.length && this.#termAt(this.#at) === this.#term; this.#at += 1)
      this.documents.push((this.#pairs[this.#at] ?? 0) % DOCUMENT_BITS);
    return this.#term >= 0;
  }

  #termAt(at: number): number {
    return Math.floor((this.#pairs[at] ?? 0) / DOCUMENT_BITS);
  }
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new RangeError('the index has no such entry');
  return value;
}
