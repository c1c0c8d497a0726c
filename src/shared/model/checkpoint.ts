// A checkpoint: a snapshot that the user named and keeps.

import type { CheckpointId, SnapshotId } from './ids.ts';

export const PRIORITIES = ['low', 'normal', 'high'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What the user may set and edit. */
export interface CheckpointAttributes {
  /** 1 to 200 characters. */
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly priority: Priority;
  /** A pinned checkpoint is never pruned. */
  readonly pinned: boolean;
}

export interface Checkpoint extends CheckpointAttributes {
  readonly id: CheckpointId;
  readonly snapshotId: SnapshotId;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
