// Finds what was typed: the index names the documents that may hold it, the newest first; each is read and looked through, and what
// matches becomes a hit with its line, its place and the time in which it was there. Bounded by a number of hits and a time.

import { isAscii } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';

import type { ChunkCache } from '../content/chunk-cache.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SearchMatch, SearchQuery } from '../vault.ts';
import { cutLine, type FoundPage } from './found-line.ts';
import { PlaceFinder, toPlaceFilter, type Place, type PlaceFilter } from './places.ts';
import { matchText, parseQuery, type ParsedQuery, type TextMatch } from './query.ts';
import { readPieces, type TextPiece } from './searchable-text.ts';
import type { DocumentEntry, Segment } from './segment.ts';

const MAX_HITS_PER_DOCUMENT = 3;
const SLICE_MS = 8;
const NEWLINE = 10;
const ESCAPE = 0x1b;
const PLAIN_NEEDLE = /^[a-z0-9 !#$%&'()*+,\-.:;<=>?@_|~]+$/;

/** Where a list of candidates goes on: snapshots not newer than the sequence, less so many of exactly it. */
interface Position {
  readonly sequence: number;
  readonly skip: number;
}

/** Facts and contents are gone through side by side. */
interface Cursor {
  readonly isAnywhere: boolean;
  /** Null where the list has ended. */
  readonly facts: Position | null;
  readonly contents: Position | null;
}

export interface FindDeps {
  readonly state: VaultState;
  readonly segments: readonly Segment[];
  /** What was read lately: whoever types looks into the same chunks with every letter. */
  readonly contents: ChunkCache;
}

const BEGINNING: Position = { sequence: Number.MAX_SAFE_INTEGER, skip: 0 };

/** Searches segments given in the order of the log. @throws IndexDamaged */
export async function findInIndex(
  { state, segments, contents }: FindDeps,
  query: SearchQuery,
  budgetMs: number,
): Promise<FoundPage> {
  const deps = { state, segments, contents };
  const deadlineMs = performance.now() + budgetMs;
  const parsed = parseQuery(query.text);
  const cursor = parseCursor(query.cursor);
  const isOnlyAnywhere = parsed.terms.length === 0 || cursor?.isAnywhere === true;
  if (!isOnlyAnywhere) {
    const start = cursor ?? { isAnywhere: false, facts: BEGINNING, contents: BEGINNING };
    const page = await new Search(deps, query, parsed, deadlineMs).run(start);
    // Nothing begins so: it may stand in the middle of words, which takes reading.
    if (page.matches.length > 0 || cursor !== null || performance.now() > deadlineMs) return page;
  }
  const start = cursor?.isAnywhere === true ? cursor : { isAnywhere: true, facts: BEGINNING, contents: BEGINNING };
  return new Search(deps, query, parseQuery(query.text, true), deadlineMs).run(start);
}

class Search {
  readonly #state: VaultState;
  readonly #contents: ChunkCache;
  readonly #segments: readonly Segment[];
  readonly #query: SearchQuery;
  readonly #parsed: ParsedQuery;
  readonly #deadlineMs: number;
  readonly #firstByMs: number;
  readonly #places: PlaceFinder;
  readonly #filter: PlaceFilter;
  readonly #hits = new Map<string, SearchMatch>();
  #sliceEndMs = performance.now() + SLICE_MS;
  /** Hits were left out because there were enough. */
  #isCut = false;

  constructor({ state, segments, contents }: FindDeps, query: SearchQuery, parsed: ParsedQuery, deadlineMs: number) {
    this.#contents = contents;
    this.#state = state;
    this.#segments = segments;
    this.#query = query;
    this.#parsed = parsed;
    this.#deadlineMs = deadlineMs;
    this.#firstByMs = performance.now() + (query.firstWithinMs ?? Number.POSITIVE_INFINITY);
    this.#places = new PlaceFinder(state, segments);
    this.#filter = toPlaceFilter(query);
  }

  async run(cursor: Cursor): Promise<FoundPage> {
    if (this.#parsed.clauses.length === 0) return { matches: [], isComplete: true };
    const candidates = await this.#candidates();
    const { limit } = this.#query;
    // Titles and addresses first, but never so many that no content is seen.
    let facts = await this.#goThrough(candidates, true, cursor.facts, Math.ceil(limit / 2));
    const contents = await this.#goThrough(candidates, false, cursor.contents, limit);
    if (contents === null) facts = await this.#goThrough(candidates, true, facts, limit);
    const matches = [...this.#hits.values()].toSorted((a, b) => b.score - a.score || b.takenAtMs - a.takenAtMs);
    if (facts === null && contents === null) return { matches, isComplete: !this.#isCut };
    const next = formatCursor({ isAnywhere: cursor.isAnywhere, facts, contents });
    return { matches, isComplete: false, cursor: next };
  }

  /** Documents that hold all terms, in the order of the segments. */
  async #candidates(): Promise<readonly ArrayLike<number>[]> {
    const { terms } = this.#parsed;
    const lists: ArrayLike<number>[] = [];
    for (const segment of this.#segments) {
      await this.#turn();
      if (terms.length === 0) lists.push(Array.from({ length: segment.documentCount }, (_, at) => at));
      else lists.push(intersect(terms, (term) => segment.lookUp(term)));
    }
    return lists;
  }

  /** Looks through facts or contents from a position on, until there are `limit` hits. Gives where to go on. */
  async #goThrough(
    candidates: readonly ArrayLike<number>[],
    isFacts: boolean,
    from: Position | null,
    limit: number,
  ): Promise<Position | null> {
    if (from === null) return null;
    let position = { sequence: from.sequence, skip: 0 };
    for (let number = this.#segments.length - 1; number >= 0; number -= 1) {
      const segment = this.#segments[number];
      const list = candidates[number];
      if (segment === undefined || list === undefined) continue;
      for (let at = list.length - 1; at >= 0; at -= 1) {
        if (segment.isFact(list[at] ?? 0) !== isFacts) continue;
        const document = segment.document(list[at] ?? 0);
        if (document.sequence > from.sequence) continue;
        const isSame = document.sequence === position.sequence;
        const next = { sequence: document.sequence, skip: isSame ? position.skip + 1 : 1 };
        const isSeen = document.sequence === from.sequence && next.skip <= from.skip;
        if (!isSeen) {
          if (this.#hits.size >= limit || this.#isLate()) return position;
          await this.#turn();
          this.#lookInto(segment, document);
        }
        position = next;
      }
    }
    return null;
  }

  /** Whoever types wants to see something at once: with a hit at hand, the rest may wait for the next page. */
  #isLate(): boolean {
    const nowMs = performance.now();
    return nowMs > this.#deadlineMs || (this.#hits.size > 0 && nowMs > this.#firstByMs);
  }

  #lookInto(segment: Segment, document: DocumentEntry): void {
    if (!this.#mayBeInTime(document)) return;
    if (document.inline >= 0) {
      const text = segment.inlineText(document.inline);
      const [match] = matchText(this.#parsed, text, { isRecord: true, limit: 1 });
      if (match === undefined) return;
      for (const place of this.#places.find(document.anchor, 0, 1, this.#filter))
        this.#add(document, place, text, match, document.start);
      return;
    }
    const bytes = this.#read(document);
    if (bytes === null) return;
    let left = MAX_HITS_PER_DOCUMENT;
    for (const piece of readPieces(bytes, document.isTranscript, (line) => mayHold(line, this.#parsed))) {
      for (const match of matchText(this.#parsed, piece.text, { isRecord: piece.isRecord, limit: left })) {
        const line = lineBytes(bytes, piece, match);
        const start = document.start + line.start;
        for (const place of this.#places.find(document.anchor, start, document.start + line.end, this.#filter))
          this.#add(document, place, piece.text, match, start);
        left -= 1;
      }
      if (left <= 0) return;
    }
  }

  /** A document's bytes; null where they are gone or damaged, or cannot hold what is looked for. */
  #read({ anchor, start, end }: DocumentEntry): Buffer | null {
    const bytes = this.#readChunk(anchor)?.subarray(start, end) ?? null;
    return bytes === null || !mayHold(bytes, this.#parsed) ? null : bytes;
  }

  #readChunk(anchor: number): Buffer | null {
    const known = this.#contents.get(anchor);
    if (known !== undefined) return known;
    try {
      const { content, isOwn } = this.#state.store.readOwned(anchor);
      if (isOwn) this.#contents.set(anchor, content);
      return content;
    } catch {
      return null; // forgotten since, or damaged: verification tells of it
    }
  }

  /** Nothing stood anywhere before it was first seen. */
  #mayBeInTime({ sequence }: DocumentEntry): boolean {
    if (this.#filter.untilMs === Number.POSITIVE_INFINITY) return true;
    const { index } = this.#state;
    const at = index.positionFrom(sequence);
    return at >= index.count || index.timeAt(at) <= this.#filter.untilMs;
  }

  #add(document: DocumentEntry, place: Place, text: string, match: TextMatch, byte: number): void {
    const { index } = this.#state;
    const { item, where, at, first, last } = place;
    const isOfFact = isFact(document);
    const cut = cutLine(text, match);
    // One fact of an item is enough; the same line of a stream is told once.
    const name = isOfFact ? `${item.key}\u0000` : `${item.key}\u0000${where}\u0000${cut.line}`;
    const known = this.#hits.get(name);
    if (known === undefined && this.#hits.size >= this.#query.limit) {
      this.#isCut = true;
      return;
    }
    const score = match.score + (isOfFact ? (where === 'title' ? 3 : 1) : 0) + at / Math.max(1, index.count);
    const hit: SearchMatch = {
      item,
      snapshotId: index.idAt(at),
      takenAtMs: index.timeAt(at),
      where,
      ...cut,
      lineNumber: 1,
      firstSeenMs: index.timeAt(first),
      lastSeenMs: index.timeAt(last),
      score,
    };
    if (known === undefined) {
      const chunk = document.anchor > 0 ? document.anchor : document.chunk;
      const lineNumber = isOfFact ? 1 : this.#places.lineNumber(place, chunk, byte);
      this.#hits.set(name, { ...hit, lineNumber });
    } else if (isOfFact) {
      if (score > known.score) this.#hits.set(name, hit);
    } else {
      this.#hits.set(name, {
        ...known,
        firstSeenMs: Math.min(known.firstSeenMs, hit.firstSeenMs),
        lastSeenMs: Math.max(known.lastSeenMs, hit.lastSeenMs),
      });
    }
  }

  async #turn(): Promise<void> {
    if (performance.now() < this.#sliceEndMs) return;
    await setImmediate();
    this.#sliceEndMs = performance.now() + SLICE_MS;
  }
}

/** A title, an address, a command: not what stood in a stream. */
function isFact({ anchor, chunk }: DocumentEntry): boolean {
  return anchor < 0 && chunk === 0;
}

/** Tells quickly of plain text that it does not hold a plain text: false is certain. */
function mayHold(bytes: Buffer, { clauses }: ParsedQuery): boolean {
  // Text may be written otherwise than it reads: control sequences, other scripts, escapes of JSON.
  if (!isAscii(bytes) || bytes.includes(ESCAPE) || bytes.includes('\\u')) return true;
  const plain = bytes.toString('latin1').toLowerCase();
  return clauses.every(({ needle }) => !PLAIN_NEEDLE.test(needle) || plain.includes(needle));
}

/** What all terms have, rising; the rarest first, so that little is compared. */
function intersect(terms: readonly number[], lookUp: (term: number) => ArrayLike<number>): ArrayLike<number> {
  const lists: ArrayLike<number>[] = [];
  for (const term of terms) {
    const list = lookUp(term);
    if (list.length === 0) return [];
    lists.push(list);
  }
  const [rarest, ...others] = lists.toSorted((a, b) => a.length - b.length);
  let result = Array.from(rarest ?? []);
  for (const other of others) {
    let at = 0;
    result = result.filter((wanted) => {
      while ((other[at] ?? Number.POSITIVE_INFINITY) < wanted) at += 1;
      return other[at] === wanted;
    });
  }
  return result;
}

/** The bytes of the line that holds a match. */
function lineBytes(
  bytes: Buffer,
  piece: TextPiece,
  match: TextMatch,
): { readonly start: number; readonly end: number } {
  if (piece.isRecord) return { start: piece.startByte, end: piece.endByte };
  let start = 0;
  for (let at = piece.text.indexOf('\n'); at >= 0 && at < match.start; at = piece.text.indexOf('\n', at + 1))
    start = bytes.indexOf(NEWLINE, start) + 1;
  const newline = bytes.indexOf(NEWLINE, start);
  return { start, end: newline < 0 ? bytes.length : newline };
}

/** @returns null where there is none, or where it is of another kind: then the search begins anew */
function parseCursor(text: string | undefined): Cursor | null {
  const found = /^([wa]):(-|\d{1,16}\.\d{1,9}):(-|\d{1,16}\.\d{1,9})$/.exec(text ?? '');
  if (found === null) return null;
  return { isAnywhere: found[1] === 'a', facts: toPosition(found[2] ?? ''), contents: toPosition(found[3] ?? '') };
}

function toPosition(text: string): Position | null {
  const [sequence, skip] = text.split('.').map(Number);
  return sequence === undefined || skip === undefined ? null : { sequence, skip };
}

function formatCursor({ isAnywhere, facts, contents }: Cursor): string {
  const format = (position: Position | null): string =>
    position === null ? '-' : `${position.sequence}.${position.skip}`;
  return `${isAnywhere ? 'a' : 'w'}:${format(facts)}:${format(contents)}`;
}
