// When a signalled change may be captured before its turn. One change alone is captured almost at once; many in a row use up an
// allowance, which refills as fast as what captures cost here permits: a program that never rests is captured every 2 s where a capture
// takes 20 ms of processor time, and less often where it takes more, so that all of it stays within a hundredth of a core.

/** Changes come in bursts (a window opens, its title follows): one capture for all of them. */
const SETTLE_MS = 300;
/** Between the beginnings of two early captures. With the settling and a capture of under a second a change is safe within 3 s. */
const MIN_GAP_MS = 2_000;
const ALLOWANCE = 10;
/** Of a core, for early captures that go on and on. */
const CPU_SHARE = 0.01;
/** Before any was measured: a workspace of 40 panes. */
const ASSUMED_CPU_MS = 60;
/** However much a capture costs: the plain interval is the floor. */
const MAX_REFILL_MS = 30_000;
/** How much the newest capture counts in what one costs. */
const NEWEST_WEIGHT = 0.25;
/** Early captures take at most this share of the time. */
const MAX_DUTY = 0.2;

export class EarlyPace {
  #allowance = ALLOWANCE;
  #countedAtMs = 0;
  #cpuMs = ASSUMED_CPU_MS;
  #hasBegun = false;

  /** Tells what a capture took of processor time, that of the programs it asked included. The first reads everything and says little. */
  noteCost(cpuMs: number): void {
    if (this.#hasBegun) this.#cpuMs += (cpuMs - this.#cpuMs) * NEWEST_WEIGHT;
    this.#hasBegun = true;
  }

  /** When a change of that time is to be captured, given the last capture (null: none yet); never after `latestMs`. */
  dueAtMs(
    changedAtMs: number,
    last: { readonly startedAtMs: number; readonly durationMs: number } | null,
    latestMs: number,
  ): number {
    const settledMs = changedAtMs + SETTLE_MS;
    if (last === null) return Math.min(settledMs, latestMs);
    this.#refill(changedAtMs);
    const wait = this.#allowance >= 1 ? 0 : (1 - this.#allowance) * this.#refillMs();
    const gap = Math.max(MIN_GAP_MS, last.durationMs / MAX_DUTY);
    return Math.min(Math.max(settledMs, last.startedAtMs + gap, changedAtMs + wait), latestMs);
  }

  /** An early capture begins. */
  use(atMs: number): void {
    this.#refill(atMs);
    this.#allowance = Math.max(0, this.#allowance - 1);
  }

  #refillMs(): number {
    return Math.min(MAX_REFILL_MS, Math.max(MIN_GAP_MS, this.#cpuMs / CPU_SHARE));
  }

  #refill(atMs: number): void {
    const gained = Math.max(0, atMs - this.#countedAtMs) / this.#refillMs();
    this.#allowance = Math.min(ALLOWANCE, this.#allowance + gained);
    this.#countedAtMs = Math.max(this.#countedAtMs, atMs);
  }
}
