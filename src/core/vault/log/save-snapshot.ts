// One capture, one transaction (V14): new chunks, a keyframe where one is due, the snapshot, an index block where one is full, the
// next head. Everything is compared, compressed and sealed before the transaction begins.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Checkpoint, CheckpointAttributes } from '../../../shared/model/checkpoint.ts';
import type { CheckpointId, ItemKey, SnapshotId, SourceId } from '../../../shared/model/ids.ts';
import type { Gap, SnapshotSummary } from '../../../shared/model/snapshot.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import type { RandomBytes } from '../../crypto/cipher.ts';
import { ChunkBatch } from '../content/chunk-store.ts';
import { encodeContent } from '../content/codec.ts';
import { diskFull } from '../errors.ts';
import type { SaveRequest, SaveResult } from '../vault.ts';
import { groupsOf, rebuildGroups } from '../upkeep/parity.ts';
import { assertAttributes } from './checkpoint-attributes.ts';
import { diffManifest, encodeManifest, type ItemEntry, type Manifest, type SourceMarks } from './manifest.ts';
import { placeItems, toEntry, type RunKnowledge } from './place-items.ts';
import { isShared, sealRecord, type CheckpointRecord } from './records.ts';
import { applySizeLimit } from './size-limit.ts';
import { encodeSnapshot, encodeSnapshotBody, type EncodedBody, type SnapshotPrefix } from './snapshot-record.ts';
import { BLOCK_ENTRIES } from './time-index.ts';
import type { LatestState, VaultState } from './vault-state.ts';

/** Snapshots that lean on one keyframe, at most. */
export const KEYFRAME_EVERY = 32;
/** A snapshot whose changes take more than this share of its keyframe begins a new one. */
const KEYFRAME_SHARE = 0.5;
/** A new epoch long before 2^32 random nonces: one for so many record numbers (V3). */
const RECORDS_PER_EPOCH = 2 ** 27;
const SPARE_DISK_BYTES = 8 * 1024 * 1024;

export interface SaveDeps {
  readonly state: VaultState;
  readonly random: RandomBytes;
  readonly maxSnapshotBytes: number;
}

/** The encoded body of the newest snapshot: while nothing changes it is written again as it is. */
export interface BodyCache {
  keyframe: number;
  manifest: Manifest | null;
  notes: string;
  encoded: EncodedBody;
  plainShare: number;
}

export function createBodyCache(): BodyCache {
  return { keyframe: -1, manifest: null, notes: '', encoded: Buffer.alloc(0), plainShare: 0 };
}

/** Saves one capture. Call with the writer's lock held and the state refreshed. @throws AppError USAGE_INVALID of a checkpoint's attributes */
export async function saveSnapshot(
  deps: SaveDeps,
  request: SaveRequest,
  knowledge: RunKnowledge,
  cache: BodyCache,
): Promise<Omit<SaveResult, 'workMs'>> {
  const { state } = deps;
  if (request.checkpoint !== undefined) assertAttributes(request.checkpoint);
  openEpochIfDue(state, request.takenAtMs);
  const batch = new ChunkBatch(state.keys, state.store, state.helper, state.head.nextRecordId);
  const { latest } = state;
  const earlier = { manifest: latest.manifest, takenAtMs: latest.prefix?.takenAtMs ?? request.takenAtMs };
  const placed = await placeItems(
    { keys: state.keys, store: state.store, gear: state.gear, recent: state.recent },
    batch,
    request,
    earlier,
    knowledge,
  );
  await batch.settle();
  const storedBytes = (recordId: number): number => batch.storedBytes(recordId);
  const leftOut = applySizeLimit(placed.next, deps.maxSnapshotBytes, storedBytes, request.takenAtMs);
  const entries = [...placed.next.map((next) => toEntry(next, storedBytes)), ...placed.carried];
  if (leftOut.length > 0) batch.keepOnly(recordIdsOf(entries));
  const manifest = toManifest(entries, latest.manifest);
  const id = newSnapshotId(deps.random);
  const plan = planRecord(deps, { ...request, id, gaps: [...request.gaps, ...leftOut] }, manifest, batch, cache);
  assertDiskSpace(state, batch.totalBytes + plan.bytes);
  commitPlan(state, batch, plan, request);
  const checkpoint = plan.checkpoint?.record.checkpoint;
  const summary: SnapshotSummary = { ...toSummary(plan.prefix), ...(checkpoint === undefined ? {} : { checkpoint }) };
  return { summary, leftOut, needsWhole: placed.needsWhole, storedBytes: batch.totalBytes + plan.bytes };
}

