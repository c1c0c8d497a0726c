// Verification: is everything there that should be, and does it authenticate? The quick form looks at the structure and every seal;
// the deep form also decodes every chunk that is not proven yet, recomputes its id, and follows every reference of every manifest.

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey, SnapshotId } from '../../../shared/model/ids.ts';
import { BOX_KINDS, type BoxKind } from '../../crypto/box.ts';
import { pickHead } from '../log/head.ts';
import type { Manifest } from '../log/manifest.ts';
import type { SessionSet } from '../log/session-records.ts';
import { parseSnapshotPrefix } from '../log/snapshot-record.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { BoxReader } from '../tables/boxes.ts';
import { readHeadSlots } from '../tables/single-rows.ts';
import { iterateTimeIndex } from '../tables/time-index.ts';
import type { AffectedSnapshots, VerifyReport } from '../vault.ts';
import type { VaultFiles } from '../vault-files.ts';
import { isStillDamaged, listRowsAfter } from './check-record.ts';
import { noteProvenRanges, readProvenRanges, type ProvenRanges } from './proven-contents.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';
import {
  addFound,
  KIND_OF_TABLE,
  nameOf,
  noteVerification,
  readVerification,
  type CheckedTable,
  type DamagedRecord,
} from './verification.ts';
import { ChunkVerification } from './verify-chunks.ts';

const PAGE_ROWS = 64;
const MAX_REPORTED = 200;
const MAX_AFFECTED = 100;
const MAX_AFFECTED_ITEMS = 50;
/** What damage of it is called; it is made anew. */
export const SEARCH_INDEX = 'search index';

type BoxName = readonly [Exclude<CheckedTable, 'chunks' | 'snapshots'>, what: string];
/** What damage of each table is called. */
const BOX_NAMES: readonly BoxName[] = [
  ['keyframes', 'keyframe'],
  ['keyframe_copies', 'keyframe copy'],
  ['records', 'record'],
  ['sessions', 'session'],
  ['session_parts', 'message'],
  ['parity', 'parity'],
  ['replica_log', 'log entry for other devices'],
  ['replica_fields', 'shared field'],
];

export interface VerifyDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

interface Findings {
  checked: number;
  readonly damaged: { what: string; detail: string; snapshots: number }[];
  /** What a look in idle time would note too. */
  readonly records: DamagedRecord[];
  readonly badChunks: Set<number>;
  readonly knownChunks: Set<number>;
  /** By sequence, in the order of the log. */
  readonly affected: Map<number, AffectedSnapshots['list'][number]>;
}

/** Reads everything, in slices between which captures go on. Damage is reported, never changed. */
export async function verifyVault(
  deps: VerifyDeps,
  isDeep: boolean,
  nowMs: number,
  control: WorkControl,
): Promise<VerifyReport> {
  const { state } = deps;
  const findings: Findings = {
    checked: 0,
    damaged: [],
    records: [],
    badChunks: new Set(),
    knownChunks: new Set(),
    affected: new Map(),
  };
  const { sessions } = state; // read only now: what it lacks is among the findings of the log
  checkStructure(state, findings);
  const total = state.index.count + Number(state.readDb.prepare('SELECT count(*) FROM chunks').pluck().get());
  const report = (): void => control.onProgress({ done: Math.min(findings.checked, total), total });
  const proven = await checkChunks(state, isDeep, findings, control, report);
  for (const [table, what] of BOX_NAMES) {
    await checkBoxes(state, table, what, findings, control);
    if (table === 'session_parts') checkMessageCounts(state, sessions, findings);
  }
  await checkIndex(state, BOX_KINDS.searchSegment, state.read.searchSegments, findings, control);
  await checkIndex(state, BOX_KINDS.searchPage, state.read.searchPages, findings, control);
  await checkSnapshots(state, isDeep, findings, control, report);
  await noteVerified(deps, isDeep, nowMs, findings, proven);
  const { checked, damaged, affected } = findings;
  if (damaged.length === 0) return { ok: true, checked, damaged };
  // What does not open is not even in the index.
  const missing = Math.max(0, state.head.snapshots - state.index.count);
  const unknown = { id: null, takenAtMs: null, items: [], isReadable: false };
  const list = [...affected.values()]
    .toReversed()
    .concat(Array.from({ length: Math.min(missing, MAX_AFFECTED) }, () => unknown));
  return {
    ok: false,
    checked,
    damaged,
    affected: {
      whole: Math.max(0, state.index.count - affected.size),
      count: affected.size + missing,
      list: list.slice(0, MAX_AFFECTED),
    },
  };
}

