// Follows the log, snapshot by snapshot: what a snapshot has and the one before had not becomes documents and uses of the young segment.
// Each chunk is read once, when it is first named. Lines that two parts of a stream share are kept whole beside them, so that every
// line of every stream is found whatever it was cut into.

import type { ItemKey } from '../../../shared/model/ids.ts';
import { projectOf, repositoryRoots, type ProjectRoot } from '../../../shared/timeline/project.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { ChunkStore } from '../content/chunk-store.ts';
import type { ItemEntry, Manifest, Part, StreamEntry } from '../log/manifest.ts';
import { factAnchor, factsOf, type ItemFact } from './item-facts.ts';
import { isBinary, readLine, readPieces } from './searchable-text.ts';
import type { ChunkEntry, FoundItem, UseEntry } from './segment.ts';
import { MAX_SEAM_BYTES, SeamReader } from './seams.ts';
import { TermCollector } from './terms.ts';
import type { YoungSegment } from './young-segment.ts';

const NEWLINE = 10;
/** A document ends at the line end after so many bytes. */
const DOCUMENT_BYTES = 32 * 1024;
/** A line that is longer is cut. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** Bytes that are compared to see that text only moved into another chunk. */
const MAX_MOVED_BYTES = 2 * 1024 * 1024;
const MIN_MOVED_BYTES = 8;

/** What is known of earlier snapshots. */
export interface KnownUses {
  chunk(anchor: number): ChunkEntry | undefined;
  /** The uses of a chunk or fact in a stream of an item that have not ended. */
  openUses(anchor: number, key: ItemKey, name: string): readonly Pick<UseEntry, 'skip' | 'length' | 'first'>[];
}

export interface FollowDeps {
  readonly keys: KeyTree;
  readonly store: ChunkStore;
  readonly known: KnownUses;
  /** The segment that grows now: another one after a turn, if it was full. */
  young(): YoungSegment;
  /** Lets others work, from time to time. */
  turn(): Promise<void>;
}

export class LogFollower {
  readonly #deps: FollowDeps;
  readonly #terms = new TermCollector();
  readonly #seams: SeamReader;
  #sequence = 0;
  #isResumed = false;

  constructor(deps: FollowDeps) {
    this.#deps = deps;
    this.#seams = new SeamReader(deps.store);
  }

  /**
   * Takes in what changed from the snapshot before to this one.
   * @param options.isResumed where it may have been begun before: what is known already is not noted again
   */
  async follow(
    before: Manifest,
    after: Manifest,
    sequence: number,
    options: { readonly isResumed: boolean },
  ): Promise<void> {
    this.#sequence = sequence;
    this.#isResumed = options.isResumed;
    if (before !== after) {
      const roots = repositoryRoots(after.values());
      for (const [key, entry] of before) if (!after.has(key)) this.#endItem(entry);
      for (const [key, entry] of after) {
        const earlier = before.get(key);
        if (earlier === entry) continue;
        await this.#followItem(earlier, entry, roots);
        await this.#deps.turn();
      }
    }
    this.#seams.clear();
    this.#deps.young().through = sequence;
  }

