// `cairn prune`: lets go what is past the retention limits.

import type { Command } from 'commander';

import type { PruneReport } from '../../core/vault/vault.ts';
import type { Checkpoint } from '../../shared/model/checkpoint.ts';
import { KEEP_REASONS, type KeepReason, type RetentionLimits } from '../../shared/model/retention.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, withProgress, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf, formatBytes, formatCount } from '../format/amounts.ts';
import { renderTable } from '../format/table.ts';
import type { Style } from '../output.ts';

const MAX_IDS_SHOWN = 10;
const MAX_NAME_SHOWN = 80;

export interface PruneOptions {
  readonly dryRun?: boolean;
}

export function setupPrune(command: Command, act: Act): void {
  command
    .option('--dry-run', 'say what would go and why the rest is kept, and change nothing')
    .action((options: PruneOptions) => act((context) => runPrune(options, context)));
}

export function runPrune(options: PruneOptions, context: CommandContext): Promise<ExitCode> {
  const isDryRun = options.dryRun === true;
  return doneWithVault(context, async (open) => {
    const { retention } = await context.core.readSettings();
    const named = await open.vault.listCheckpoints();
    const checkpoints = new Map<string, Checkpoint>(named.map((checkpoint) => [checkpoint.id, checkpoint]));
    const report = await withProgress(context, isDryRun ? 'Looking' : 'Pruning', (work) =>
      open.vault.prune(retention, context.nowMs(), { ...work, isDryRun }),
    );
    const goneCheckpoints = report.plan.removeCheckpoints.flatMap((id) => checkpoints.get(id) ?? []);
    const document = {
      dryRun: isDryRun,
      removed: report.plan.remove,
      removedCheckpoints: report.plan.removeCheckpoints,
      checkpoints: goneCheckpoints.map(({ id, name, snapshotId }) => ({ id, name, snapshotId })),
      kept: report.plan.keep,
      freedBytes: report.freedBytes,
    };
    context.out.result(document, () =>
      renderPrune(report, { isDryRun, retention, goneCheckpoints, style: context.out.style }),
    );
  });
}

interface PruneView {
  readonly isDryRun: boolean;
  readonly retention: RetentionLimits;
  readonly goneCheckpoints: readonly Checkpoint[];
  readonly style: Style;
}

export function renderPrune(report: PruneReport, view: PruneView): string[] {
  const { plan, freedBytes } = report;
  const { style } = view;
  const gone = [
    ...(plan.remove.length === 0 ? [] : [countOf(plan.remove.length, 'snapshot')]),
    ...(plan.removeCheckpoints.length === 0 ? [] : [countOf(plan.removeCheckpoints.length, 'checkpoint')]),
  ].join(' and ');
  const rows = KEEP_REASONS.filter((reason) => plan.keep[reason] > 0).map((reason) => [
    formatCount(plan.keep[reason]),
    describeReason(reason, view.retention),
  ]);
  const kept = renderTable([{ title: '', align: 'right' }, { title: '' }], rows).map((line) => `  ${line}`);
  const head =
    gone === ''
      ? 'Nothing is past its limits: nothing to let go.'
      : view.isDryRun
        ? `${style.bold('Would let go')} ${gone}, about ${formatBytes(freedBytes)}.`
        : `${style.bold('Let go')} ${gone}; ${formatBytes(freedBytes)} came back to the file system.`;
  return [
    head,
    ...renderIds(plan.remove, style),
    ...renderCheckpoints(view),
    ...(kept.length === 0 ? [] : [view.isDryRun ? 'Would be kept:' : 'Kept:', ...kept]),
    ...(view.isDryRun && gone !== '' ? ['Nothing was changed. `cairn prune` does it.'] : []),
  ];
}

function renderIds(ids: readonly string[], style: Style): string[] {
  if (ids.length === 0) return [];
  const shown = ids.slice(0, MAX_IDS_SHOWN).map((id) => id.slice(0, 8));
  const more = ids.length > shown.length ? ` and ${formatCount(ids.length - shown.length)} more` : '';
  return [`  ${style.dim(`${shown.join(' ')}${more}`)}`];
}

/** Each by its name: a user who gave it one decides by it whether to pin it. */
function renderCheckpoints({ goneCheckpoints, retention, style, isDryRun }: PruneView): string[] {
  if (goneCheckpoints.length === 0) return [];
  const names = goneCheckpoints.map(
    ({ id, name }) => `  ${style.dim(id.slice(0, 8))}  ${toPlainLine(name, MAX_NAME_SHOWN)}`,
  );
  const verb = isDryRun ? 'would go' : 'went';
  return [
    `Checkpoints that ${verb}, being older than ${countOf(retention.checkpointDays, 'day')} and not pinned:`,
    ...names,
  ];
}

function describeReason(reason: KeepReason, limits: RetentionLimits): string {
  const reasons: Readonly<Record<KeepReason, string>> = {
    latest: 'the newest: always kept',
    recent: `younger than ${countOf(limits.allHours, 'hour')}: all are kept`,
    hourly: `one an hour, for ${countOf(limits.hourlyDays, 'day')}`,
    daily: `one a day, for ${countOf(limits.dailyDays, 'day')}`,
    checkpoint: `checkpoints, for ${countOf(limits.checkpointDays, 'day')}`,
    pinned: 'pinned checkpoints: kept for ever',
    'last-good': 'the last good snapshot of a source: always kept',
    undo: 'what a restore can go back to',
  };
  return reasons[reason];
}
