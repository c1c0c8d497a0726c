// The chunks of a verification: every seal, and in the deep form every content that is not proven yet. Rows are read here while the second
// thread decodes those before.

import { BOX_KINDS } from '../../crypto/box.ts';
import { release } from '../../../shared/memory/release.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { ChunkRow } from '../tables/chunks.ts';
import { ContentCheck } from './check-contents.ts';
import { isOpenRange, RangeDigest, rangeOf, lastBefore, type ProvenRanges } from './proven-contents.ts';
import { yieldToOthers } from './slices.ts';

/** Few at a time, and several times that on the way: the second thread has work while the next ones are read. */
const PAGE_ROWS = 8;
const PAGES_IN_FLIGHT = 4;

export interface ChunkListener {
  onChecked(recordId: number): void;
  onBad(recordId: number): void;
  /** The table cannot be read behind this record. */
  onUnreadable(after: number): void;
  onPage(): void;
}

/** Where a walk through the rows is: one range, and its digest as far as it was read. */
interface OpenRange {
  readonly range: number;
  readonly digest: RangeDigest;
}

export class ChunkVerification {
  readonly #state: VaultState;
  readonly #contents: ContentCheck;
  readonly #listener: ChunkListener;
  readonly #signal: AbortSignal;
  /** Ranges with a chunk that is not whole. */
  readonly #bad = new Set<number>();

  constructor(state: VaultState, listener: ChunkListener, signal: AbortSignal) {
    this.#state = state;
    this.#contents = new ContentCheck(state);
    this.#listener = listener;
    this.#signal = signal;
  }

  /** Looks at every seal. */
  async checkSeals(): Promise<void> {
    for (const rows of this.#pages(0, Infinity)) {
      await yieldToOthers(this.#signal);
      for (const row of rows) this.#checkSeal(row);
      this.#listener.onPage();
    }
  }

  /**
   * Looks at every seal, and at every content whose range is not as it was when it was proven.
   * @returns the ranges that are proven now
   */
  async checkContents(proven: ProvenRanges): Promise<ProvenRanges> {
    const endId = this.#state.head.nextRecordId;
    const found = new Map<number, string>();
    const changed: number[] = [];
    await this.#walk(0, Infinity, proven, (range, digest) => {
      if (proven.has(range) && proven.get(range) !== digest) changed.push(range);
      else if (!isOpenRange(range, endId)) found.set(range, digest);
    });
    for (const range of changed)
      await this.#walk(lastBefore(range), lastBefore(range + 1), new Map(), (_, digest) => found.set(range, digest));
    for (const range of this.#bad) found.delete(range);
    return found;
  }

  /** Rows behind `after` up to `last`; of those in known ranges the seals are enough. */
  async #walk(
    after: number,
    last: number,
    known: ProvenRanges,
    onRange: (range: number, digest: string) => void,
  ): Promise<void> {
    const inFlight: Promise<void>[] = [];
    let open = null as OpenRange | null;
    for (const rows of this.#pages(after, last)) {
      await yieldToOthers(this.#signal);
      const unproven: ChunkRow[] = [];
      for (const row of rows) {
        const range = rangeOf(row.recordId);
        if (open?.range !== range) {
          if (open !== null) onRange(open.range, open.digest.done());
          open = { range, digest: new RangeDigest() };
        }
        open.digest.add(row);
        if (known.has(range)) this.#checkSeal(row);
        else unproven.push(row);
      }
      if (unproven.length > 0) inFlight.push(this.#checkContent(unproven));
      if (inFlight.length > PAGES_IN_FLIGHT) await inFlight.shift();
      this.#listener.onPage();
    }
    if (open !== null) onRange(open.range, open.digest.done());
    await Promise.all(inFlight);
  }

  *#pages(after: number, last: number): Generator<readonly ChunkRow[], void, undefined> {
    for (let from = after; ;) {
      const page = this.#read(from);
      const rows = page.filter(({ recordId }) => recordId <= last);
      if (rows.length > 0) yield rows;
      const end = page.at(-1);
      if (end === undefined || rows.length < page.length) return;
      from = end.recordId;
    }
  }

  #read(after: number): readonly ChunkRow[] {
    try {
      return this.#state.read.chunks.listAfter(after, PAGE_ROWS);
    } catch {
      this.#listener.onUnreadable(after);
      return [];
    }
  }

  #checkSeal({ recordId, box }: ChunkRow): void {
    this.#listener.onChecked(recordId);
    if (!this.#state.keys.isWhole(BOX_KINDS.chunk, recordId, box)) this.#noteBad(recordId);
    release(box);
  }

  async #checkContent(rows: readonly ChunkRow[]): Promise<void> {
    const sealed = rows.flatMap(({ recordId, contentId, box }) => {
      this.#listener.onChecked(recordId);
      const opened = this.#state.keys.open(BOX_KINDS.chunk, recordId, box);
      release(box);
      if (opened === null) this.#noteBad(recordId);
      return opened === null ? [] : [{ ...opened, contentId }];
    });
    if (sealed.length === 0) return;
    for (const [at, isWhole] of (await this.#contents.check(sealed)).entries())
      if (!isWhole) this.#noteBad(sealed[at]?.header.recordId ?? 0);
  }

  #noteBad(recordId: number): void {
    this.#bad.add(rangeOf(recordId));
    this.#listener.onBad(recordId);
  }
}
