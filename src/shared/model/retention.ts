// How long snapshots and checkpoints stay, and why.

import type { SnapshotId } from './ids.ts';

export interface RetentionLimits {
  /** All automatic snapshots younger than this stay. Default 24. */
  readonly allHours: number;
  /** Then one an hour. Default 7 days. */
  readonly hourlyDays: number;
  /** Then one a day. Default 30 days; older automatic snapshots go. */
  readonly dailyDays: number;
  /** Unpinned checkpoints go after this. Default 90. */
  readonly checkpointDays: number;
  /** A source that was not read for this long is marked inactive. Default 7. */
  readonly inactiveDays: number;
}

export const DEFAULT_RETENTION: RetentionLimits = {
  allHours: 24,
  hourlyDays: 7,
  dailyDays: 30,
  checkpointDays: 90,
  inactiveDays: 7,
};

export const KEEP_REASONS = [
  'latest',
  'recent',
  'hourly',
  'daily',
  'checkpoint',
  'pinned',
  'last-good',
  'undo',
] as const;
export type KeepReason = (typeof KEEP_REASONS)[number];

/** Why a snapshot is kept, and until when as things stand; both null where the next prune removes it. */
export interface KeptSnapshot {
  readonly id: SnapshotId;
  readonly reason: KeepReason | null;
  /** Milliseconds since the epoch; null where no time ends it. */
  readonly untilMs: number | null;
}

export interface RetentionPlan {
  readonly remove: readonly SnapshotId[];
  /** Unpinned checkpoints past their limit; their snapshots then follow the rules for automatic ones. */
  readonly removeCheckpoints: readonly string[];
  /** How many stay, by their strongest reason. */
  readonly keep: Readonly<Record<KeepReason, number>>;
}
