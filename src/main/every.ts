// Work again and again, until it is undone.

import type { CancelTimer, Clock } from '../core/clock.ts';

/** Calls back after each interval; the result ends it. */
export function every(intervalMs: number, callback: () => void, clock: Clock): CancelTimer {
  let cancel = clock.setTimer(tick, intervalMs);
  function tick(): void {
    cancel = clock.setTimer(tick, intervalMs);
    callback();
  }
  return () => cancel();
}
