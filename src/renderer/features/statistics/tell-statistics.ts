// The numbers of a vault as sentences that claim no more than the numbers do. Pure.

import type { Statistics } from '../../../shared/contract/statistics.ts';
import { formatBytes, formatCount, formatSpan } from '../../components/format.ts';

const DAY_MS = 86_400_000;

export interface Savings {
  /** What whole copies would take, about. */
  readonly wholeBytes: number;
  /** The file and what is not yet in it. */
  readonly storedBytes: number;
  readonly words: string;
}

/** What is saved against keeping each snapshot whole; an estimate, since the newest snapshot stands for all. */
export function tellSavings({ snapshots, newestBytes, fileBytes, walBytes }: Statistics): Savings {
  const wholeBytes = snapshots * newestBytes;
  const storedBytes = fileBytes + walBytes;
  return { wholeBytes, storedBytes, words: wordsOf(snapshots, wholeBytes, storedBytes) };
}

function wordsOf(snapshots: number, wholeBytes: number, storedBytes: number): string {
  if (snapshots < 2 || wholeBytes === 0) return 'This can be told once there are a few snapshots.';
  if (wholeBytes <= storedBytes)
    return 'Nothing is saved yet: there are few snapshots, and the vault takes some space of its own.';
  const times = wholeBytes / storedBytes;
  const factor = times >= 10 ? formatCount(Math.round(times)) : times.toFixed(1);
  return `Whole copies of ${formatCount(snapshots)} snapshots would take about ${formatBytes(wholeBytes)}, if each were as large as the newest one. The vault takes ${formatBytes(storedBytes)}: about ${factor} times less.`;
}

/** "+1.2 MB", "-3 kB", "the same". */
export function tellDifference(bytes: number): string {
  if (Math.round(bytes) === 0) return 'the same';
  return `${bytes > 0 ? '+' : '−'}${formatBytes(Math.abs(bytes))}`;
}

/** How fast it grows: from the looks of each day where there are two, else as an average since the oldest snapshot. */
export function tellGrowth({ oldestAt, newestAt, fileBytes, walBytes, growth }: Statistics): string {
  const [first, last] = [growth[0], growth.at(-1)];
  if (first !== undefined && last !== undefined && first.day !== last.day) {
    const spanMs = Date.parse(last.day) - Date.parse(first.day);
    const perDay = ((last.fileBytes - first.fileBytes) / spanMs) * DAY_MS;
    return `${tellDifference(perDay)} a day over the last ${formatSpan(spanMs)}.`;
  }
  if (oldestAt === undefined || newestAt === undefined) return 'This can be told once something was captured.';
  const spanMs = Date.parse(newestAt) - Date.parse(oldestAt);
  if (spanMs < DAY_MS) return 'This can be told after a day of captures.';
  const average = ((fileBytes + walBytes) / spanMs) * DAY_MS;
  return `About ${formatBytes(average)} a day on average over ${formatSpan(spanMs)}. Old snapshots are thinned, so it slows down with time.`;
}
