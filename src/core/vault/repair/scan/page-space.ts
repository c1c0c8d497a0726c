// The pages of a damaged database by their numbers, wherever they lie: in the log, which has the newer ones, in the file, or in the file
// behind bytes that do not belong there. Puts what lies in a chain of pages together again.

import { PAGE_BYTES } from '../../database.ts';
import type { ByteSource } from './byte-source.ts';
import type { LogFrame } from './log-frames.ts';

const CHAINED_BYTES = PAGE_BYTES - 4;
/** How far a file may be shifted, in whole pages beside the part of one that shows. */
const MAX_SHIFTED_PAGES = 64;
/** Combinations that are tried for one chain of which a page lies elsewhere. */
const MAX_TRIED = 256;

/** Chains of more pages are not put right: that would be a list of many thousand items. */
const MAX_CHAIN_PAGES = 1024;
const NO_CHAIN = -1;

/** What a chain of pages holds, less the numbers that link them. */
export interface Chain {
  readonly bytes: Buffer;
  readonly pages: readonly number[];
  /** Where its pages were found. */
  readonly view?: PageView;
}

/** Where a page of this number is looked for. */
type PageView = (page: number) => { readonly source: ByteSource; readonly at: number } | null;

export interface PageSpaceDeps {
  readonly database: ByteSource;
  readonly log: ByteSource | null;
  readonly frames: readonly LogFrame[];
}

export class PageSpace {
  readonly #deps: PageSpaceDeps;
  readonly #committed = new Map<number, number>();
  readonly #logged = new Map<number, number>();
  /** By how many bytes parts of the file are moved. */
  readonly #shifts: number[] = [0];
  /** The one that gave the last chain first: what moved one part of a file moved its neighbours too. */
  #viewList: PageView[] | null = null;
  readonly #claimed = new Set<number>();
  /** The page that each page names as the next of its chain. */
  #nextPages: Uint32Array | null = null;
  /** The pages from which a chain goes on for so many pages, themselves counted. */
  #byRest: Map<number, number[]> | null = null;

  constructor(deps: PageSpaceDeps) {
    this.#deps = deps;
    for (const { page, at, isCommitted } of deps.frames) {
      this.#logged.set(page, at);
      if (isCommitted) this.#committed.set(page, at);
    }
  }

  /** True where the log has a committed version of the page: then the file's own is of the past. */
  isOverlaid(page: number): boolean {
    return this.#committed.has(page);
  }

  /** True where this is the version of the page that counts. */
  isCurrentFrame({ page, at }: LogFrame): boolean {
    return this.#committed.get(page) === at;
  }

  read(page: number): Buffer | null {
    const place = this.#current(page);
    if (place === null) return null;
    const bytes = place.source.read(place.at, PAGE_BYTES);
    return bytes.length === PAGE_BYTES ? bytes : null;
  }

