import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { systemClock } from '../../src/core/clock.ts';

const DAY_MS = 86_400_000;

describe('systemClock.setTimer()', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits for longer than one timer of the platform holds', () => {
    let calls = 0;
    systemClock.setTimer(() => (calls += 1), 60 * DAY_MS);
    vi.advanceTimersByTime(59 * DAY_MS);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(DAY_MS);
    expect(calls).toBe(1);
  });

  it('is undone at any time', () => {
    let calls = 0;
    const cancel = systemClock.setTimer(() => (calls += 1), 60 * DAY_MS);
    vi.advanceTimersByTime(30 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(calls).toBe(0);
  });
});