export function toSummary(prefix: SnapshotPrefix): SnapshotSummary {
  const { id, takenAtMs, kind, items, changed, gaps } = prefix;
  return { id, takenAtMs, kind, items, changed, gaps };
}

export function newSnapshotId(random: RandomBytes): SnapshotId {
  return random(8).toString('hex') as SnapshotId; // 8 bytes are 16 digits
}

export function newCheckpointId(random: RandomBytes): CheckpointId {
  return random(8).toString('hex') as CheckpointId; // as above
}

/** Encodes and seals a keyframe. */
export function sealKeyframe(
  state: VaultState,
  recordId: number,
  manifest: Manifest,
): { readonly box: Buffer; readonly plainBytes: number } {
  const plain = encodeManifest(manifest);
  const { codec, payload } = encodeContent(plain);
  return { box: state.keys.seal(BOX_KINDS.keyframe, codec, recordId, payload), plainBytes: plain.length };
}

export function newCheckpoint(
  id: CheckpointId,
  snapshotId: SnapshotId,
  attributes: CheckpointAttributes,
  nowMs: number,
): Checkpoint {
  const { name, description, tags, priority, pinned } = attributes;
  return { id, snapshotId, name, description, tags, priority, pinned, createdAtMs: nowMs, updatedAtMs: nowMs };
}

interface RecordPlan {
  readonly sequence: number;
  readonly prefix: SnapshotPrefix;
  readonly box: Buffer;
  readonly chain: string;
  readonly keyframe: { readonly recordId: number; readonly box: Buffer } | null;
  readonly checkpoint: { readonly recordId: number; readonly box: Buffer; readonly record: CheckpointRecord } | null;
  readonly next: LatestState;
  readonly bytes: number;
}

/** A snapshot as another device took it, whose content is stored already. Call with the writer's lock held and the state refreshed. */
export function saveForeignSnapshot(deps: SaveDeps, facts: SnapshotFacts, manifest: Manifest, cache: BodyCache): void {
  const { state } = deps;
  openEpochIfDue(state, facts.takenAtMs);
  const batch = new ChunkBatch(state.keys, state.store, state.helper, state.head.nextRecordId);
  commitPlan(state, batch, planRecord(deps, facts, manifest, batch, cache), facts);
}

/** What a snapshot says beside its items. */
type SnapshotFacts = Pick<SaveRequest, 'takenAtMs' | 'kind' | 'goodSources' | 'gaps' | 'checkpoint'> & {
  readonly id: SnapshotId;
};

