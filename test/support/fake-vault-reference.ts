// How the fake vault finds a snapshot by what a user types; the rules are those of `Vault.resolveSnapshot`.

import { AppError } from '../../src/shared/model/app-error.ts';
import type { Checkpoint } from '../../src/shared/model/checkpoint.ts';
import type { SnapshotId } from '../../src/shared/model/ids.ts';
import type { Snapshot } from '../../src/shared/model/snapshot.ts';

const AGE = /^(\d{1,6})\s*(s|m|h|d|w)$/;
const AGE_UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** @throws AppError SNAPSHOT_NOT_FOUND, SNAPSHOT_AMBIGUOUS */
export function resolveFakeReference(
  snapshots: readonly Snapshot[],
  checkpoints: readonly Checkpoint[],
  reference: string,
  nowMs: number,
): SnapshotId {
  const text = reference.trim();
  const newest = snapshots.at(-1);
  if (newest === undefined) throw notFound();
  if (text === 'latest') return newest.id;
  const named = checkpoints.filter(({ id, name }) => id === text || name === text);
  if (named.length > 0) return single(named.map(({ snapshotId }) => snapshotId));
  const age = AGE.exec(text);
  if (age !== null) return newestUntil(snapshots, nowMs - Number(age[1]) * (AGE_UNIT_MS[age[2] ?? ''] ?? 0));
  if (/^[0-9a-f]{4,16}$/.test(text)) return single(snapshots.map(({ id }) => id).filter((id) => id.startsWith(text)));
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return newestUntil(snapshots, time);
  throw notFound();
}

function newestUntil(snapshots: readonly Snapshot[], timeMs: number): SnapshotId {
  const found = snapshots.findLast(({ takenAtMs }) => takenAtMs <= timeMs);
  if (found === undefined) throw notFound();
  return found.id;
}

function single(ids: readonly SnapshotId[]): SnapshotId {
  const [first, second] = ids;
  if (second !== undefined) throw new AppError('SNAPSHOT_AMBIGUOUS', 'Several snapshots are meant.');
  if (first === undefined) throw notFound();
  return first;
}

function notFound(): AppError {
  return new AppError('SNAPSHOT_NOT_FOUND', 'There is no such snapshot.', { hint: 'See `cairn list`.' });
}