  #endItem(entry: ItemEntry): void {
    const item = toFoundItem(entry, []);
    for (const fact of factsOf(entry)) this.#endFact(item, fact);
    for (const stream of entry.streams) this.#endStream(item, stream);
  }

  #endStream(item: FoundItem, stream: StreamEntry): void {
    for (const part of stream.parts) this.#endPart(item, stream.name, part);
    for (const seam of seamNames(stream.parts)) this.#endFact(item, { where: stream.name, text: seam });
  }

  async #followItem(earlier: ItemEntry | undefined, entry: ItemEntry, roots: readonly ProjectRoot[]): Promise<void> {
    const item = toFoundItem(entry, roots);
    if (earlier?.facts !== entry.facts) this.#followFacts(earlier, entry, item);
    const old = new Map(earlier?.streams.map((stream) => [stream.name, stream]));
    for (const stream of entry.streams) {
      const before = old.get(stream.name);
      old.delete(stream.name);
      if (before === stream) continue;
      await this.#followStream(item, before, stream);
    }
    for (const stream of old.values()) this.#endStream(item, stream);
  }

  #followFacts(earlier: ItemEntry | undefined, entry: ItemEntry, item: FoundItem): void {
    const { keys } = this.#deps;
    const young = this.#deps.young();
    const old = new Map(earlier === undefined ? [] : factsOf(earlier).map((fact) => [nameOf(fact), fact]));
    for (const fact of new Map(factsOf(entry).map((own) => [nameOf(own), own])).values()) {
      if (old.delete(nameOf(fact))) continue;
      const anchor = factAnchor(keys, entry.key, fact);
      if (this.#isResumed && this.#isKnown(anchor, item.key, fact.where, 0, 1)) continue;
      const name = young.nameNumber(fact.where);
      if (!young.hasDocuments(anchor)) this.#addText(anchor, { chunk: 0, start: 0 }, fact.text, false);
      young.addUse({
        anchor,
        skip: 0,
        length: 1,
        item: young.itemNumber(item),
        name,
        first: this.#sequence,
        last: 0,
      });
    }
    for (const fact of old.values()) this.#endFact(item, fact);
  }

  async #followStream(item: FoundItem, earlier: StreamEntry | undefined, stream: StreamEntry): Promise<void> {
    const ended = new Map(earlier?.parts.map((part) => [partName(part), part]));
    const kept = new Set(ended.keys());
    const begun: number[] = [];
    for (const [at, part] of stream.parts.entries()) {
      const name = partName(part);
      ended.delete(name);
      if (!kept.has(name)) begun.push(at);
      kept.add(name);
    }
    for (const at of begun) {
      this.#indexChunk(stream, at);
      this.#seams.sweep();
      await this.#deps.turn();
    }
    this.#followSeams(item, earlier, stream);
    this.#replaceUses(item, stream, begun, [...ended.values()]);
  }

  /** Ends and begins uses, without a turn in between: what moved goes on where it is now. */
  #replaceUses(item: FoundItem, stream: StreamEntry, begun: readonly number[], ended: readonly Part[]): void {
    const moved = begun.length === 0 ? [] : this.#movedUses(item.key, stream.name, ended);
    for (const part of ended) this.#endPart(item, stream.name, part);
    const touched = new Set(ended.map((part) => part.recordId));
    const fresh = new Set(begun);
    for (const [at, part] of stream.parts.entries()) {
      // Another part of the same chunk may have lost its use to the one that ended.
      const isLost =
        touched.has(part.recordId) && !this.#isKnown(part.recordId, item.key, stream.name, part.skip, part.length);
      if (fresh.has(at) || isLost) this.#beginPart(item, stream.name, part, moved);
    }
  }

  /** Makes a chunk's documents, if it has none: of its whole lines. */
  #indexChunk(stream: StreamEntry, at: number): void {
    const young = this.#deps.young();
    const part = stream.parts[at];
    if (part === undefined || this.#deps.known.chunk(part.recordId) !== undefined) return;
    const anchor = part.recordId;
    const bytes = this.#seams.read(anchor);
    const first = bytes.indexOf(NEWLINE);
    const last = bytes.lastIndexOf(NEWLINE);
    const headBytes = first < 0 ? bytes.length : first + 1;
    // A line that goes on elsewhere is told with the border, for as long as it is so; unless it is very long.
    const isTailCovered = last === bytes.length - 1 || bytes.length - last > MAX_SEAM_BYTES;
    const isClean = part.skip === 0 && this.#seams.isLineStart(stream.parts, at);
    const isHeadCovered = headBytes > MAX_SEAM_BYTES || (isClean && (first >= 0 || isTailCovered));
    young.noteChunk({
      anchor,
      lines: countNewlines(bytes),
      sizeBytes: bytes.length,
      isHeadCovered,
      isTailCovered,
    });
    if (isBinary(bytes)) return;
    const start = isHeadCovered ? 0 : headBytes;
    const end = isTailCovered ? bytes.length : last + 1;
    const isTranscript = stream.kind === 'append';
    for (let from = start; from < end;) {
      const to = documentEnd(bytes, from, end);
      this.#terms.begin();
      for (const piece of readPieces(bytes.subarray(from, to), isTranscript)) this.#terms.collect(piece.text);
      young.addDocument(
        { anchor, start: from, end: to, sequence: this.#sequence, chunk: 0, isTranscript },
        this.#terms.terms,
        null,
      );
      from = to;
    }
  }

  /** Lines that no chunk's documents have, since they span parts: kept as texts, for as long as the same parts stand side by side. */
  #followSeams(item: FoundItem, earlier: StreamEntry | undefined, stream: StreamEntry): void {
    const young = this.#deps.young();
    const isTranscript = stream.kind === 'append';
    const old = new Set(earlier === undefined ? [] : seamNames(earlier.parts));
    for (const [at, seam] of seamNames(stream.parts).entries()) {
      if (old.delete(seam)) continue;
      const found = this.#seams.findSeam(stream.parts, at, (recordId) => this.#deps.known.chunk(recordId));
      if (found === null) continue;
      const anchor = factAnchor(this.#deps.keys, item.key, { where: stream.name, text: seam });
      if (this.#isResumed && this.#isKnown(anchor, item.key, stream.name, 0, 1)) continue;
      this.#addText(anchor, found, readLine(found.line, isTranscript), isTranscript);
      const name = young.nameNumber(stream.name);
      const use = { anchor, skip: 0, length: 1, item: young.itemNumber(item), name };
      young.addUse({ ...use, first: this.#sequence, last: 0 });
    }
    for (const seam of old) this.#endFact(item, { where: stream.name, text: seam });
  }

  #addText(
    anchor: number,
    { chunk, start }: { readonly chunk: number; readonly start: number },
    text: string,
    isTranscript: boolean,
  ): void {
    if (text === '') return;
    this.#terms.begin();
    this.#terms.collect(text);
    this.#deps
      .young()
      .addDocument(
        { anchor, start, end: start + 1, sequence: this.#sequence, chunk, isTranscript },
        this.#terms.terms,
        text,
      );
  }

  /** Uses that end here, with their bytes: they may have moved into other chunks, which changes nothing for the reader. */
  #movedUses(key: ItemKey, name: string, ended: readonly Part[]): readonly MovedUse[] {
    const moved: MovedUse[] = [];
    let budget = MAX_MOVED_BYTES;
    for (const part of ended) {
      const uses = this.#openUsesIn(key, name, part);
      budget -= part.length;
      for (const use of uses) {
        const isRead = budget > 0 && use.length >= MIN_MOVED_BYTES;
        const bytes = isRead ? this.#seams.read(part.recordId).subarray(use.skip, use.skip + use.length) : null;
        moved.push({ anchor: part.recordId, ...use, bytes });
      }
    }
    return moved;
  }

  /** Begins the uses of a part: what moved here keeps its beginning. */
  #beginPart(item: FoundItem, streamName: string, part: Part, moved: readonly MovedUse[]): void {
    const young = this.#deps.young();
    const anchor = part.recordId;
    const name = young.nameNumber(streamName);
    const begin = (skip: number, length: number, first: number): void => {
      if (length === 0 || (this.#isResumed && this.#isKnown(anchor, item.key, streamName, skip, length))) return;
      young.addUse({ anchor, skip, length, item: young.itemNumber(item), name, first, last: 0 });
    };
    const end = part.skip + part.length;
    let at = part.skip;
    const content = moved.length === 0 ? null : this.#seams.read(part.recordId).subarray(0, end);
    for (const use of moved) {
      const span = content === null ? null : findMoved(use, part, content, at);
      if (span === null) continue;
      begin(at, span.start - at, this.#sequence);
      begin(span.start, span.end - span.start, use.first);
      at = span.end;
    }
    begin(at, end - at, this.#sequence);
  }

  #isKnown(anchor: number, key: ItemKey, name: string, skip: number, length: number): boolean {
    return this.#deps.known
      .openUses(anchor, key, name)
      .some((use) => use.skip <= skip && use.skip + use.length >= skip + length);
  }

  #endFact(item: FoundItem, fact: ItemFact): void {
    const anchor = factAnchor(this.#deps.keys, item.key, fact);
    for (const use of this.#deps.known.openUses(anchor, item.key, fact.where))
      this.#endUse(anchor, use, item, fact.where);
  }

  #endPart(item: FoundItem, name: string, part: Part): void {
    for (const use of this.#openUsesIn(item.key, name, part)) this.#endUse(part.recordId, use, item, name);
  }

  #openUsesIn(key: ItemKey, name: string, part: Part) {
    return this.#deps.known
      .openUses(part.recordId, key, name)
      .filter((use) => use.skip >= part.skip && use.skip + use.length <= part.skip + part.length);
  }

  #endUse(anchor: number, { skip, length }: Pick<UseEntry, 'skip' | 'length'>, item: FoundItem, where: string): void {
    const young = this.#deps.young();
    const name = young.nameNumber(where);
    const last = this.#sequence - 1;
    if (young.endUse({ anchor, skip, length, name }, item.key, last)) return;
    young.addUse({ anchor, skip, length, item: young.itemNumber(item), name, first: 0, last });
  }
}

interface MovedUse extends Pick<UseEntry, 'anchor' | 'skip' | 'length' | 'first'> {
  readonly bytes: Buffer | null;
}

/** Where the bytes of a use that ends stand in a part that begins, from a position on. */
function findMoved(
  use: MovedUse,
  part: Part,
  content: Buffer,
  from: number,
): { readonly start: number; readonly end: number } | null {
  const end = part.skip + part.length;
  if (use.anchor === part.recordId)
    return toWholeLines(content, Math.max(use.skip, from), Math.min(use.skip + use.length, end), part.skip);
  if (use.bytes === null) return null;
  const start = content.indexOf(use.bytes, from);
  return start < 0 ? null : toWholeLines(content, start, start + use.length, part.skip);
}

/** The whole lines of a run of bytes: a line that is only partly there has changed. Null where there are none. */
function toWholeLines(
  content: Buffer,
  from: number,
  to: number,
  partStart: number,
): { readonly start: number; readonly end: number } | null {
  const isStart = from === partStart || content[from - 1] === NEWLINE;
  const newline = isStart ? from - 1 : content.indexOf(NEWLINE, from);
  if (!isStart && newline < 0) return null;
  const end = to === content.length ? to : content.lastIndexOf(NEWLINE, to - 1) + 1;
  return end > newline + 1 ? { start: newline + 1, end } : null;
}

function documentEnd(bytes: Buffer, from: number, end: number): number {
  if (end - from <= DOCUMENT_BYTES) return end;
  const newline = bytes.indexOf(NEWLINE, from + DOCUMENT_BYTES);
  return Math.min(newline < 0 ? end : newline + 1, end, from + MAX_LINE_BYTES);
}

export function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function toFoundItem(entry: ItemEntry, roots: readonly ProjectRoot[]): FoundItem {
  const { key, kind, source, group, title } = entry;
  return { key, kind, source, group, title, project: projectOf(entry, roots) ?? '' };
}

function nameOf({ where, text }: ItemFact): string {
  return `${where}\u0000${text}`;
}

function partName(part: Part): string {
  return `${part.recordId} ${part.skip} ${part.length}`;
}

/** Before each part and after the last: what stands there, two parts before it and one after it. */
function seamNames(parts: readonly Part[]): string[] {
  const name = (at: number): string => {
    const part = parts[at];
    return part === undefined ? '' : `${part.recordId}.${part.skip}.${part.length}`;
  };
  return Array.from(
    { length: parts.length + 1 },
    (_, at) => `${name(at - 2)}|${name(at - 1)}|${name(at)}|${name(at + 1)}`,
  );
}
