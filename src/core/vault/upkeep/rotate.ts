// Rotation (V3, V4): a new epoch, then every box sealed anew in small commits, then a check that none is left, and only then the
// old epochs go. Each box says its epoch, so the journal is the data itself: whatever was interrupted goes on where it stands.

import { BOX_KINDS, parseBoxHeader, type BoxKind } from '../../crypto/box.ts';
import { damaged } from '../errors.ts';
import { pickHead } from '../log/head.ts';
import { isShared } from '../log/records.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { BoxReader, BoxWriter } from '../tables/boxes.ts';
import { readHeadSlots } from '../tables/single-rows.ts';
import { iterateTimeIndex } from '../tables/time-index.ts';
import type { Progress } from '../vault.ts';
import type { VaultFiles } from '../vault-files.ts';
import { dropAllParity } from './parity.ts';
import { rememberHead } from './remember-head.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';

const SLICE_ROWS = 128;

export interface RotateDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

interface BoxTableAccess {
  readonly kind: BoxKind;
  readonly read: Pick<BoxReader, 'listAfter'>;
  readonly write: Pick<BoxWriter, 'replace'>;
}

/** Rotates, or goes on with a rotation that was interrupted. Cancelling leaves it to be continued. */
export async function rotateVault(deps: RotateDeps, nowMs: number, control: WorkControl): Promise<Progress> {
  const { state } = deps;
  await deps.withLock(() => {
    if (state.keyring.rotation !== null) return;
    state.keyring.beginRotation(state.writeDb, countBoxes(state), nowMs, { isShared: isShared(state) });
  });
  await deps.withLock(() => state.commit('Preparing the rotation', { parityThrough: 0 }, () => dropAllParity(state)));
  const total = countBoxes(state);
  let done = 0;
  for (const table of boxTables(state)) {
    let after = 0;
    for (;;) {
      await yieldToOthers(control.signal);
      const slice = await deps.withLock(() => resealSlice(state, table, after));
      if (slice === null) break;
      after = slice.last;
      done += slice.rows;
      control.onProgress({ done: Math.min(done, total), total });
    }
  }
  await deps.withLock(() => finish(state, deps.files));
  return { done: total, total };
}

/** How many boxes of a rotation under way are sealed anew already. */
export function rotationDone(state: VaultState): number {
  if (state.keyring.rotation === null) return 0;
  const { toEpoch } = state.keyring.rotation;
  let done = 0;
  for (const table of boxTables(state)) {
    for (let after = 0; ;) {
      const rows = table.read.listAfter(after, SLICE_ROWS);
      for (const row of rows) if ((parseBoxHeader(row.box)?.epoch ?? 0) >= toEpoch) done += 1;
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.number;
    }
  }
  return done;
}

function resealSlice(
  state: VaultState,
  table: BoxTableAccess,
  after: number,
): { readonly last: number; readonly rows: number } | null {
  const rows = table.read.listAfter(after, SLICE_ROWS);
  const last = rows.at(-1);
  if (last === undefined) return null;
  const epoch = state.keys.currentEpoch;
  const old = rows.filter((row) => parseBoxHeader(row.box)?.epoch !== epoch);
  if (isIndex(table.kind) && old.some((row) => state.keys.open(table.kind, row.number, row.box) === null)) {
    // The index is no more than what the snapshots say: it is made anew, and holds nothing up.
    state.commit('Dropping the search index', {}, () =>
      state.writeDb.exec('DELETE FROM search_segments; DELETE FROM search_pages;'),
    );
    return null;
  }
  const fresh = old.map((row) => ({ number: row.number, box: reseal(state, table.kind, row.number, row.box) }));
  if (fresh.length > 0) {
    state.commit('Sealing anew', {}, () => {
      for (const row of fresh) table.write.replace(row.number, row.box);
    });
  }
  return { last: last.number, rows: rows.length };
}

function isIndex(kind: BoxKind): boolean {
  return kind === BOX_KINDS.searchSegment || kind === BOX_KINDS.searchPage;
}

