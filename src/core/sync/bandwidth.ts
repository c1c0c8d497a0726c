// A bandwidth cap: what was sent or taken is waited for.

import type { Clock } from '../clock.ts';

export class Bandwidth {
  readonly #clock: Clock;
  #nextFreeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits as long as so many bytes take; not at all where nothing is capped, and no longer than until the signal. */
  async spend(bytes: number, maxKilobytesPerSecond: number, signal: AbortSignal): Promise<void> {
    if (maxKilobytesPerSecond === 0 || signal.aborted) return;
    const now = this.#clock.monotonicMs();
    this.#nextFreeMs = Math.max(now, this.#nextFreeMs) + bytes / maxKilobytesPerSecond;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#clock.setTimer(end, this.#nextFreeMs - now);
      signal.addEventListener('abort', end);
    });
  }
}
