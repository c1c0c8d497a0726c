// What a gap is: a stretch without captures that is longer than captures stand apart there, and in which Cairn did not watch either. Pure.

import type { RetentionLimits } from '../../shared/model/retention.ts';
import type { GapLimit } from '../vault/vault.ts';
import type { Presence } from './presence.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Captures that fail or are late leave some room; a machine that slept for so long was away. */
const MIN_GAP_MS = 5 * MINUTE_MS;
const INTERVALS = 3;
/** After thinning, one snapshot an hour or a day stands anywhere in it. */
const SLACK = 2;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From which silence on there is a gap, as long ago as snapshots were thinned. */
export function gapLimits(
  { allHours, hourlyDays, dailyDays }: RetentionLimits,
  intervalMs: number,
  nowMs: number,
): readonly GapLimit[] {
  return [
    { beforeMs: Number.MAX_SAFE_INTEGER, minMs: Math.max(MIN_GAP_MS, INTERVALS * intervalMs) },
    { beforeMs: nowMs - allHours * HOUR_MS, minMs: SLACK * HOUR_MS },
    { beforeMs: nowMs - hourlyDays * DAY_MS, minMs: SLACK * DAY_MS },
    // Only what was named is left of older times: how far it stands apart says nothing.
    { beforeMs: nowMs - dailyDays * DAY_MS, minMs: Number.MAX_SAFE_INTEGER },
  ];
}

/** The longest silence that is no gap yet, for one that begins then. */
export function minGapMs(limits: readonly GapLimit[], fromMs: number): number {
  return Math.max(0, ...limits.filter(({ beforeMs }) => fromMs < beforeMs).map(({ minMs }) => minMs));
}

/** What is left of gaps once the stretches are taken out in which Cairn watched. */
export function withoutWatches(
  gaps: readonly Stretch[],
  watches: Presence['watches'],
  limits: readonly GapLimit[],
): Stretch[] {
  return gaps.flatMap((gap) => {
    let left: Stretch[] = [gap];
    for (const watch of watches) left = left.flatMap((stretch) => cutOut(stretch, watch));
    return left.length === 1 && left[0] === gap
      ? left
      : left.filter(({ fromMs, toMs }) => toMs - fromMs > minGapMs(limits, fromMs));
  });
}

function cutOut(stretch: Stretch, hole: Stretch): Stretch[] {
  if (hole.toMs <= stretch.fromMs || hole.fromMs >= stretch.toMs) return [stretch];
  return [
    { fromMs: stretch.fromMs, toMs: hole.fromMs },
    { fromMs: hole.toMs, toMs: stretch.toMs },
  ].filter(({ fromMs, toMs }) => toMs > fromMs);
}
