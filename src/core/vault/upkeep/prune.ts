// Forgetting (V17): retention says which snapshots go; then chunks that no manifest names any more are swept, in slices that a
// capture may interrupt, and the space goes back to the file system. Safe against a kill at any point: first the snapshots go, in
// one commit, and whatever is then unnamed is found again by the next prune.

import type { CheckpointId, SnapshotId } from '../../../shared/model/ids.ts';
import type { KeptSnapshot, RetentionLimits } from '../../../shared/model/retention.ts';
import { explainRetention, planRetention, type RetentionInput } from '../../../shared/retention/plan-retention.ts';
import { readFileSizes } from '../database.ts';
import { damaged } from '../errors.ts';
import { sealIndexBlocks } from '../log/index-blocks.ts';
import type { Manifest } from '../log/manifest.ts';
import { listOf, planNote, type Note } from '../log/notes.ts';
import { REPLICA_SETTINGS } from '../log/records.ts';
import { parseSnapshotPrefix } from '../log/snapshot-record.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { PruneReport } from '../vault.ts';
import { groupsOf, rebuildGroups } from './parity.ts';
import { yieldToOthers, type WorkControl } from './slices.ts';

const MARK_SLICE = 32;
const SWEEP_SLICE = 256;
/** Moved pages go through the log first: a slice must fit where there is next to no room. */
const VACUUM_PAGES = 128;

export interface PruneDeps {
  readonly state: VaultState;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
  /** What the search index must do in the commit that forgets snapshots from a sequence on, and after it. */
  forgetFrom(sequence: number): { readonly removeInto: () => void; readonly done: () => void };
  /** Called when content has gone, before the space is given back. */
  afterSweep(): Promise<void>;
}

/** What a prune would do and does. In a dry run nothing is written and `freedBytes` is the sum of the boxes that would go. */
export async function pruneVault(
  deps: PruneDeps,
  limits: RetentionLimits,
  nowMs: number,
  isDryRun: boolean,
  control: WorkControl,
): Promise<PruneReport> {
  const { state } = deps;
  const before = state.writeDb.name === '' ? 0 : occupiedBytes(state);
  const plan = planFor(state, limits, nowMs);
  if (isDryRun) {
    const marks = await markLive(state, new Set(plan.remove), control);
    const freedBytes = await countUnmarked(state, marks, new Set(plan.remove), control);
    return { plan, freedBytes, removedSnapshots: plan.remove.length };
  }
  await removeAndSweep(deps, () => planFor(state, limits, nowMs), control, { isForgetting: false });
  return { plan, freedBytes: Math.max(0, before - occupiedBytes(state)), removedSnapshots: plan.remove.length };
}

/** Removes what the plan names, in one commit, then whatever nothing names any more. The plan is made with the lock held. */
export async function removeAndSweep(
  deps: PruneDeps,
  plan: () => Pick<PruneReport['plan'], 'remove' | 'removeCheckpoints'>,
  control: WorkControl,
  options: { readonly isForgetting: boolean },
): Promise<void> {
  await deps.withLock(() => {
    assertAllListed(deps.state);
    removeSnapshots(deps, plan(), options);
    emptyLog(deps.state);
  });
  const marks = await markLive(deps.state, new Set(), control);
  await sweep(deps, marks, control);
  await deps.afterSweep();
  await giveBack(deps, control);
}

/** What is not listed would be swept as if nobody needed it. @throws AppError VAULT_DAMAGED */
function assertAllListed(state: VaultState): void {
  const rows = state.read.snapshots.count();
  if (rows !== state.index.count)
    throw damaged(`the time index lists ${state.index.count} of ${rows} snapshots, so nothing was pruned`);
}

/** Why each of some snapshots is kept, and until when; unknown ones are left out. */
export function explainKept(
  state: VaultState,
  ids: readonly SnapshotId[],
  limits: RetentionLimits,
  nowMs: number,
): KeptSnapshot[] {
  const known = ids.filter((id) => state.index.indexOfId(id) >= 0);
  return explainRetention(retentionInput(state, limits, nowMs), new Set(known));
}

