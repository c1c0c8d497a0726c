// Small tools of the benches: percentiles, rows with limits, memory.

import { readFileSync } from 'node:fs';

export interface Figure {
  readonly name: string;
  /** Null where it could not be measured: that falls short of any limit. */
  readonly value: number | null;
  readonly unit: 'ms' | 'kB' | 'MB' | 'x' | '%' | 'count';
  /** What it must not exceed, or reach, where there is one. */
  readonly limit?: { readonly at: 'most' | 'least'; readonly value: number };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function fallsShort(figure: Figure): boolean {
  if (figure.limit === undefined) return false;
  if (figure.value === null) return true;
  return figure.limit.at === 'most' ? !(figure.value <= figure.limit.value) : !(figure.value >= figure.limit.value);
}

/** The most memory this process has had, in MB. */
export function peakMemoryMb(): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

export async function timeMs<Result>(
  work: () => Promise<Result> | Result,
): Promise<{ readonly ms: number; readonly result: Result }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

/** The limit of a figure that must not be exceeded, to be spread into it. */
export function atMost(value: number): Pick<Figure, 'limit'> {
  return { limit: { at: 'most', value } };
}

/** The same of a figure that must be reached. */
export function atLeast(value: number): Pick<Figure, 'limit'> {
  return { limit: { at: 'least', value } };
}

/** Runs `work` for every value, 16 at a time: as much at once as keeps the vault busy, as little as memory wants. */
export async function inWindows<Value>(values: readonly Value[], work: (value: Value) => Promise<void>): Promise<void> {
  const left = values.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const value of left) await work(value);
    }),
  );
}

/** How much later than they should the timers of this thread fire, once a millisecond. */
export class LoopDelay {
  readonly delaysMs: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;

  start(): void {
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  /** A delay that has not ended yet counts too. */
  stop(): void {
    clearInterval(this.#timer);
    this.#tick();
  }

  #tick(): void {
    const nowMs = performance.now();
    this.delaysMs.push(Math.max(0, nowMs - this.#lastMs - 1));
    this.#lastMs = nowMs;
  }
}
