// Buckets of calls that fill up again by themselves, one for each caller. They are this node's own: with several nodes each grants as much,
// which only loosens them. What must hold over all nodes (wrong passwords) is counted in the database instead (auth/attempts.ts).

import { Refusal } from './refusal.ts';

export interface Rate {
  readonly burst: number;
  readonly perMinute: number;
}

/** So many callers are remembered; the one that called longest ago is forgotten first. */
const MAX_BUCKETS = 20_000;

export class RateLimit {
  readonly #rate: Rate;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(rate: Rate, nowMs: () => number) {
    this.#rate = rate;
    this.#nowMs = nowMs;
  }

  /** Counts a call. @throws Refusal `rate` */
  take(caller: string): void {
    const { burst, perMinute } = this.#rate;
    const nowMs = this.#nowMs();
    const known = this.#buckets.get(caller);
    const left = Math.min(
      burst,
      known === undefined ? burst : known.left + ((nowMs - known.atMs) * perMinute) / 60_000,
    );
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left: left < 1 ? left : left - 1, atMs: nowMs });
    if (this.#buckets.size > MAX_BUCKETS) this.#forgetOldest();
    if (left >= 1) return;
    throw new Refusal('rate', 'Too many requests at once.', 'They are taken again after a while.', {
      limit: perMinute,
      retryAfterMs: Math.ceil(((1 - left) * 60_000) / perMinute),
    });
  }

  #forgetOldest(): void {
    for (const caller of this.#buckets.keys()) {
      this.#buckets.delete(caller);
      return;
    }
  }
}
