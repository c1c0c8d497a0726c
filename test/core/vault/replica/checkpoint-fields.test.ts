// What counts where devices' clocks differ: whoever deletes or edits has seen what was there.

import { describe, expect, it } from 'vitest';

import {
  changesOf,
  checkpointFrom,
  createStamper,
  deletionOf,
  entityOf,
} from '../../../../src/core/vault/replica/checkpoint-fields.ts';
import { joinChanges } from '../../../../src/core/vault/replica/field-store.ts';
import type { FieldState } from '../../../../src/shared/merge/merge-fields.ts';
import { NO_CLOCK } from '../../../../src/shared/merge/hybrid-clock.ts';
import type { Checkpoint } from '../../../../src/shared/model/checkpoint.ts';
import type { CheckpointId, SnapshotId } from '../../../../src/shared/model/ids.ts';

const NOW_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const ID = '0123456789abcdef' as CheckpointId; // of the id's form
const CHECKPOINT: Checkpoint = {
  id: ID,
  snapshotId: '0123456789abcdef' as SnapshotId, // as above
  name: 'before the migration',
  description: '',
  tags: [],
  priority: 'normal',
  pinned: false,
  createdAtMs: NOW_MS,
  updatedAtMs: NOW_MS,
};

describe('a device whose clock runs an hour ahead', () => {
  const fast = createStamper('fast', NO_CLOCK, NOW_MS + HOUR_MS);
  const right = createStamper('right', NO_CLOCK, NOW_MS);
  const none: ReadonlyMap<string, FieldState> = new Map();
  const join = (known: ReadonlyMap<string, FieldState>, changes: Parameters<typeof joinChanges>[1]) =>
    joinChanges(new Map([[entityOf(ID), known]]), changes).get(entityOf(ID)) ?? none;

  it('does not bring back what another one has deleted since', () => {
    const told = join(none, changesOf(CHECKPOINT, none, fast, 'latest'));
    expect(checkpointFrom(ID, told, 'latest')).toEqual(CHECKPOINT);

    const deleted = join(told, [deletionOf(ID, told, right)]);
    expect(checkpointFrom(ID, deleted, 'latest')).toBe('deleted');

    const again = { ...CHECKPOINT, name: 'made again', updatedAtMs: NOW_MS + 1 };
    const undone = join(deleted, changesOf(again, deleted, right, 'latest'));
    expect(checkpointFrom(ID, undone, 'latest')).toEqual(again);
  });
});