function planFor(state: VaultState, limits: RetentionLimits, nowMs: number): PruneReport['plan'] {
  return planRetention(retentionInput(state, limits, nowMs));
}

function retentionInput(state: VaultState, limits: RetentionLimits, nowMs: number): RetentionInput {
  const { index } = state;
  return {
    snapshots: {
      count: index.count,
      timeAt: (at) => index.timeAt(at),
      kindAt: (at) => index.kindAt(at),
      idAt: (at) => index.idAt(at),
    },
    checkpoints: state.records.checkpoints().map((record) => record.checkpoint),
    lastGood: [...state.latest.marks.values()].map((mark) => mark.snapshot),
    nowMs,
    limits,
  };
}

/** Removes snapshots, their checkpoints' attributes and unused keyframes, and rewrites the index: one commit. */
function removeSnapshots(
  deps: PruneDeps,
  plan: Pick<PruneReport['plan'], 'remove' | 'removeCheckpoints'>,
  { isForgetting }: { readonly isForgetting: boolean },
): void {
  const { state } = deps;
  if (plan.remove.length === 0 && plan.removeCheckpoints.length === 0) return;
  const gone = new Set<SnapshotId>(plan.remove);
  const { index, head, write } = state;
  const removedSequences: number[] = [];
  for (let at = 0; at < index.count; at += 1) if (gone.has(index.idAt(at))) removedSequences.push(index.sequenceAt(at));
  const removedSet = new Set(removedSequences);
  const recordIds = plan.removeCheckpoints
    .map((id) => state.records.findCheckpoint(id as CheckpointId)?.recordId) // ids come from the records themselves
    .filter((recordId) => recordId !== undefined);
  const firstAffected = removedSequences[0] ?? index.sequenceAt(index.count - 1) + 1;
  const next = copyWithout(state, removedSet);
  // Where the newest snapshots go, the next one begins a keyframe of its own: theirs holds what is to be forgotten.
  const isNewestGone = removedSet.has(state.latest.sequence);
  const keyframe = isNewestGone ? 0 : head.keyframe;
  const keyframes = usedKeyframes(state, next, { head: keyframe, removedRecords: new Set(recordIds) });
  // Everything up to the head will count as indexed: what no block holds yet belongs into one too.
  const rebuildFrom = Math.min(blockStartBefore(state, firstAffected), head.indexedThrough + 1);
  const blocks = sealIndexBlocks(state, next, rebuildFrom);
  // Thinned out content leaves the search index when that is next written; what is to be forgotten goes at once.
  const search = isForgetting || isNewestGone ? deps.forgetFrom(firstAffected) : null;
  const told = isForgetting
    ? planForgotten(state, plan.remove, firstAffected, head.nextRecordId + blocks.length)
    : null;
  state.commit(
    'Pruning',
    {
      nextRecordId: head.nextRecordId + blocks.length + (told === null ? 0 : 1),
      snapshots: next.count,
      records: head.records - recordIds.length + (told?.isNew === true ? 1 : 0),
      indexedThrough: head.sequence,
      ...(isNewestGone ? { keyframe, keyframeSequence: 0 } : {}),
    },
    () => {
      for (const sequence of removedSequences) write.snapshots.remove(sequence);
      for (const recordId of recordIds) write.records.remove(recordId);
      write.timeIndex.removeFrom(rebuildFrom);
      for (const block of blocks) write.timeIndex.insert(block);
      removeUnusedKeyframes(state, keyframes);
      search?.removeInto();
      told?.writeInto();
    },
  );
  told?.done();
  for (const recordId of recordIds) state.records.remove(recordId);
  state.index = next;
  if (isNewestGone) state.forgetLatest();
  search?.done();
}