/** What was found counts, also where it cannot be noted. Whoever else has the vault open hears of it from there. */
async function noteVerified(
  deps: VerifyDeps,
  isDeep: boolean,
  nowMs: number,
  findings: Findings,
  proven: ProvenRanges | null,
): Promise<void> {
  const { state } = deps;
  const bad = [...findings.badChunks].map((number) => ({ table: 'chunks' as const, number }));
  const found = [...findings.records, ...bad];
  try {
    await deps.withLock(() => {
      const before = readVerification(state);
      const names = new Set(found.map(nameOf));
      // Others look meanwhile, also behind where this one was: what they noted goes only where it is whole now.
      const damaged = before.damaged.filter(
        (record) => names.has(nameOf(record)) || (isStillDamaged(state, record) ?? !isDeep),
      );
      const known = { ...before, damaged, moreDamaged: 0 };
      const times = isDeep ? { quickAtMs: nowMs, deepAtMs: nowMs, pass: null } : { quickAtMs: nowMs };
      const head = findings.damaged.length === 0 ? { lastVerifiedAtMs: nowMs } : {};
      noteVerification(state, { ...known, ...times, ...addFound(known, found, nowMs) }, head);
      if (proven !== null) noteProvenRanges(state, proven);
    });
  } catch (error) {
    if (!(error instanceof AppError) || !['VAULT_DISK_FULL', 'VAULT_READ_ONLY'].includes(error.code)) throw error;
  }
}

function checkStructure(state: VaultState, findings: Findings): void {
  const quickCheck: unknown = state.readDb.pragma('quick_check(20)');
  if (Array.isArray(quickCheck)) {
    for (const row of quickCheck as { quick_check: string }[]) {
      // SQLite's own words name tables and pages, never content.
      if (row.quick_check !== 'ok') add(findings, 'file structure', row.quick_check);
    }
  }
  for (const finding of state.findings) add(findings, 'log', finding);
  const { whole } = pickHead(state.keys, readHeadSlots(state.readDb));
  findings.checked += whole;
  if (whole < 2) add(findings, 'head', 'one of the two head slots does not authenticate');
  for (const row of iterateTimeIndex(state.readDb)) {
    findings.checked += 1;
    if (!state.keys.isWhole(BOX_KINDS.timeIndex, row.recordId, row.box)) {
      add(findings, 'time index', `the block from snapshot ${row.firstSequence} on does not authenticate`);
    }
  }
}

/** Gives what is known of proven content now; null where it was not looked at. */
async function checkChunks(
  state: VaultState,
  isDeep: boolean,
  findings: Findings,
  control: WorkControl,
  report: () => void,
): Promise<ProvenRanges | null> {
  const listener = {
    onChecked: (recordId: number): void => {
      if (!findings.knownChunks.has(recordId)) findings.checked += 1;
      findings.knownChunks.add(recordId);
    },
    onBad: (recordId: number): void => {
      findings.badChunks.add(recordId);
      state.store.noteDamaged(recordId);
    },
    onUnreadable: (after: number): void => add(findings, 'chunks', `the table cannot be read behind record ${after}`),
    onPage: report,
  };
  const verification = new ChunkVerification(state, listener, control.signal);
  if (isDeep) return verification.checkContents(readProvenRanges(state));
  await verification.checkSeals();
  return null;
}

