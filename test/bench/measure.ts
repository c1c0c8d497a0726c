// Small tools of the benches: percentiles, rows with limits, memory.

import { readFileSync } from 'node:fs';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB' | 'x' | '%' | 'count';
  /** What it must not exceed, or reach, where there is one. */
  readonly limit?: { readonly at: 'most' | 'least'; readonly value: number };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function fallsShort(figure: Figure): boolean {
  if (figure.limit === undefined) return false;
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
