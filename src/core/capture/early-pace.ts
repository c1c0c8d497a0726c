// When a signalled change may be captured before its turn. One change alone is captured almost at once; many in a row use up an
// allowance that refills slowly, so that a program that never rests costs no more than the plain interval allows.

/** Changes come in bursts (a window opens, its title follows): one capture for all of them. */
const SETTLE_MS = 300;
/** Between the beginnings of two early captures. With the settling and a capture of under a second a change is safe within 3 s. */
const MIN_GAP_MS = 2_000;
const ALLOWANCE = 10;
const REFILL_MS = 6_000;
/** Early captures take at most this share of the time. */
const MAX_DUTY = 0.2;

export class EarlyPace {
  #allowance = ALLOWANCE;
  #countedAtMs = 0;

  /** When a change of that time is to be captured, given the last capture (null: none yet); never after `latestMs`. */
  dueAtMs(
    changedAtMs: number,
    last: { readonly startedAtMs: number; readonly durationMs: number } | null,
    latestMs: number,
  ): number {
    const settledMs = changedAtMs + SETTLE_MS;
    if (last === null) return Math.min(settledMs, latestMs);
    this.#refill(changedAtMs);
    const wait = this.#allowance >= 1 ? 0 : (1 - this.#allowance) * REFILL_MS;
    const gap = Math.max(MIN_GAP_MS, last.durationMs / MAX_DUTY);
    return Math.min(Math.max(settledMs, last.startedAtMs + gap, changedAtMs + wait), latestMs);
  }

  /** An early capture begins. */
  use(atMs: number): void {
    this.#refill(atMs);
    this.#allowance = Math.max(0, this.#allowance - 1);
  }

  #refill(atMs: number): void {
    const gained = Math.max(0, atMs - this.#countedAtMs) / REFILL_MS;
    this.#allowance = Math.min(ALLOWANCE, this.#allowance + gained);
    this.#countedAtMs = Math.max(this.#countedAtMs, atMs);
  }
}
