// `cairn log`: what was captured lately, of which source, and what was left out and why. Read from the vault, so it says what is there.

import type { Command } from 'commander';

import { readLeftOut } from '../../core/capture/left-out.ts';
import type { ChangeRun, Vault } from '../../core/vault/vault.ts';
import type { Gap, SnapshotSummary } from '../../shared/model/snapshot.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import { gapDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { parseTime, toIso } from '../format/times.ts';
import { renderLog, type CaptureLog, type LogLine } from '../render/log.ts';

const DEFAULT_LAST = '1h';
const PAGE_RUNS = 100;
const PAGE_SNAPSHOTS = 500;
/** Longer stretches are cut, and say so. */
const MAX_RUNS = 2_000;

export interface LogOptions {
  readonly last?: string;
}

export function setupLog(command: Command, act: Act): void {
  command
    .option('--last <time>', `how far back: an age such as 2h or 30m, or a time (default ${DEFAULT_LAST})`)
    .action((options: LogOptions) => act((context) => runLog(options, context)));
}

export function runLog(options: LogOptions, context: CommandContext): Promise<ExitCode> {
  const { out } = context;
  const nowMs = context.nowMs();
  const sinceMs = parseTime(options.last ?? DEFAULT_LAST, nowMs, '--last');
  return doneWithVault(context, async (open) => {
    const log = await readLog(open.vault, sinceMs);
    out.result(logDocument(log), () => renderLog(log, { style: out.style, width: out.width, nowMs }));
  });
}

async function readLog(vault: Vault, sinceMs: number): Promise<CaptureLog> {
  const runs = await readRuns(vault, sinceMs);
  const snapshots = await readSummaries(vault, sinceMs);
  return {
    sinceMs,
    captures: snapshots.length,
    lines: runs.flatMap(linesOf),
    more: runs.reduce((sum, { more }) => sum + more, 0),
    gaps: await readGaps(vault, snapshots),
    leftOut: leftOutSince(await readLeftOut(vault), sinceMs),
  };
}

async function readRuns(vault: Vault, sinceMs: number): Promise<ChangeRun[]> {
  const runs: ChangeRun[] = [];
  let before: ChangeRun['summary']['id'] | null = null;
  do {
    const page = await vault.changes({ limit: PAGE_RUNS, sinceMs, ...(before === null ? {} : { before }) });
    runs.push(...page.runs.filter(({ summary }) => summary.takenAtMs >= sinceMs));
    before = page.next;
  } while (before !== null && runs.length < MAX_RUNS);
  return runs;
}

async function readSummaries(vault: Vault, sinceMs: number): Promise<SnapshotSummary[]> {
  const found: SnapshotSummary[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = await vault.listSnapshots({
      limit: PAGE_SNAPSHOTS,
      sinceMs,
      ...(last === undefined ? {} : { before: last.id }),
    });
    found.push(...page);
    if (page.length < PAGE_SNAPSHOTS) return found;
  }
}

/** Each gap once, as it was last. */
async function readGaps(vault: Vault, snapshots: readonly SnapshotSummary[]): Promise<Gap[]> {
  const found = new Map<string, Gap>();
  for (const { id } of snapshots.filter(({ gaps }) => gaps > 0).slice(0, PAGE_RUNS)) {
    const { gapList } = await vault.readSnapshot(id);
    for (const gap of gapList) {
      const name = `${gap.source} ${gap.reason} ${gap.key ?? ''}`;
      if (!found.has(name)) found.set(name, gap);
    }
  }
  return [...found.values()];
}

function linesOf({ summary, added, changed, removed }: ChangeRun): LogLine[] {
  const line = (act: LogLine['act'], { key, source, kind, title }: ChangeRun['added'][number]): LogLine => ({
    ...{ atMs: summary.takenAtMs, act, key, source, kind, title },
  });
  return [
    ...added.map((item) => line('new', item)),
    ...changed.map(({ after }) => line('changed', after)),
    ...removed.map((item) => line('gone', item)),
  ];
}

function leftOutSince(entries: Awaited<ReturnType<typeof readLeftOut>>, sinceMs: number): CaptureLog['leftOut'] {
  return entries
    .flatMap(({ atMs, leftOut }, at) => {
      const toMs = entries[at + 1]?.atMs ?? null;
      return leftOut.map((part) => ({ ...part, fromMs: atMs, toMs }));
    })
    .filter(({ toMs }) => toMs === null || toMs >= sinceMs);
}

function logDocument(log: CaptureLog): object {
  return {
    since: toIso(log.sinceMs),
    captures: log.captures,
    items: log.lines.map(({ atMs, ...line }) => ({ at: toIso(atMs), ...line })),
    more: log.more,
    gaps: log.gaps.map(gapDocument),
    leftOut: log.leftOut.map(({ fromMs, toMs, ...part }) => ({
      ...part,
      from: toIso(fromMs),
      to: toMs === null ? null : toIso(toMs),
    })),
  };
}