/** Notes for other devices what the user had forgotten (S8); null where nobody else has the vault. */
function planForgotten(state: VaultState, ids: readonly SnapshotId[], from: number, recordId: number): Note | null {
  return planNote(state, REPLICA_SETTINGS.forgotten, recordId, (before) => ({
    ids: [...listOf(before, 'ids'), ...ids],
    from: Math.min(from, typeof before?.['from'] === 'number' ? before['from'] : from),
  }));
}

function copyWithout(state: VaultState, removed: ReadonlySet<number>): VaultState['index'] {
  const next = state.index.clone();
  next.filter((at) => !removed.has(next.sequenceAt(at)));
  return next;
}

function blockStartBefore(state: VaultState, sequence: number): number {
  const first: unknown = state.writeDb
    .prepare('SELECT max(first_sequence) FROM time_index WHERE first_sequence <= ?')
    .pluck()
    .get(sequence);
  return typeof first === 'number' ? Math.min(first, sequence) : sequence;
}

function usedKeyframes(
  state: VaultState,
  index: VaultState['index'],
  { head, removedRecords }: { readonly head: number; readonly removedRecords: ReadonlySet<number> },
): Set<number> {
  const used = new Set<number>([head]);
  for (let at = 0; at < index.count; at += 1) used.add(index.keyframeAt(at));
  for (const record of state.records.checkpoints()) {
    const recordId = state.records.findCheckpoint(record.checkpoint.id)?.recordId;
    if (recordId === undefined || !removedRecords.has(recordId)) used.add(record.keyframe);
  }
  return used;
}

function removeUnusedKeyframes(state: VaultState, used: ReadonlySet<number>): void {
  const ids = (table: string): number[] =>
    state.writeDb
      .prepare<[], { record_id: number }>(`SELECT record_id FROM ${table}`)
      .all()
      .map((row) => row.record_id);
  for (const recordId of ids('keyframes')) if (!used.has(recordId)) state.write.keyframes.remove(recordId);
  for (const recordId of ids('keyframe_copies')) if (!used.has(recordId)) state.write.keyframeCopies.remove(recordId);
}

interface Marks {
  readonly live: Set<number>;
  /** Snapshots up to this sequence are marked. */
  through: number;
}

/** Marks every chunk that a live snapshot or checkpoint names. @throws AppError VAULT_DAMAGED: then nothing is swept */
async function markLive(state: VaultState, except: ReadonlySet<SnapshotId>, control: WorkControl): Promise<Marks> {
  const marks: Marks = { live: new Set(), through: state.head.sequence };
  const seen = new Set<Manifest>();
  const sequences: number[] = [];
  for (let at = 0; at < state.index.count; at += 1)
    if (!except.has(state.index.idAt(at))) sequences.push(state.index.sequenceAt(at));
  for (const [done, sequence] of sequences.entries()) {
    if (done % MARK_SLICE === 0) {
      await yieldToOthers(control.signal);
      control.onProgress({ done, total: sequences.length });
    }
    markSnapshot(state, sequence, marks.live, seen);
  }
  for (const record of state.records.checkpoints()) {
    if (record.keyframe !== 0 && !except.has(record.checkpoint.snapshotId))
      markManifest(state.readKeyframe(record.keyframe), marks.live);
  }
  return marks;
}

function markSnapshot(state: VaultState, sequence: number, live: Set<number>, seen: Set<Manifest>): void {
  // Another prune may have removed it since: then nothing it named needs to stay for its sake.
  if (state.index.indexOfSequence(sequence) < 0) return;
  const prefix = parseSnapshotPrefix(state.readSnapshotPayload(sequence));
  const keyframe = state.readKeyframe(prefix.keyframe);
  if (!seen.has(keyframe)) {
    seen.clear();
    seen.add(keyframe);
    markManifest(keyframe, live);
  }
  const { body } = state.readSnapshot(sequence);
  markManifest(new Map(body.changed.map((entry) => [entry.key, entry])), live);
}

