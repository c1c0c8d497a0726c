import { describe, expect, it } from 'vitest';

import { RecordSet, type VaultRecord } from '../../../../src/core/vault/log/records.ts';
import type { CheckpointId, SnapshotId } from '../../../../src/shared/model/ids.ts';

const SNAPSHOT = '00000000000000aa' as SnapshotId; // of the id's form

function aCheckpoint(id: string, createdAtMs: number): VaultRecord {
  return {
    type: 'checkpoint',
    keyframe: 0,
    checkpoint: {
      id: id as CheckpointId, // of the id's form
      snapshotId: SNAPSHOT,
      name: id,
      description: '',
      tags: [],
      priority: 'normal',
      pinned: false,
      createdAtMs,
      updatedAtMs: createdAtMs,
    },
  };
}

describe('RecordSet.checkpointOf()', () => {
  const [older, newer] = [aCheckpoint('00000000000000ff', 1), aCheckpoint('0000000000000001', 2)];

  it.each([
    { name: 'the older first', records: [older, newer] },
    { name: 'the newer first', records: [newer, older] },
  ])('[S7] gives the one made last of several, with $name', ({ records }) => {
    const set = new RecordSet();
    records.forEach((record, at) => set.set(at + 1, record));

    expect(set.checkpointOf(SNAPSHOT)?.createdAtMs).toBe(2);

    set.remove(records.indexOf(newer) + 1);
    expect(set.checkpointOf(SNAPSHOT)?.createdAtMs).toBe(1);
  });
});