  /** A part of the file begins so many bytes after a page's border. */
  noteShift(remainder: number): void {
    if (this.#shifts.some((shift) => (shift + MAX_SHIFTED_PAGES * PAGE_BYTES) % PAGE_BYTES === remainder)) return;
    this.#viewList = null;
    for (let pages = 0; pages <= MAX_SHIFTED_PAGES; pages += 1) {
      this.#shifts.push(remainder + pages * PAGE_BYTES);
      this.#shifts.push(remainder - (pages + 1) * PAGE_BYTES);
    }
  }

  /** What may follow the first bytes of a record in its chain of pages, the likeliest first. */
  *chains(firstPage: number, length: number): Generator<Chain> {
    for (const view of [...this.#views()]) {
      const chain = follow(view, firstPage, length);
      if (chain !== null) yield { ...chain, view };
    }
  }

  /** The same where one of the pages lies in another's place: those that no box is known to lie in are tried. */
  *mendedChains(firstPage: number, length: number): Generator<Chain> {
    const count = Math.ceil(length / CHAINED_BYTES);
    const numbers = this.#numbers(firstPage, count);
    const inPlace = this.#inFile(0);
    let tried = 0;
    for (const index of numbers.keys()) {
      for (const page of this.#rests().get(count - index) ?? []) {
        if (page === numbers[index] || this.#claimed.has(page)) continue;
        if ((tried += 1) > MAX_TRIED) return;
        const pages = [...numbers.slice(0, index), ...this.#numbers(page, count - index)];
        const list = pages[Symbol.iterator]();
        const chain = follow(() => inPlace(list.next().value ?? 0), 0, length);
        if (chain !== null) yield { ...chain, pages };
      }
    }
  }

  /** The pages hold a box that authenticates, so no other one. */
  claim({ pages, view }: Chain): void {
    for (const page of pages) this.#claimed.add(page);
    const views = this.#views();
    const at = view === undefined ? 0 : views.indexOf(view);
    if (at <= 0 || view === undefined) return;
    views.splice(at, 1);
    views.unshift(view);
  }

  #current: PageView = (page) => {
    const at = this.#committed.get(page);
    if (at !== undefined && this.#deps.log !== null) return { source: this.#deps.log, at };
    return this.#inFile(0)(page);
  };

  /** A page of the file in its place, or so many bytes from it. */
  #inFile(shift: number): PageView {
    const { database } = this.#deps;
    return (page) => {
      const at = (page - 1) * PAGE_BYTES + shift;
      return page < 1 || at < 0 || at >= database.sizeBytes ? null : { source: database, at };
    };
  }

  #views(): PageView[] {
    this.#viewList ??= this.#listViews();
    return this.#viewList;
  }

  #listViews(): PageView[] {
    const { log } = this.#deps;
    const shifted = this.#shifts.map((shift) => this.#inFile(shift));
    if (log === null || this.#logged.size === 0) return shifted;
    const logged: PageView = (page) => {
      const at = this.#logged.get(page);
      return at === undefined ? this.#inFile(0)(page) : { source: log, at };
    };
    return [this.#current, ...shifted, logged];
  }

  /** The numbers of a chain in the file as far as they make sense. */
  #numbers(firstPage: number, count: number): number[] {
    const next = this.#next();
    const numbers: number[] = [];
    for (let page = firstPage; numbers.length < count && page >= 1 && page < next.length; page = next[page] ?? 0)
      numbers.push(page);
    return numbers;
  }

  /** The page that each page names as the next of its chain. */
  #next(): Uint32Array {
    if (this.#nextPages !== null) return this.#nextPages;
    const { database } = this.#deps;
    const next = new Uint32Array(Math.floor(database.sizeBytes / PAGE_BYTES) + 1);
    for (let page = 1; page < next.length; page += 1) {
      const bytes = database.read((page - 1) * PAGE_BYTES, 4);
      if (bytes.length === 4) next[page] = bytes.readUInt32BE(0);
    }
    this.#nextPages = next;
    return next;
  }

  #rests(): Map<number, number[]> {
    if (this.#byRest !== null) return this.#byRest;
    const next = this.#next();
    const rests = new Int32Array(next.length);
    const byRest = new Map<number, number[]>();
    for (let page = 1; page < next.length; page += 1) {
      const path: number[] = [];
      let at = page;
      while (at >= 1 && at < next.length && rests[at] === 0 && path.length < MAX_CHAIN_PAGES) {
        path.push(at);
        rests[at] = NO_CHAIN;
        at = next[at] ?? 0;
      }
      let rest = at === 0 ? 0 : (rests[at] ?? NO_CHAIN);
      for (const of of path.toReversed()) {
        rest = rest === NO_CHAIN || rest >= MAX_CHAIN_PAGES ? NO_CHAIN : rest + 1;
        rests[of] = rest;
        if (rest === NO_CHAIN) continue;
        const others = byRest.get(rest);
        if (others === undefined) byRest.set(rest, [of]);
        else others.push(of);
      }
    }
    this.#byRest = byRest;
    return byRest;
  }
}

/** Puts a chain together from a page on; null where a page of it is missing. */
function follow(view: PageView, firstPage: number, length: number): Chain | null {
  const bytes = Buffer.allocUnsafe(length);
  const pages: number[] = [];
  let page = firstPage;
  for (let done = 0; done < length; done += CHAINED_BYTES) {
    const place = view(page);
    const content = place?.source.read(place.at, PAGE_BYTES);
    const wanted = Math.min(CHAINED_BYTES, length - done);
    if (content === undefined || content.length < wanted + 4) return null;
    content.copy(bytes, done, 4, 4 + wanted);
    pages.push(page);
    page = content.readUInt32BE(0);
  }
  return { bytes, pages };
}
