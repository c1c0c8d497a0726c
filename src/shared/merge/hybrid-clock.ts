// A hybrid logical clock (Kulkarni and others, 2014): wall time where clocks agree, a counter where they do not. Stamps of one device only
// rise; whatever a device has read is older than what it writes next. A clock that runs ahead pulls nobody further than a few minutes.

import type { HybridClock } from '../replication/entry.ts';

/** How far ahead of one's own time a stamp may move one's own clock. */
export const MAX_AHEAD_MS = 5 * 60_000;
const MAX_COUNTER = 0xffff;

export const NO_CLOCK: HybridClock = { wallMs: 0, counter: 0 };

export function compareClocks(one: HybridClock, other: HybridClock): number {
  return one.wallMs - other.wallMs || one.counter - other.counter;
}

/** The next stamp of a device that last gave `last`. */
export function tickClock(last: HybridClock, nowMs: number): HybridClock {
  if (nowMs > last.wallMs) return { wallMs: nowMs, counter: 0 };
  return last.counter < MAX_COUNTER
    ? { wallMs: last.wallMs, counter: last.counter + 1 }
    : { wallMs: last.wallMs + 1, counter: 0 };
}

/** One's own clock after a stamp was read: never further than a few minutes ahead of the time. */
export function witnessClock(own: HybridClock, read: HybridClock, nowMs: number): HybridClock {
  if (compareClocks(read, own) <= 0) return own;
  if (read.wallMs <= nowMs + MAX_AHEAD_MS) return read;
  return own;
}
