// Lines that lie in more than one part of a stream.

import { AppError } from '../../../shared/model/app-error.ts';
import type { ChunkStore } from '../content/chunk-store.ts';
import { releaseOwner } from '../../../shared/memory/release.ts';
import type { Part } from '../log/manifest.ts';
import type { ChunkEntry } from './segment.ts';

const NEWLINE = 10;
/** Of a line that spans parts, so much is told with their border on either side. */
export const MAX_SEAM_BYTES = 64 * 1024;
const MAX_KEPT = 4;

type OwnedContent = ReturnType<ChunkStore['readOwned']>;

export interface Seam {
  readonly line: string;
  /** The last chunk that it lies in, and at which of its bytes it goes on there. */
  readonly chunk: number;
  readonly start: number;
}

export class SeamReader {
  readonly #store: ChunkStore;
  readonly #contents = new Map<number, OwnedContent>();
  readonly #dropped: OwnedContent[] = [];

  constructor(store: ChunkStore) {
    this.#store = store;
  }

  /** A chunk's content; the last few are kept. Of a damaged one nothing: verification tells of it. Valid until `sweep`. */
  read(recordId: number): Buffer {
    const known = this.#contents.get(recordId);
    if (known !== undefined) return known.content;
    const owned = readOrNothing(this.#store, recordId);
    for (const [oldest, content] of this.#contents) {
      if (this.#contents.size < MAX_KEPT) break;
      this.#contents.delete(oldest);
      this.#dropped.push(content);
    }
    this.#contents.set(recordId, owned);
    return owned.content;
  }

  /** Gives back the memory of what is no longer kept; nobody may look at it any more. */
  sweep(): void {
    for (const { content, isOwn } of this.#dropped.splice(0)) if (isOwn) releaseOwner(content);
  }

  /** Lets go of all contents. */
  clear(): void {
    this.#dropped.push(...this.#contents.values());
    this.#contents.clear();
    this.sweep();
  }

  /** True where a part begins a line of its stream. */
  isLineStart(parts: readonly Part[], at: number): boolean {
    const before = parts[at - 1];
    return before === undefined || this.#bytes(before).at(-1) === NEWLINE;
  }

  /**
   * The line at the border before a part, or after the last one, where no chunk's documents have it; and where in which chunk it goes on.
   * @param chunkOf what is known of a chunk
   */
  findSeam(parts: readonly Part[], at: number, chunkOf: (recordId: number) => ChunkEntry | undefined): Seam | null {
    const part = parts[at];
    if (part === undefined) return this.#findTail(parts, chunkOf);
    const content = this.#bytes(part);
    const newline = content.indexOf(NEWLINE);
    // The next border has all of a line that goes on.
    if (newline < 0 && at < parts.length - 1) return null;
    const isClean = this.isLineStart(parts, at);
    const isCovered =
      part.skip === 0
        ? chunkOf(part.recordId)?.isHeadCovered === true
        : at === 0 || this.read(part.recordId)[part.skip - 1] === NEWLINE;
    if (isClean && isCovered) return null;
    const end = newline < 0 ? content.length : newline;
    const head = isClean ? [] : this.#lineBefore(parts, at);
    const line = toLine([...head, content.subarray(0, Math.min(end, MAX_SEAM_BYTES))]);
    return line === null ? null : { line, chunk: part.recordId, start: part.skip };
  }

  /** The line without an end that the stream ends with. */
  #findTail(parts: readonly Part[], chunkOf: (recordId: number) => ChunkEntry | undefined): Seam | null {
    const last = parts.at(-1);
    if (last === undefined) return null;
    const content = this.#bytes(last);
    const start = content.lastIndexOf(NEWLINE) + 1;
    const chunk = chunkOf(last.recordId);
    const isCovered = last.skip + last.length === chunk?.sizeBytes && chunk.isTailCovered;
    // A part that is all of the line's end is told with the border before it.
    const isTold = start === 0 && (parts.length > 1 || last.skip > 0);
    if (isCovered || isTold || start === content.length) return null;
    const line = toLine([content.subarray(start, start + MAX_SEAM_BYTES)]);
    return line === null ? null : { line, chunk: last.recordId, start: last.skip + start };
  }

  #lineBefore(parts: readonly Part[], at: number): Buffer[] {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (let index = at - 1; index >= 0 && bytes < MAX_SEAM_BYTES; index -= 1) {
      const part = parts[index];
      if (part === undefined) break;
      const content = this.#bytes(part);
      const start = content.lastIndexOf(NEWLINE) + 1;
      pieces.unshift(content.subarray(Math.max(start, content.length - MAX_SEAM_BYTES)));
      bytes += content.length - start;
      if (start > 0) break;
    }
    return pieces;
  }

  #bytes(part: Part): Buffer {
    return this.read(part.recordId).subarray(part.skip, part.skip + part.length);
  }
}

function toLine(pieces: readonly Buffer[]): string | null {
  const line = Buffer.concat(pieces);
  return line.length === 0 || line.includes(0) ? null : line.toString('utf8');
}

function readOrNothing(store: ChunkStore, recordId: number): OwnedContent {
  try {
    return store.readOwned(recordId);
  } catch (error) {
    if (error instanceof AppError && error.code === 'VAULT_DAMAGED') return { content: Buffer.alloc(0), isOwn: false };
    throw error;
  }
}