async function checkBoxes(
  state: VaultState,
  table: BoxName[0],
  what: string,
  findings: Findings,
  control: WorkControl,
): Promise<void> {
  let after = 0;
  for (;;) {
    await yieldToOthers(control.signal);
    const rows = listRowsAfter(state, table, after, PAGE_ROWS);
    for (const { number, box } of rows) {
      findings.checked += 1;
      if (state.keys.isWhole(KIND_OF_TABLE[table], number, box)) continue;
      add(findings, what, `${what} ${number} does not authenticate`);
      findings.records.push({ table, number });
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}

async function checkIndex(
  state: VaultState,
  kind: BoxKind,
  table: BoxReader,
  findings: Findings,
  control: WorkControl,
): Promise<void> {
  let after = 0;
  for (;;) {
    await yieldToOthers(control.signal);
    const rows = table.listAfter(after, PAGE_ROWS);
    for (const { number, box } of rows) {
      findings.checked += 1;
      if (!state.keys.isWhole(kind, number, box))
        add(findings, SEARCH_INDEX, `${SEARCH_INDEX} ${number} does not authenticate`);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}

/** A message that was taken out leaves its session with fewer than it says. */
function checkMessageCounts(state: VaultState, sessions: SessionSet, findings: Findings): void {
  const counts = state.read.sessionParts.countMessages();
  for (const { number, session } of sessions.all()) {
    const missing = session.messageCount - (counts.get(number) ?? 0);
    if (missing > 0 && state.sessions === sessions)
      add(findings, 'session', `session ${number} lacks ${missing} messages`);
  }
}

/** Every snapshot record, the chain through them, and what each needs. */
async function checkSnapshots(
  state: VaultState,
  isDeep: boolean,
  findings: Findings,
  control: WorkControl,
  report: () => void,
): Promise<void> {
  const touched = new Map<number, number>();
  let previous: { sequence: number; chain: Buffer } | null = null;
  for (let at = 0; at < state.index.count; at += 1) {
    if (at % PAGE_ROWS === 0) {
      await yieldToOthers(control.signal);
      report();
    }
    const sequence = state.index.sequenceAt(at);
    findings.checked += 1;
    const box = state.read.snapshots.read(sequence);
    const opened = box === undefined ? null : state.keys.open(BOX_KINDS.snapshot, sequence, box);
    if (opened === null) {
      // A prune in between may have taken it out of the index too.
      if (state.index.indexOfSequence(sequence) >= 0) {
        add(findings, 'snapshot', `snapshot record ${sequence} is missing or does not authenticate`, 1);
        findings.records.push({ table: 'snapshots', number: sequence });
        noteUnreadable(state, sequence, findings);
      }
      previous = null;
      continue;
    }
    const prefix = parseSnapshotPrefix(opened.payload);
    if (previous?.sequence === sequence - 1 && !previous.chain.equals(prefix.previousChain)) {
      add(findings, 'chain', `snapshot record ${sequence} does not continue the one before it`, 1);
    }
    previous = { sequence, chain: state.keys.chain(opened.payload) };
    if (isDeep || findings.badChunks.size > 0) countTouched(state, sequence, findings, touched);
  }
  if (
    previous !== null &&
    previous.sequence === state.head.sequence &&
    previous.chain.toString('base64') !== state.head.chain
  ) {
    add(findings, 'chain', 'the newest snapshot is not the one that the head names', 1);
  }
  for (const recordId of findings.badChunks) {
    add(findings, 'chunk', `chunk ${recordId} does not authenticate`, touched.get(recordId) ?? 0);
  }
}

function countTouched(state: VaultState, sequence: number, findings: Findings, touched: Map<number, number>): void {
  let manifest: Manifest;
  try {
    manifest = state.readSnapshot(sequence).manifest;
  } catch (error) {
    add(findings, 'snapshot', error instanceof Error ? error.message : 'a snapshot cannot be read', 1);
    noteUnreadable(state, sequence, findings);
    return;
  }
  const seen = new Set<number>();
  const items: { key: ItemKey; title: string }[] = [];
  for (const entry of manifest.values()) {
    for (const stream of entry.streams) {
      for (const part of stream.parts) {
        if (seen.has(part.recordId)) continue;
        seen.add(part.recordId);
        if (!findings.knownChunks.has(part.recordId) && state.store.facts(part.recordId) === undefined)
          findings.badChunks.add(part.recordId);
        if (findings.badChunks.has(part.recordId)) touched.set(part.recordId, (touched.get(part.recordId) ?? 0) + 1);
      }
    }
    const isBad = entry.streams.some(({ parts }) => parts.some(({ recordId }) => findings.badChunks.has(recordId)));
    if (isBad) items.push({ key: entry.key, title: entry.title });
  }
  if (items.length === 0) return;
  findings.affected.set(sequence, {
    ...pointOf(state, sequence),
    items: items.slice(0, MAX_AFFECTED_ITEMS),
    isReadable: true,
  });
}

function noteUnreadable(state: VaultState, sequence: number, findings: Findings): void {
  findings.affected.set(sequence, { ...pointOf(state, sequence), items: [], isReadable: false });
}

function pointOf(
  state: VaultState,
  sequence: number,
): { readonly id: SnapshotId | null; readonly takenAtMs: number | null } {
  const at = state.index.indexOfSequence(sequence);
  return at < 0 ? { id: null, takenAtMs: null } : { id: state.index.idAt(at), takenAtMs: state.index.timeAt(at) };
}

function add(findings: Findings, what: string, detail: string, snapshots = 0): void {
  if (findings.damaged.length < MAX_REPORTED) findings.damaged.push({ what, detail, snapshots });
}
