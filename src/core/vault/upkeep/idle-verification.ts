// Looks through the whole vault in idle slices: what a start relies on at once, everything else a few milliseconds at a time, each month
// anew. Where it stands is sealed in the vault, so that it goes on after a start and in whichever process has time.

import { BOX_KINDS } from '../../crypto/box.ts';
import { parseSnapshotPrefix } from '../log/snapshot-record.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { VaultHealth, VerifySliceOptions } from '../vault.ts';
import type { ChunkRow } from '../tables/chunks.ts';
import { findDamage, isStillDamaged, listRowsAfter, readRow, type CheckedRow } from './check-record.ts';
import { noteProvenRanges, RangeProver, readProvenRanges } from './proven-contents.ts';
import { yieldToOthers } from './slices.ts';
import {
  addFound,
  CHECKED_TABLES,
  healthOf,
  noteVerification,
  readVerification,
  type DamagedRecord,
  type VerificationPass,
} from './verification.ts';

/** Rows that are read at a time: a slice must be able to end after each. */
const PAGE_ROWS = 8;
/** What a start looks at: the newest snapshots, and what they need to be read. */
const QUICK_SNAPSHOTS = 64;
/** Noting the place is a commit: after a start so many slices are done twice at most. */
const NOTE_EVERY_SLICES = 10;

export interface IdleVerificationDeps {
  readonly state: VaultState;
  /** Runs a change with the writer's lock held. */
  write(work: () => void): Promise<void>;
}

export class IdleVerification {
  readonly #deps: IdleVerificationDeps;
  #hasLooked = false;
  /** Where this process is, which may be ahead of what is noted. */
  #pass: VerificationPass | null = null;
  #slicesSinceNote = 0;
  readonly #prover = new RangeProver();
  #newestChain: { readonly number: number; readonly chain: Buffer } | null = null;

  constructor(deps: IdleVerificationDeps) {
    this.#deps = deps;
  }

