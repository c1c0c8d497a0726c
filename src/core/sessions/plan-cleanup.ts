// Which stored sessions go when there are too many or they are too old. Pure. What a source has captured is not here: it lies in
// snapshots, and goes by their retention.

import type { SessionId } from '../../shared/model/ids.ts';

const DAY_MS = 86_400_000;

export interface CleanupLimits {
  /** The most sessions that stay; 0 for any number. */
  readonly maxSessions: number;
  /** Days after its last change that a session stays; 0 for ever. */
  readonly retentionDays: number;
  /** Sessions whose origin is gone may go too: only where the user said so. */
  readonly includesGone: boolean;
}

export interface CleanupCandidate {
  readonly id: SessionId;
  readonly updatedAtMs: number;
  readonly pinned: boolean;
  readonly isOriginGone: boolean;
}

export interface CleanupPlan {
  readonly byLimit: readonly SessionId[];
  readonly byAge: readonly SessionId[];
}

/** Pinned ones stay and do not count against the limit; neither does what may not go. */
export function planCleanup(sessions: readonly CleanupCandidate[], limits: CleanupLimits, nowMs: number): CleanupPlan {
  const loose = sessions
    .filter(({ pinned, isOriginGone }) => !pinned && (limits.includesGone || !isOriginGone))
    .toSorted((a, b) => b.updatedAtMs - a.updatedAtMs || a.id.localeCompare(b.id));
  const oldestMs = limits.retentionDays === 0 ? Number.NEGATIVE_INFINITY : nowMs - limits.retentionDays * DAY_MS;
  const byAge = loose.filter(({ updatedAtMs }) => updatedAtMs < oldestMs);
  const young = loose.filter(({ updatedAtMs }) => updatedAtMs >= oldestMs);
  const byLimit = limits.maxSessions === 0 ? [] : young.slice(limits.maxSessions);
  return { byAge: byAge.map(({ id }) => id), byLimit: byLimit.map(({ id }) => id) };
}
