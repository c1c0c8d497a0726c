// Checkpoints that were edited elsewhere, as records of this file: the own one, or another device's history.

import type { CheckpointId } from '../../../shared/model/ids.ts';
import { sealRecord, type VaultRecord } from '../log/records.ts';
import { sealKeyframe } from '../log/save-snapshot.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { MergedFields } from '../vault-replica.ts';

/** The records of checkpoints as the fields have them, where their snapshot is in this file. */
export function planCheckpoints(
  state: VaultState,
  checkpoints: MergedFields['checkpoints'],
  firstRecordId: number,
): {
  readonly nextRecordId: number;
  readonly recordsDelta: number;
  readonly removed: CheckpointId[];
  readonly written: CheckpointId[];
  writeInto(): void;
  done(): void;
} {
  let nextRecordId = firstRecordId;
  let recordsDelta = 0;
  const removedRecords: number[] = [];
  const removed: CheckpointId[] = [];
  const rows: { recordId: number; record: VaultRecord; box: Buffer }[] = [];
  const keyframes: { recordId: number; box: Buffer }[] = [];
  const written: CheckpointId[] = [];
  for (const { id, checkpoint } of checkpoints) {
    const found = state.records.findCheckpoint(id);
    if (checkpoint === null) {
      if (found === undefined) continue;
      removedRecords.push(found.recordId);
      removed.push(id);
      recordsDelta -= 1;
      continue;
    }
    const at = state.index.indexOfId(checkpoint.snapshotId);
    if (at < 0) continue;
    if (found !== undefined && JSON.stringify(found.record.checkpoint) === JSON.stringify(checkpoint)) continue;
    let keyframe = found?.record.keyframe ?? 0;
    if (found === undefined) {
      // It depends on no other snapshot's fate.
      keyframe = nextRecordId;
      nextRecordId += 1;
      const { manifest } = state.readSnapshot(state.index.sequenceAt(at));
      keyframes.push({ recordId: keyframe, box: sealKeyframe(state, keyframe, manifest).box });
      recordsDelta += 1;
    } else removedRecords.push(found.recordId);
    const record: VaultRecord = { type: 'checkpoint', keyframe, checkpoint };
    rows.push({ recordId: nextRecordId, record, box: sealRecord(state.keys, nextRecordId, record) });
    nextRecordId += 1;
    written.push(id);
  }
  return {
    nextRecordId,
    recordsDelta,
    removed,
    written,
    writeInto: () => {
      for (const recordId of removedRecords) state.write.records.remove(recordId);
      for (const { recordId, box } of keyframes) state.write.keyframes.insert(recordId, box);
      for (const { recordId, box } of rows) state.write.records.insert(recordId, box);
    },
    done: () => {
      for (const recordId of removedRecords) state.records.remove(recordId);
      for (const { recordId, record } of rows) state.records.set(recordId, record);
    },
  };
}