function planRecord(
  deps: SaveDeps,
  request: SnapshotFacts,
  manifest: Manifest,
  batch: ChunkBatch,
  cache: BodyCache,
): RecordPlan {
  const { state } = deps;
  const { latest, head } = state;
  const { id, gaps } = request;
  const silent = silentMarks(latest.marks, request.goodSources);
  const isKeyframeDue =
    head.keyframe === 0 ||
    latest.prefix?.keyframe !== head.keyframe ||
    head.sequence + 1 - head.keyframeSequence >= KEYFRAME_EVERY ||
    request.checkpoint !== undefined ||
    cache.plainShare > KEYFRAME_SHARE;
  const keyframeId = isKeyframeDue ? batch.takeRecordId() : head.keyframe;
  const keyframe = isKeyframeDue ? sealKeyframe(state, keyframeId, manifest) : null;
  const keyframeManifest = isKeyframeDue ? manifest : latest.keyframeManifest;
  const body = encodeBodyCached(cache, keyframeId, keyframeManifest, manifest, {
    gaps,
    good: request.goodSources,
    silent,
  });
  const prefix: SnapshotPrefix = {
    kind: request.kind,
    items: manifest.size,
    changed: countChanged(latest.manifest, manifest),
    gaps: gaps.length,
    takenAtMs: request.takenAtMs,
    id,
    keyframe: keyframeId,
    previousChain: Buffer.from(head.chain, 'base64'),
  };
  const sequence = head.sequence + 1;
  const payload = encodeSnapshot(prefix, body);
  const box = state.keys.seal(BOX_KINDS.snapshot, 0, sequence, payload);
  const checkpoint =
    request.checkpoint === undefined ? null : planCheckpoint(deps, request.checkpoint, id, request.takenAtMs, batch);
  const marks = new Map(silent);
  for (const source of request.goodSources) marks.set(source, { atMs: request.takenAtMs, snapshot: id });
  return {
    sequence,
    prefix,
    box,
    chain: state.keys.chain(payload).toString('base64'),
    keyframe: keyframe === null ? null : { recordId: keyframeId, box: keyframe.box },
    checkpoint,
    next: { sequence, prefix, manifest, keyframeManifest, gaps, marks },
    bytes: box.length + (keyframe?.box.length ?? 0) + (checkpoint?.box.length ?? 0),
  };
}

function planCheckpoint(
  deps: SaveDeps,
  attributes: CheckpointAttributes,
  snapshotId: SnapshotId,
  nowMs: number,
  batch: ChunkBatch,
): NonNullable<RecordPlan['checkpoint']> {
  const checkpoint = newCheckpoint(newCheckpointId(deps.random), snapshotId, attributes, nowMs);
  const record: CheckpointRecord = { type: 'checkpoint', keyframe: 0, checkpoint };
  const recordId = batch.takeRecordId();
  return { recordId, record, box: sealRecord(deps.state.keys, recordId, record) };
}

function commitPlan(
  state: VaultState,
  batch: ChunkBatch,
  plan: RecordPlan,
  request: Pick<SaveRequest, 'takenAtMs' | 'kind'>,
): void {
  const { head, write } = state;
  const entry = {
    sequence: plan.sequence,
    takenAtMs: request.takenAtMs,
    id: plan.prefix.id,
    kind: request.kind,
    keyframe: plan.prefix.keyframe,
  };
  const isBlockFull = plan.sequence - head.indexedThrough > BLOCK_ENTRIES;
  const block = isBlockFull ? { recordId: batch.takeRecordId(), ...unindexedRange(state) } : null;
  const copyNow = !head.isKeyframeCopied;
  // A box that is replaced has other bytes than its parity group knows.
  const parityGroups = groupsOf(state, batch.replacedRecordIds());
  const parityIds = [...parityGroups].map(() => batch.takeRecordId());
  state.commit(
    'Saving the snapshot',
    {
      sequence: plan.sequence,
      nextRecordId: batch.nextRecordId,
      snapshots: head.snapshots + 1,
      records: head.records + (plan.checkpoint === null ? 0 : 1),
      chain: plan.chain,
      ...(plan.keyframe === null
        ? { isKeyframeCopied: true }
        : { keyframe: plan.keyframe.recordId, keyframeSequence: plan.sequence, isKeyframeCopied: false }),
      ...(block === null ? {} : { indexedThrough: block.lastSequence }),
    },
    () => {
      batch.insertInto(write.chunks);
      rebuildGroups(state, parityGroups, () => parityIds.shift() ?? batch.takeRecordId());
      if (copyNow) copyKeyframe(state, head.keyframe);
      if (plan.keyframe !== null) write.keyframes.insert(plan.keyframe.recordId, plan.keyframe.box);
      write.snapshots.insert(plan.sequence, plan.box);
      if (plan.checkpoint !== null) write.records.insert(plan.checkpoint.recordId, plan.checkpoint.box);
      if (block !== null) {
        const box = state.keys.seal(
          BOX_KINDS.timeIndex,
          0,
          block.recordId,
          state.index.encodeBlock(block.start, block.end),
        );
        write.timeIndex.insert({ firstSequence: block.firstSequence, recordId: block.recordId, box });
      }
    },
  );
  batch.rememberIn(state.store);
  state.index.append(entry);
  state.latest = plan.next;
  if (plan.keyframe !== null) state.cacheKeyframe(plan.keyframe.recordId, plan.next.manifest);
  if (plan.checkpoint !== null) state.records.set(plan.checkpoint.recordId, plan.checkpoint.record);
}

