// A restore as plan and report. The plan is what `--dry-run` prints and exactly what a restore then does.

import type { ItemKey, SnapshotId, SourceId } from './ids.ts';
import type { JsonValue } from './json.ts';

export const STEP_STATUSES = ['planned', 'done', 'skipped', 'failed'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** One step for one item, in words. */
export interface RestoreStep {
  readonly key: ItemKey;
  /** A verb phrase of the source: `create-pane`, `open-tab`, `resume-conversation`, `create-branch` ... */
  readonly action: string;
  readonly status: StepStatus;
  /** What is done or why it is not, as a sentence. */
  readonly detail: string;
}

/** A planned step with what its source needs to carry it out. Steps that the plan already skips carry a null payload. */
export interface PlannedStep extends RestoreStep {
  readonly source: SourceId;
  readonly status: 'planned' | 'skipped';
  readonly payload: JsonValue;
}

/** What became of a planned step. `undo` is what the source needs to take it back; absent where nothing was made. */
export interface StepResult {
  readonly key: ItemKey;
  readonly action: string;
  readonly status: 'done' | 'skipped' | 'failed';
  readonly detail: string;
  readonly undo?: JsonValue;
}

export interface RestorePlan {
  readonly snapshotId: SnapshotId;
  readonly takenAtMs: number;
  readonly steps: readonly PlannedStep[];
}

export interface RestoreReport {
  readonly steps: readonly RestoreStep[];
  /** The snapshot of the present that was taken before the first step; null after a dry run, and where it could not be saved. */
  readonly undo: SnapshotId | null;
}
