import { describe, expect, it } from 'vitest';

import { EarlyPace } from '../../../src/core/capture/early-pace.ts';

const INTERVAL_MS = 30_000;

/** A program that changes something ten times a second for so long; gives when captures began, each lasting 200 ms. */
function captureUnderChange(cpuMs: number, forMs: number): number[] {
  const pace = new EarlyPace();
  const startsMs: number[] = [];
  let last: { startedAtMs: number; durationMs: number } | null = null;
  let changedAtMs: number | null = null;
  for (let nowMs = 100_000; nowMs < 100_000 + forMs; nowMs += 100) {
    changedAtMs ??= nowMs;
    const latestMs: number = (last?.startedAtMs ?? nowMs) + INTERVAL_MS;
    const dueAtMs = pace.dueAtMs(changedAtMs, last, latestMs);
    if (nowMs < dueAtMs) continue;
    if (dueAtMs < latestMs) pace.use(dueAtMs);
    last = { startedAtMs: nowMs, durationMs: 200 };
    startsMs.push(nowMs);
    pace.noteCost(cpuMs);
    changedAtMs = null;
  }
  return startsMs;
}

function gaps(startsMs: readonly number[]): number[] {
  return startsMs.slice(1).map((startMs, at) => startMs - (startsMs[at] ?? 0));
}

describe('EarlyPace', () => {
  it('keeps each change safe within 3 s, for ever, where captures are cheap', () => {
    const starts = captureUnderChange(20, 600_000);

    expect(Math.max(...gaps(starts))).toBeLessThanOrEqual(2_800);
  });

  it.each([20, 48, 60, 150])('spends a hundredth of a core in the long run where a capture costs %d ms', (cpuMs) => {
    const forMs = 3_600_000;
    const starts = captureUnderChange(cpuMs, forMs);
    // The first ten are the allowance.
    const share = ((starts.length - 10) * cpuMs) / forMs;

    expect(share).toBeLessThanOrEqual(0.0101);
    expect(Math.max(...gaps(starts))).toBeLessThanOrEqual(INTERVAL_MS);
  });

  it('takes a burst at once, whatever it costs', () => {
    const starts = captureUnderChange(150, 25_000);

    expect(Math.max(...gaps(starts.slice(0, 10)))).toBeLessThanOrEqual(2_800);
  });

  it('captures a change that comes alone after settling', () => {
    const pace = new EarlyPace();
    pace.noteCost(500);

    expect(pace.dueAtMs(1_000_000, { startedAtMs: 900_000, durationMs: 100 }, 2_000_000)).toBe(1_000_300);
  });
});
