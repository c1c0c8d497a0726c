// Which snapshots stay and why: pure, over columns, so that a million snapshots cost no million objects.

import type { Checkpoint } from '../model/checkpoint.ts';
import type { SnapshotId } from '../model/ids.ts';
import { KEEP_REASONS, type KeepReason, type RetentionLimits, type RetentionPlan } from '../model/retention.ts';
import type { SnapshotKind } from '../model/snapshot.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The present that a restore captured first stays this long, so that the restore can be undone. */
const UNDO_DAYS = 7;

/** Snapshots in the order they were taken. */
export interface SnapshotColumns {
  readonly count: number;
  timeAt(index: number): number;
  kindAt(index: number): SnapshotKind;
  idAt(index: number): SnapshotId;
}

export interface RetentionInput {
  readonly snapshots: SnapshotColumns;
  readonly checkpoints: readonly Checkpoint[];
  /** The snapshot in which each source was last read for real. */
  readonly lastGood: readonly SnapshotId[];
  readonly nowMs: number;
  readonly limits: RetentionLimits;
}

/**
 * Plans what a prune removes. All snapshots of the last `allHours` stay, then the last one of each hour for `hourlyDays`, then the
 * last one of each day until `dailyDays`; hours and days are UTC. The newest snapshot, each source's last good one, checkpoints
 * within their limit and pinned ones always stay. A snapshot whose time lies in the future stays. Planning again after a removal
 * removes nothing.
 */
export function planRetention(input: RetentionInput): RetentionPlan {
  const { snapshots, nowMs, limits } = input;
  const removeCheckpoints: string[] = [];
  const named = new Map<SnapshotId, KeepReason>();
  for (const id of input.lastGood) named.set(id, 'last-good');
  for (const checkpoint of input.checkpoints) {
    if (checkpoint.pinned) named.set(checkpoint.snapshotId, 'pinned');
    else if (nowMs - checkpoint.createdAtMs > limits.checkpointDays * DAY_MS) removeCheckpoints.push(checkpoint.id);
    else if (named.get(checkpoint.snapshotId) !== 'pinned') named.set(checkpoint.snapshotId, 'checkpoint');
  }
  const keep = Object.fromEntries(KEEP_REASONS.map((reason) => [reason, 0])) as Record<KeepReason, number>; // every reason is set
  const remove: SnapshotId[] = [];
  // From the newest to the oldest: the first one met in an hour or a day is its last.
  const hours = new Set<number>();
  const days = new Set<number>();
  for (let index = snapshots.count - 1; index >= 0; index -= 1) {
    const reason = reasonAt(input, index, hours, days, named);
    if (reason === null) remove.push(snapshots.idAt(index));
    else keep[reason] += 1;
  }
  return { remove: remove.toReversed(), removeCheckpoints, keep };
}

function reasonAt(
  { snapshots, nowMs, limits }: RetentionInput,
  index: number,
  hours: Set<number>,
  days: Set<number>,
  named: ReadonlyMap<SnapshotId, KeepReason>,
): KeepReason | null {
  const time = snapshots.timeAt(index);
  const ageMs = nowMs - time;
  const hour = Math.floor(time / HOUR_MS);
  const day = Math.floor(time / DAY_MS);
  const isLastOfHour = !hours.has(hour);
  const isLastOfDay = !days.has(day);
  hours.add(hour);
  days.add(day);
  const chosen = named.size === 0 ? undefined : named.get(snapshots.idAt(index));
  if (chosen === 'pinned' || chosen === 'checkpoint') return chosen;
  if (index === snapshots.count - 1) return 'latest';
  if (ageMs <= limits.allHours * HOUR_MS) return 'recent';
  if (snapshots.kindAt(index) === 'before-restore' && ageMs <= UNDO_DAYS * DAY_MS) return 'undo';
  if (isLastOfHour && ageMs <= limits.hourlyDays * DAY_MS) return 'hourly';
  if (isLastOfDay && ageMs <= limits.dailyDays * DAY_MS) return 'daily';
  return chosen ?? null;
}