/** @throws AppError VAULT_DAMAGED: a box that does not open keeps its old seal, and the old epoch stays */
function reseal(state: VaultState, kind: BoxKind, number: number, box: Buffer): Buffer {
  const opened = state.keys.open(kind, number, box);
  if (opened === null)
    throw damaged(`record ${number} does not authenticate, so the rotation stopped and the old keys stay`);
  return state.keys.seal(kind, opened.header.codec, number, opened.payload);
}

/** The last slice: time index, heads, sidecar; then nothing may be left under an old epoch. */
function finish(state: VaultState, files: VaultFiles): void {
  const epoch = state.keys.currentEpoch;
  const blocks = [...iterateTimeIndex(state.readDb)].filter((row) => parseBoxHeader(row.box)?.epoch !== epoch);
  state.commit('Sealing the time index anew', {}, () => {
    for (const row of blocks)
      state.write.timeIndex.replaceBox(row.firstSequence, reseal(state, BOX_KINDS.timeIndex, row.recordId, row.box));
  });
  // Twice, since the two head slots are written in turn.
  state.commit('Sealing the head anew', {}, () => undefined);
  state.commit('Sealing the head anew', {}, () => undefined);
  assertNothingOld(state, epoch);
  state.keyring.endRotation(state.writeDb, { isShared: isShared(state) });
  rememberHead(state, files.sidecar);
}

function assertNothingOld(state: VaultState, epoch: number): void {
  for (const table of boxTables(state)) {
    for (let after = 0; ;) {
      const rows = table.read.listAfter(after, SLICE_ROWS);
      for (const row of rows) {
        const opened = state.keys.open(table.kind, row.number, row.box);
        if (opened?.header.epoch !== epoch)
          throw damaged(`record ${row.number} was not sealed anew, so the old keys stay`);
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.number;
    }
  }
  if (pickHead(state.keys, readHeadSlots(state.readDb)).whole < 2)
    throw damaged('a head slot was not sealed anew, so the old keys stay');
}

function countBoxes(state: VaultState): number {
  const count = (table: string): number => Number(state.readDb.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  return [
    'chunks',
    'keyframes',
    'keyframe_copies',
    'snapshots',
    'records',
    'sessions',
    'session_parts',
    'search_segments',
    'search_pages',
    'replica_log',
    'replica_fields',
  ].reduce((sum, table) => sum + count(table), 0);
}

function boxTables(state: VaultState): BoxTableAccess[] {
  const chunks: BoxTableAccess = {
    kind: BOX_KINDS.chunk,
    read: {
      listAfter: (after, limit) =>
        state.read.chunks.listAfter(after, limit).map((row) => ({ number: row.recordId, box: row.box })),
    },
    write: { replace: (number, box) => state.write.chunks.replaceBox(number, box) },
  };
  return [
    chunks,
    { kind: BOX_KINDS.keyframe, read: state.read.keyframes, write: state.write.keyframes },
    { kind: BOX_KINDS.keyframe, read: state.read.keyframeCopies, write: state.write.keyframeCopies },
    { kind: BOX_KINDS.snapshot, read: state.read.snapshots, write: state.write.snapshots },
    { kind: BOX_KINDS.record, read: state.read.records, write: state.write.records },
    { kind: BOX_KINDS.record, read: state.read.sessions, write: state.write.sessions },
    { kind: BOX_KINDS.record, read: state.read.sessionBoxes, write: state.write.sessionParts },
    { kind: BOX_KINDS.searchSegment, read: state.read.searchSegments, write: state.write.searchSegments },
    { kind: BOX_KINDS.searchPage, read: state.read.searchPages, write: state.write.searchPages },
    { kind: BOX_KINDS.replicaLog, read: state.read.replicaLog, write: state.write.replicaLog },
    { kind: BOX_KINDS.record, read: state.read.replicaFields, write: state.write.replicaFields },
  ];
}