/** Writes the second copy of a keyframe, in a later commit than the first, so that it lies elsewhere in the file (V11). */
export function copyKeyframe(state: VaultState, recordId: number): void {
  const box = state.read.keyframes.read(recordId);
  if (box !== undefined && state.read.keyframeCopies.read(recordId) === undefined)
    state.write.keyframeCopies.insert(recordId, box);
}

/** The entries of the index that no sealed block holds yet. */
export function unindexedRange(state: VaultState): {
  start: number;
  end: number;
  firstSequence: number;
  lastSequence: number;
} {
  const { index, head } = state;
  let start = index.count;
  while (start > 0 && index.sequenceAt(start - 1) > head.indexedThrough) start -= 1;
  return {
    start,
    end: index.count,
    firstSequence: index.sequenceAt(start),
    lastSequence: index.sequenceAt(index.count - 1),
  };
}

function encodeBodyCached(
  cache: BodyCache,
  keyframe: number,
  keyframeManifest: Manifest,
  manifest: Manifest,
  rest: { readonly gaps: readonly Gap[]; readonly good: readonly SourceId[]; readonly silent: SourceMarks },
): EncodedBody {
  const notes = JSON.stringify([rest.gaps, rest.good, [...rest.silent]]);
  if (cache.keyframe === keyframe && cache.manifest === manifest && cache.notes === notes) return cache.encoded;
  const diff = diffManifest(keyframeManifest, manifest);
  cache.encoded = encodeSnapshotBody({ ...diff, ...rest });
  cache.keyframe = keyframe;
  cache.manifest = manifest;
  cache.notes = notes;
  cache.plainShare = (diff.changed.length + diff.removed.length) / Math.max(16, manifest.size);
  return cache.encoded;
}

/** The entries as a manifest; the earlier manifest itself where nothing changed, so that unchanged is cheap to see. */
function toManifest(entries: readonly ItemEntry[], earlier: Manifest): Manifest {
  const isSame = entries.length === earlier.size && entries.every((entry) => earlier.get(entry.key) === entry);
  return isSame ? earlier : new Map(entries.map((entry) => [entry.key, entry]));
}

function countChanged(earlier: Manifest, next: Manifest): number {
  if (earlier === next) return 0;
  const { removed, changed } = diffManifest(earlier, next);
  return removed.length + changed.length;
}

function silentMarks(marks: SourceMarks, good: readonly SourceId[]): SourceMarks {
  const silent = new Map(marks);
  for (const source of good) silent.delete(source);
  return silent;
}

function recordIdsOf(entries: readonly ItemEntry[]): Set<number> {
  const ids = new Set<number>();
  for (const entry of entries)
    for (const stream of entry.streams) for (const part of stream.parts) ids.add(part.recordId);
  return ids;
}

function openEpochIfDue(state: VaultState, nowMs: number): void {
  if (state.keyring.rotation !== null) return;
  const due = 1 + Math.floor(state.head.nextRecordId / RECORDS_PER_EPOCH);
  if (state.keys.currentEpoch < due) state.keyring.openEpoch(state.writeDb, nowMs, { isShared: isShared(state) });
}

function assertDiskSpace(state: VaultState, pendingBytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(state.writeDb.name));
  if (bavail * bsize < pendingBytes * 2 + SPARE_DISK_BYTES) throw diskFull('Saving the snapshot');
}

export type KnownContent = Map<ItemKey, Map<string, string>>;