  health(): VaultHealth {
    return healthOf(this.#deps.state, this.#pass);
  }

  /** Does as much as the budget gives, one row at least. @throws AppError CANCELLED */
  async slice({ budgetMs, nowMs, everyMs }: VerifySliceOptions, signal: AbortSignal): Promise<VaultHealth> {
    const end = performance.now() + budgetMs;
    await this.#lookAgain();
    if (!this.#hasLooked) await this.#lookQuickly(nowMs);
    this.#pass = await this.#findPass(nowMs, everyMs);
    // However little time there is, it comes to its end.
    do {
      if (this.#pass !== null) this.#pass = await this.#goOn(this.#pass, end, nowMs, signal);
    } while (this.#pass !== null && performance.now() < end);
    this.#slicesSinceNote += 1;
    if (this.#pass !== null && this.#slicesSinceNote >= NOTE_EVERY_SLICES) await this.#note({ pass: this.#pass });
    return this.health();
  }

  /** Call with the writer's lock held and the state refreshed. */
  noteProgress(): void {
    const { state } = this.#deps;
    const pass = this.#pass;
    const noted = readVerification(state).pass;
    if (pass !== null && noted !== null && noted !== pass && isAhead(pass, noted)) noteVerification(state, { pass });
  }

  /** What was found damaged may be whole by now; what is not, whoever found it, is stored anew here when its content comes again. */
  async #lookAgain(): Promise<void> {
    const { state } = this.#deps;
    const { damaged, moreDamaged } = readVerification(state);
    const still = damaged.filter((record) => {
      const isDamaged = isStillDamaged(state, record);
      if (isDamaged === true && record.table === 'chunks') state.store.noteDamaged(record.number);
      // What is named and not there is looked for again by the next look through everything.
      return isDamaged !== false;
    });
    if (still.length < damaged.length)
      await this.#note({ damaged: still, moreDamaged: still.length === 0 ? 0 : moreDamaged });
  }

  /** The newest snapshots with their chain to the head, and the keyframes that they need: what the next restore would use. */
  async #lookQuickly(nowMs: number): Promise<void> {
    const { state } = this.#deps;
    const found: DamagedRecord[] = [];
    const keyframes = new Set<number>();
    for (let at = Math.max(0, state.index.count - QUICK_SNAPSHOTS); at < state.index.count; at += 1) {
      const number = state.index.sequenceAt(at);
      const row = readRow(state, 'snapshots', number);
      found.push(...(row === undefined ? [{ table: 'snapshots' as const, number }] : this.#damageOf('snapshots', row)));
      keyframes.add(state.index.keyframeAt(at));
    }
    for (const number of keyframes) {
      const row = readRow(state, 'keyframes', number);
      found.push(
        ...(row === undefined ? [{ table: 'keyframes' as const, number }] : findDamage(state, 'keyframes', row)),
      );
    }
    this.#hasLooked = true;
    await this.#note({ quickAtMs: nowMs, ...addFound(readVerification(state), found, nowMs) });
  }

  /** The look that is under way, here or wherever it was noted last; a new one where it is time. */
  async #findPass(nowMs: number, everyMs: number): Promise<VerificationPass | null> {
    const { state } = this.#deps;
    if (everyMs === 0) return null;
    const { pass, passes, deepAtMs } = readVerification(state);
    if (pass !== null) return isAhead(this.#pass, pass) ? this.#pass : pass;
    // One of the future was made while the clock was wrong.
    const isDue = deepAtMs === null || deepAtMs > nowMs || nowMs - deepAtMs >= everyMs;
    if (!isDue || state.index.count === 0) return null;
    const begun = { pass: passes + 1, table: CHECKED_TABLES[0], after: 0, checked: 0, total: countRows(state) };
    await this.#note({ pass: begun, passes: begun.pass, moreDamaged: 0 });
    return begun;
  }

  /** A few rows, or on to the next table; null at the end. */
  async #goOn(
    pass: VerificationPass,
    end: number,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<VerificationPass | null> {
    const { state } = this.#deps;
    const rows = listRowsAfter(state, pass.table, pass.after, PAGE_ROWS);
    const found: DamagedRecord[] = [];
    let next = rows.length > 0 ? pass : nextTable(pass);
    if (next?.table !== pass.table && pass.table === 'chunks') await this.#noteProven();
    for (const row of rows) {
      if (pass.table === 'chunks') this.#prover.add(chunkOf(row), next?.after ?? 0);
      const damage = this.#damageOf(pass.table, row);
      if (damage.length > 0) this.#prover.giveUp();
      found.push(...damage);
      next = { ...pass, after: row.number, checked: (next?.checked ?? 0) + 1 };
      await yieldToOthers(signal);
      if (performance.now() >= end) break;
    }
    if (next === null) await this.#finish(pass, nowMs);
    else if (found.length > 0) await this.#note({ pass: next, ...addFound(readVerification(state), found, nowMs) });
    return next;
  }

  /** Of a snapshot also its place in the chain behind the one that was looked at before. */
  #damageOf(table: VerificationPass['table'], row: Parameters<typeof findDamage>[2]): DamagedRecord[] {
    const { state } = this.#deps;
    const opened = table === 'snapshots' ? state.keys.open(BOX_KINDS.snapshot, row.number, row.box) : null;
    const found = findDamage(state, table, row);
    for (const { table: of, number } of found) if (of === 'chunks') state.store.noteDamaged(number);
    if (opened === null || found.some((record) => record.table === 'snapshots')) return found;
    const before = this.#newestChain;
    const { previousChain } = parseSnapshotPrefix(opened.payload);
    const isInChain = before?.number !== row.number - 1 || before.chain.equals(previousChain);
    this.#newestChain = { number: row.number, chain: state.keys.chain(opened.payload) };
    return isInChain ? found : [...found, { table, number: row.number }];
  }

  /** What was known before and was not seen again is whole, or is no longer named. */
  async #finish({ pass }: VerificationPass, nowMs: number): Promise<void> {
    const { state } = this.#deps;
    const known = readVerification(state);
    const damaged = known.damaged.filter(({ seenIn }) => seenIn >= pass);
    const changes = { pass: null, deepAtMs: nowMs, damaged };
    await this.#deps.write(() =>
      noteVerification(state, changes, damaged.length === 0 ? { lastVerifiedAtMs: nowMs } : {}),
    );
  }

  #noteProven(): Promise<void> {
    const { state } = this.#deps;
    const proven = this.#prover.end(state.head.nextRecordId);
    return this.#deps.write(() => noteProvenRanges(state, new Map([...readProvenRanges(state), ...proven])));
  }

  #note(changes: Parameters<typeof noteVerification>[1]): Promise<void> {
    this.#slicesSinceNote = 0;
    return this.#deps.write(() => noteVerification(this.#deps.state, changes));
  }
}

function chunkOf({ number, contentId, box }: CheckedRow): ChunkRow {
  return { recordId: number, contentId: contentId ?? Buffer.alloc(0), box };
}

function isAhead(own: VerificationPass | null, noted: VerificationPass): boolean {
  if (own?.pass !== noted.pass) return false;
  const order = CHECKED_TABLES.indexOf(own.table) - CHECKED_TABLES.indexOf(noted.table);
  return order > 0 || (order === 0 && own.after >= noted.after);
}

function nextTable(pass: VerificationPass): VerificationPass | null {
  const table = CHECKED_TABLES[CHECKED_TABLES.indexOf(pass.table) + 1];
  return table === undefined ? null : { ...pass, table, after: 0 };
}

function countRows({ read, readDb }: VaultState): number {
  const boxes = [read.keyframes, read.keyframeCopies, read.snapshots, read.records, read.parity, read.sessions];
  const chunks = Number(readDb.prepare('SELECT count(*) FROM chunks').pluck().get());
  return boxes.reduce((sum, table) => sum + table.count(), chunks + read.sessionBoxes.count());
}
