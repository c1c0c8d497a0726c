// Days of captures in a row on a real vault, with all that goes on beside them: upkeep with parity and the search index, thinning, backups,
// questions. Looks at memory, open files and the size of the file as it goes.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Vault } from '../../src/core/vault/vault.ts';
import { DEFAULT_RETENTION, type RetentionLimits } from '../../src/shared/model/retention.ts';
import { aCapture } from '../support/captures.ts';
import { BusyWorkspace } from './busy-workspace.ts';

const HOUR_MS = 3_600_000;
const MB = 1024 * 1024;

export interface SoakOptions {
  readonly path: string;
  readonly captures: number;
  readonly seed: number;
  /** Wall time from one capture to the next. */
  readonly stepMs: number;
  readonly startMs: number;
  readonly samples: number;
  readonly limits?: RetentionLimits;
  readonly onSample?: (sample: SoakSample) => void;
}

export interface SoakSample {
  readonly captures: number;
  readonly snapshots: number;
  readonly fileMb: number;
  readonly residentMb: number;
  readonly heapMb: number;
  readonly openFiles: number;
  /** Median of the saves since the last sample. */
  readonly saveMs: number;
}

export interface SoakReport {
  readonly samples: readonly SoakSample[];
  /** Growth over the second half, by the straight line through the samples. */
  readonly residentMbPer1000: number;
  readonly heapMbPer1000: number;
  readonly filesGrown: number;
  /** What another thinning at the end would still remove. */
  readonly overdue: number;
  readonly damaged: number;
}

export async function soak(vault: Vault, options: SoakOptions): Promise<SoakReport> {
  const { captures, stepMs, limits = DEFAULT_RETENTION } = options;
  const workspace = new BusyWorkspace(options.seed);
  const samples: SoakSample[] = [];
  let saves: number[] = [];
  let nowMs = options.startMs;
  let pruneAtMs = nowMs + 6 * HOUR_MS;
  let backupAtMs = nowMs + 24 * HOUR_MS;
  for (let at = 1; at <= captures; at += 1) {
    nowMs += stepMs;
    const { workMs } = await vault.save(aCapture(workspace.next(), { takenAtMs: nowMs }));
    saves.push(workMs);
    await vault.upkeep(5);
    if (nowMs >= pruneAtMs) {
      await vault.prune(limits, nowMs, { isDryRun: false });
      pruneAtMs = nowMs + 6 * HOUR_MS;
    }
    if (nowMs >= backupAtMs) {
      await vault.backup({ folder: join(dirname(options.path), 'backups'), keep: 3, nowMs });
      backupAtMs = nowMs + 24 * HOUR_MS;
    }
    if (at % 50 === 0) await vault.search({ text: `w${at % 100}`, limit: 20, budgetMs: 2_000 });
    if (at % Math.max(1, Math.floor(captures / options.samples)) !== 0) continue;
    const sample = await look(vault, at, nowMs, median(saves));
    samples.push(sample);
    options.onSample?.(sample);
    saves = [];
  }
  await vault.prune(limits, nowMs, { isDryRun: false });
  const again = await vault.prune(limits, nowMs, { isDryRun: true });
  const { damaged } = await vault.verify({ isDeep: true, nowMs });
  const half = samples.slice(Math.floor(samples.length / 2));
  return {
    samples,
    residentMbPer1000: slope(half, ({ residentMb }) => residentMb),
    heapMbPer1000: slope(half, ({ heapMb }) => heapMb),
    filesGrown: (half.at(-1)?.openFiles ?? 0) - (half[0]?.openFiles ?? 0),
    overdue: again.plan.remove.length,
    damaged: damaged.length,
  };
}

async function look(vault: Vault, captures: number, nowMs: number, saveMs: number): Promise<SoakSample> {
  const { snapshots, fileBytes, walBytes } = await vault.statistics({ inactiveDays: 7, nowMs });
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    captures,
    snapshots,
    fileMb: (fileBytes + walBytes) / MB,
    residentMb: rss / MB,
    heapMb: heapUsed / MB,
    openFiles: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    saveMs,
  };
}

/** Growth for each 1,000 captures, by least squares. */
function slope(samples: readonly SoakSample[], of: (sample: SoakSample) => number): number {
  const meanX = mean(samples.map(({ captures }) => captures));
  const meanY = mean(samples.map(of));
  let above = 0;
  let below = 0;
  for (const sample of samples) {
    above += (sample.captures - meanX) * (of(sample) - meanY);
    below += (sample.captures - meanX) ** 2;
  }
  return below === 0 ? 0 : (above / below) * 1_000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
