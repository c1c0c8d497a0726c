// A timeline of changes instead of ticks: captures that found nothing new stand in the row of the snapshot they equal.

import type { SnapshotSummary } from '../../shared/model/snapshot.ts';

export interface ListRow {
  readonly snapshot: SnapshotSummary;
  /** How many later captures found nothing changed. */
  readonly unchanged: number;
  /** The time of the last of them. */
  readonly unchangedUntilMs: number | null;
}

/** Gathers snapshots, newest first, into rows. Nothing that somebody asked for, or that has gaps, is hidden in a row. */
export function collapseUnchanged(snapshots: readonly SnapshotSummary[]): ListRow[] {
  const rows: ListRow[] = [];
  let unchanged = 0;
  let unchangedUntilMs: number | null = null;
  for (const [at, snapshot] of snapshots.entries()) {
    const isLast = at === snapshots.length - 1;
    if (equalsTheOneBefore(snapshot) && !isLast) {
      unchanged += 1;
      unchangedUntilMs ??= snapshot.takenAtMs;
      continue;
    }
    rows.push({ snapshot, unchanged, unchangedUntilMs });
    unchanged = 0;
    unchangedUntilMs = null;
  }
  return rows;
}

function equalsTheOneBefore(snapshot: SnapshotSummary): boolean {
  const isOwn = snapshot.kind === 'automatic' || snapshot.kind === 'shutdown';
  return isOwn && snapshot.changed === 0 && snapshot.gaps === 0 && snapshot.checkpoint === undefined;
}
