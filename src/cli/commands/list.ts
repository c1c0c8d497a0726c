// `cairn list`: the timeline, newest first.

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotSummary } from '../../shared/model/snapshot.ts';
import type { ListSnapshotsQuery, Vault } from '../../core/vault/vault.ts';
import { doneWithVault, historyOf, type Act, type CommandContext } from '../context.ts';
import { checkpointDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { parseTime, toIso } from '../format/times.ts';
import { wholeNumber } from '../options.ts';
import { collapseUnchanged, type ListRow } from '../render/collapse-unchanged.ts';
import { renderList } from '../render/list.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1_000_000;
const PAGE_SIZE = 200;
/** Unchanged captures are looked through for their rows no further than this. */
const MAX_SCANNED = 10_000;

export interface ListOptions {
  readonly limit: number;
  readonly since?: string;
  readonly until?: string;
  readonly checkpoints?: boolean;
  readonly all?: boolean;
  readonly device?: string;
}

export function setupList(command: Command, act: Act): void {
  command
    .option('--limit <count>', 'how many to show', wholeNumber({ min: 1, max: MAX_LIMIT }), DEFAULT_LIMIT)
    .option('--since <time>', 'not older than this: an age such as 2h, a clock time, a date or an ISO 8601 time')
    .option('--until <time>', 'not younger than this')
    .option('--checkpoints', 'only checkpoints')
    .option('--all', 'a row for each capture, also where nothing changed (--json always lists each)')
    .option('--device <name>', "another device's history, as it is here")
    .action((options: ListOptions) => act((context) => runList(options, context)));
}

export function runList(options: ListOptions, context: CommandContext): Promise<ExitCode> {
  const { out } = context;
  const query = toQuery(options, context.nowMs());
  return doneWithVault(context, async (open) => {
    const vault = await historyOf(open, options.device);
    if (out.isJson || options.all === true || options.checkpoints === true) {
      const snapshots = await vault.listSnapshots(query);
      const rows = snapshots.map((snapshot): ListRow => ({ snapshot, unchanged: 0, unchangedUntilMs: null }));
      out.result({ snapshots: snapshots.map(summaryDocument) }, () => renderList(rows, viewOf(context, options)));
      return;
    }
    const rows = await readCollapsed(vault, query);
    out.lines(renderList(rows, viewOf(context, options)));
  });
}

export function summaryDocument(summary: SnapshotSummary): object {
  return {
    id: summary.id,
    takenAt: toIso(summary.takenAtMs),
    kind: summary.kind,
    items: summary.items,
    changed: summary.changed,
    gaps: summary.gaps,
    ...(summary.checkpoint === undefined ? {} : { checkpoint: checkpointDocument(summary.checkpoint) }),
  };
}

function toQuery(options: ListOptions, nowMs: number): ListSnapshotsQuery {
  const sinceMs = options.since === undefined ? undefined : parseTime(options.since, nowMs, '--since');
  const untilMs = options.until === undefined ? undefined : parseTime(options.until, nowMs, '--until');
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    throw new AppError('USAGE_INVALID', '--since is later than --until.', { hint: 'Exchange the two times.' });
  }
  return {
    limit: options.limit,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(options.checkpoints === true ? { checkpointsOnly: true } : {}),
  };
}

/** Reads on until there are enough rows, since many captures may stand in one. */
async function readCollapsed(vault: Vault, query: ListSnapshotsQuery): Promise<readonly ListRow[]> {
  const snapshots: SnapshotSummary[] = [];
  for (;;) {
    const last = snapshots.at(-1);
    const page = await vault.listSnapshots({
      ...query,
      limit: PAGE_SIZE,
      ...(last === undefined ? {} : { before: last.id }),
    });
    snapshots.push(...page);
    const rows = collapseUnchanged(snapshots);
    const isEnd = page.length < PAGE_SIZE || snapshots.length >= MAX_SCANNED;
    // The last row may still gather older captures, so it counts only at the end.
    if (isEnd || rows.length > query.limit) return rows.slice(0, query.limit);
  }
}

function viewOf(context: CommandContext, options: ListOptions) {
  return {
    style: context.out.style,
    width: context.out.width,
    nowMs: context.nowMs(),
    isFiltered: options.since !== undefined || options.until !== undefined || options.checkpoints === true,
  };
}
