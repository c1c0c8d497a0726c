// A clock that stands still until a test turns it.

import type { CancelTimer, Clock } from '../../src/core/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = Date.UTC(2026, 10, 20, 12, 0, 0)) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(callback: () => void, delayMs: number): CancelTimer {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Goes forward, calling the timers on the way in order and letting the work they start come to rest in between. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + durationMs;
    await settle();
    for (;;) {
      const next = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#move(Math.max(0, next.dueMs - this.#monotonicMs));
      next.callback();
      await settle();
    }
    this.#move(untilMs - this.#monotonicMs);
    await settle();
  }

  /** The machine sleeps: time passes without a timer; those that came due are called at once on waking. */
  async suspend(durationMs: number): Promise<void> {
    this.#move(durationMs);
    await this.advance(0);
  }

  /** Somebody sets the wall clock. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  #move(byMs: number): void {
    this.#wallMs += byMs;
    this.#monotonicMs += byMs;
  }
}

/** Lets promises and immediates that are ready run to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
