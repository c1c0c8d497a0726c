// Which snapshots stay and why: pure, over columns, so that a million snapshots cost no million objects.

import type { Checkpoint } from '../model/checkpoint.ts';
import type { SnapshotId } from '../model/ids.ts';
import {
  KEEP_REASONS,
  type KeepReason,
  type KeptSnapshot,
  type RetentionLimits,
  type RetentionPlan,
} from '../model/retention.ts';
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
  const { snapshots } = input;
  const { named, removeCheckpoints } = readNamed(input);
  const keep = Object.fromEntries(KEEP_REASONS.map((reason) => [reason, 0])) as Record<KeepReason, number>; // every reason is set
  const remove: SnapshotId[] = [];
  // From the newest to the oldest: the first one met in an hour or a day is its last.
  const met = { hours: new Set<number>(), days: new Set<number>() };
  for (let index = snapshots.count - 1; index >= 0; index -= 1) {
    const reason = reasonAt(input, index, met, named);
    if (reason === null) remove.push(snapshots.idAt(index));
    else keep[reason] += 1;
  }
  return { remove: remove.toReversed(), removeCheckpoints, keep };
}

/** Why each of some snapshots is kept, by the rules of `planRetention`, and until when if nothing else is captured or changed. */
export function explainRetention(input: RetentionInput, wanted: ReadonlySet<SnapshotId>): KeptSnapshot[] {
  const { snapshots } = input;
  const { named } = readNamed(input);
  const met = { hours: new Set<number>(), days: new Set<number>() };
  const told: KeptSnapshot[] = [];
  for (let index = snapshots.count - 1; index >= 0 && told.length < wanted.size; index -= 1) {
    const before = {
      isLastOfHour: !met.hours.has(hourOf(snapshots, index)),
      isLastOfDay: !met.days.has(dayOf(snapshots, index)),
    };
    const reason = reasonAt(input, index, met, named);
    const id = snapshots.idAt(index);
    if (wanted.has(id)) told.push({ id, reason, untilMs: untilAt(input, index, reason, before) });
  }
  return told;
}

function untilAt(
  { snapshots, checkpoints, limits }: RetentionInput,
  index: number,
  reason: KeepReason | null,
  { isLastOfHour, isLastOfDay }: { readonly isLastOfHour: boolean; readonly isLastOfDay: boolean },
): number | null {
  if (reason === null || reason === 'pinned' || reason === 'latest' || reason === 'last-good') return null;
  const time = snapshots.timeAt(index);
  const ends = [time + limits.allHours * HOUR_MS];
  if (isLastOfHour) ends.push(time + limits.hourlyDays * DAY_MS);
  if (isLastOfDay) ends.push(time + limits.dailyDays * DAY_MS);
  if (snapshots.kindAt(index) === 'before-restore') ends.push(time + UNDO_DAYS * DAY_MS);
  const id = snapshots.idAt(index);
  for (const { snapshotId, createdAtMs } of checkpoints)
    if (snapshotId === id) ends.push(createdAtMs + limits.checkpointDays * DAY_MS);
  return Math.max(...ends);
}

/** Snapshots that stay by name, and checkpoints past their limit. */
function readNamed({ checkpoints, lastGood, nowMs, limits }: RetentionInput): {
  readonly named: ReadonlyMap<SnapshotId, KeepReason>;
  readonly removeCheckpoints: string[];
} {
  const removeCheckpoints: string[] = [];
  const named = new Map<SnapshotId, KeepReason>();
  for (const id of lastGood) named.set(id, 'last-good');
  for (const checkpoint of checkpoints) {
    if (checkpoint.pinned) named.set(checkpoint.snapshotId, 'pinned');
    else if (nowMs - checkpoint.createdAtMs > limits.checkpointDays * DAY_MS) removeCheckpoints.push(checkpoint.id);
    else if (named.get(checkpoint.snapshotId) !== 'pinned') named.set(checkpoint.snapshotId, 'checkpoint');
  }
  return { named, removeCheckpoints };
}

function hourOf(snapshots: SnapshotColumns, index: number): number {
  return Math.floor(snapshots.timeAt(index) / HOUR_MS);
}

function dayOf(snapshots: SnapshotColumns, index: number): number {
  return Math.floor(snapshots.timeAt(index) / DAY_MS);
}

/** Goes from the newest to the oldest: `met` holds the hours and days that were met before. */
function reasonAt(
  { snapshots, nowMs, limits }: RetentionInput,
  index: number,
  met: { readonly hours: Set<number>; readonly days: Set<number> },
  named: ReadonlyMap<SnapshotId, KeepReason>,
): KeepReason | null {
  const ageMs = nowMs - snapshots.timeAt(index);
  const hour = hourOf(snapshots, index);
  const day = dayOf(snapshots, index);
  const isLastOfHour = !met.hours.has(hour);
  const isLastOfDay = !met.days.has(day);
  met.hours.add(hour);
  met.days.add(day);
  const chosen = named.size === 0 ? undefined : named.get(snapshots.idAt(index));
  if (chosen === 'pinned' || chosen === 'checkpoint') return chosen;
  if (index === snapshots.count - 1) return 'latest';
  if (ageMs <= limits.allHours * HOUR_MS) return 'recent';
  if (snapshots.kindAt(index) === 'before-restore' && ageMs <= UNDO_DAYS * DAY_MS) return 'undo';
  if (isLastOfHour && ageMs <= limits.hourlyDays * DAY_MS) return 'hourly';
  if (isLastOfDay && ageMs <= limits.dailyDays * DAY_MS) return 'daily';
  return chosen ?? null;
}