function markManifest(manifest: Manifest, live: Set<number>): void {
  for (const entry of manifest.values())
    for (const stream of entry.streams) for (const part of stream.parts) live.add(part.recordId);
}

/** Deletes what is not marked. Before each slice, what was saved since the marking began is marked too, under the same lock. */
async function sweep(deps: PruneDeps, marks: Marks, control: WorkControl): Promise<void> {
  const { state } = deps;
  let after = 0;
  for (;;) {
    await yieldToOthers(control.signal);
    const from = after;
    const last = await deps.withLock(() => {
      const swept = sweepSlice(state, marks, from);
      emptyLog(state);
      return swept;
    });
    if (last === null) return;
    after = last;
  }
}

function sweepSlice(state: VaultState, marks: Marks, after: number): number | null {
  assertAllListed(state);
  catchUp(state, marks);
  const facts = state.read.chunks.listFactsAfter(after, SWEEP_SLICE);
  const last = facts.at(-1);
  if (last === undefined) return null;
  const dead = facts.filter((fact) => !marks.live.has(fact.recordId)).map((fact) => fact.recordId);
  if (dead.length === 0) return last.recordId;
  const parityIds = groupsOf(state, dead);
  let nextRecordId = state.head.nextRecordId;
  const takeRecordId = (): number => {
    nextRecordId += 1;
    return nextRecordId - 1;
  };
  state.commit('Sweeping', { nextRecordId: state.head.nextRecordId + parityIds.size }, () => {
    for (const recordId of dead) state.write.chunks.remove(recordId);
    rebuildGroups(state, parityIds, takeRecordId);
  });
  return last.recordId;
}

function catchUp(state: VaultState, marks: Marks): void {
  const seen = new Set<Manifest>();
  const before = marks.through;
  for (let at = state.index.count - 1; at >= 0 && state.index.sequenceAt(at) > before; at -= 1) {
    markSnapshot(state, state.index.sequenceAt(at), marks.live, seen);
  }
  marks.through = state.head.sequence;
  // What upkeep has joined is named by the next snapshot only.
  markManifest(state.latest.manifest, marks.live);
}

async function countUnmarked(
  state: VaultState,
  marks: Marks,
  gone: ReadonlySet<SnapshotId>,
  control: WorkControl,
): Promise<number> {
  let total = 0;
  let after = 0;
  for (;;) {
    await yieldToOthers(control.signal);
    const facts = state.read.chunks.listFactsAfter(after, SWEEP_SLICE * 4);
    for (const fact of facts) if (!marks.live.has(fact.recordId)) total += fact.storedBytes;
    const last = facts.at(-1);
    if (last === undefined) break;
    after = last.recordId;
  }
  for (const { number, storedBytes } of state.read.snapshots.listLengthsAfter(0, Number.MAX_SAFE_INTEGER)) {
    const at = state.index.indexOfSequence(number);
    if (at >= 0 && gone.has(state.index.idAt(at))) total += storedBytes;
  }
  return total;
}

/** Moves free pages to the end and cuts the file, in slices. */
async function giveBack(deps: PruneDeps, control: WorkControl): Promise<void> {
  const { state } = deps;
  for (;;) {
    await yieldToOthers(control.signal);
    const left = await deps.withLock(() => {
      state.writeDb.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
      emptyLog(state);
      return Number(state.writeDb.pragma('freelist_count', { simple: true }));
    });
    if (left === 0) break;
  }
  await deps.withLock(() => emptyLog(state));
}

/** After each slice, so that the log never grows beyond one: where the disk is full there is no room for more. */
function emptyLog(state: VaultState): void {
  state.writeDb.pragma('wal_checkpoint(TRUNCATE)');
}

function occupiedBytes(state: VaultState): number {
  const { fileBytes, walBytes } = readFileSizes(state.writeDb.name);
  return fileBytes + walBytes;
}
