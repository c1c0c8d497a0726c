// Checkpoints and sealed settings: records of their own, each change one small transaction.

import { AppError } from '../../../shared/model/app-error.ts';
import type { Checkpoint, CheckpointAttributes } from '../../../shared/model/checkpoint.ts';
import type { CheckpointId, SnapshotId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { RandomBytes } from '../../crypto/cipher.ts';
import { assertAttributes } from './checkpoint-attributes.ts';
import type { Head } from './head.ts';
import { positionOf } from './read-snapshots.ts';
import { sealRecord, type VaultRecord } from './records.ts';
import { newCheckpoint, newCheckpointId, sealKeyframe } from './save-snapshot.ts';
import type { VaultState } from './vault-state.ts';

/** Makes a checkpoint of any snapshot; it gets a keyframe of its own, so that it depends on no other snapshot's fate. */
export function createCheckpoint(
  state: VaultState,
  random: RandomBytes,
  snapshotId: SnapshotId,
  attributes: CheckpointAttributes,
  nowMs: number,
): Checkpoint {
  assertAttributes(attributes);
  const sequence = state.index.sequenceAt(positionOf(state, snapshotId));
  const { manifest } = state.readSnapshot(sequence);
  const checkpoint = newCheckpoint(newCheckpointId(random), snapshotId, attributes, nowMs);
  const keyframe = state.head.nextRecordId;
  const record: VaultRecord = { type: 'checkpoint', keyframe, checkpoint };
  const recordId = keyframe + 1;
  const sealed = sealKeyframe(state, keyframe, manifest);
  const box = sealRecord(state.keys, recordId, record);
  state.commit('Saving the checkpoint', { nextRecordId: recordId + 1, records: state.head.records + 1 }, () => {
    state.write.keyframes.insert(keyframe, sealed.box);
    state.write.records.insert(recordId, box);
  });
  state.records.set(recordId, record);
  return checkpoint;
}

/** @throws AppError CHECKPOINT_NOT_FOUND, USAGE_INVALID */
export function editCheckpoint(
  state: VaultState,
  id: CheckpointId,
  changes: Partial<CheckpointAttributes>,
  nowMs: number,
): Checkpoint {
  const found = state.records.findCheckpoint(id);
  if (found === undefined) throw checkpointNotFound();
  const checkpoint: Checkpoint = { ...found.record.checkpoint, ...changes, updatedAtMs: nowMs };
  assertAttributes(checkpoint);
  replaceRecord(state, 'Saving the checkpoint', found.recordId, { ...found.record, checkpoint });
  return checkpoint;
}

/** Removes the attributes; the snapshots stay and follow the rules for automatic ones. All or none. */
export function deleteCheckpoints(state: VaultState, ids: readonly CheckpointId[]): number {
  const found = [...new Set(ids)].map((id) => state.records.findCheckpoint(id));
  const recordIds = found.map((record) => {
    if (record === undefined) throw checkpointNotFound();
    return record.recordId;
  });
  state.commit('Deleting checkpoints', { records: state.head.records - recordIds.length }, () => {
    for (const recordId of recordIds) state.write.records.remove(recordId);
  });
  for (const recordId of recordIds) state.records.remove(recordId);
  return recordIds.length;
}

/** @param head what else of the head changes in the same commit */
export function writeSetting(
  state: VaultState,
  name: string,
  value: JsonObject | null,
  head: Partial<Head> = {},
): void {
  const found = state.records.findSetting(name);
  if (value !== null) {
    replaceRecord(state, 'Saving the setting', found?.recordId ?? null, { type: 'setting', name, value }, head);
  } else if (found !== undefined) {
    state.commit('Saving the setting', { records: state.head.records - 1 }, () =>
      state.write.records.remove(found.recordId),
    );
    state.records.remove(found.recordId);
  }
}

/** A changed record gets a new number, so that an old box cannot be put back in its place. */
function replaceRecord(
  state: VaultState,
  what: string,
  oldId: number | null,
  record: VaultRecord,
  head: Partial<Head> = {},
): void {
  const recordId = state.head.nextRecordId;
  const box = sealRecord(state.keys, recordId, record);
  const records = state.head.records + (oldId === null ? 1 : 0);
  state.commit(what, { ...head, nextRecordId: recordId + 1, records }, () => {
    if (oldId !== null) state.write.records.remove(oldId);
    state.write.records.insert(recordId, box);
  });
  if (oldId !== null) state.records.remove(oldId);
  state.records.set(recordId, record);
}

function checkpointNotFound(): AppError {
  return new AppError('CHECKPOINT_NOT_FOUND', 'There is no such checkpoint.', {
    hint: 'See them with `cairn list --checkpoints`.',
  });
}
