// A bandwidth cap: what was sent or taken is waited for.

import type { Clock } from '../clock.ts';

export class Bandwidth {
  readonly #clock: Clock;
  #nextFreeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits as long as so many bytes take; not at all where nothing is capped. */
  async spend(bytes: number, maxKilobytesPerSecond: number): Promise<void> {
    if (maxKilobytesPerSecond === 0) return;
    const now = this.#clock.monotonicMs();
    this.#nextFreeMs = Math.max(now, this.#nextFreeMs) + bytes / maxKilobytesPerSecond;
    await new Promise<void>((resolve) => {
      this.#clock.setTimer(resolve, this.#nextFreeMs - now);
    });
  }
}
