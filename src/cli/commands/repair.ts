// `cairn repair`: rebuilds a damaged vault from what is whole, beside the damaged file, which is kept. Shows first what it would win and lose.

import type { Command } from 'commander';

import { viewRepair } from '../../core/api/view-repair.ts';
import type { RepairReport } from '../../core/vault/repair/repair-vault.ts';
import type { PlainError } from '../../shared/model/app-error.ts';
import { assertRunning, assertVault, withProgress, type Act, type CommandContext } from '../context.ts';
import { EXIT_DAMAGED, EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { countOf } from '../format/amounts.ts';
import { unlock } from '../password.ts';
import { renderRepair } from '../render/repair.ts';

export interface RepairOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function setupRepair(command: Command, act: Act): void {
  command
    .option('--dry-run', 'say what would come back and what is lost, and change nothing')
    .option('--yes', 'do not ask')
    .action((options: RepairOptions) => act((context) => runRepair(options, context)));
}

/** What stays lost is the result of this command, and exit code 5. */
export async function runRepair(options: RepairOptions, context: CommandContext): Promise<ExitCode> {
  assertVault(context);
  const { out, prompter } = context;
  const mustAsk = options.yes !== true && !out.isJson && prompter !== null;
  const isLookOnly = options.dryRun === true;
  const deps = { env: context.env, prompter, warn: (line: string) => out.warn(line) };
  const work = (secret: Parameters<CommandContext['core']['repair']>[0], isDryRun: boolean): Promise<RepairReport> =>
    withProgress(context, isDryRun ? 'Looking' : 'Repairing', (control) =>
      context.core.repair(secret, { ...control, isDryRun }),
    );
  const { secret, report } = await unlock(context.globals, deps, async (given) => {
    assertRunning(context.signal);
    return { secret: given, report: await work(given, isLookOnly || mustAsk) };
  });
  if (isLookOnly || !mustAsk || report.isWhole) return tell(report, context, isLookOnly);
  out.lines(renderRepair(report, { style: out.style, nowMs: context.nowMs(), isDone: false }));
  const isAgreed = await prompter.confirm('Repair the vault so? The damaged file is kept.', { isDefaultYes: true });
  if (!isAgreed) {
    out.lines(['Nothing was changed.']);
    return exitCodeFor(report);
  }
  return tell(await work(secret, false), context, false);
}

function tell(report: RepairReport, context: CommandContext, isDryRun: boolean): ExitCode {
  const { out } = context;
  const error = lossError(report);
  out.result({ dryRun: isDryRun, ...viewRepair(report), ...(error === null ? {} : { error }) }, () => [
    ...renderRepair(report, { style: out.style, nowMs: context.nowMs(), isDone: !isDryRun }),
    ...(isDryRun && !report.isWhole ? ['Nothing was changed. `cairn repair` does it.'] : []),
  ]);
  return exitCodeFor(report);
}

function isLossless({ lost, lostSnapshots, together }: RepairReport): boolean {
  return lost === 0 && lostSnapshots === 0 && together.length === 0;
}

function exitCodeFor(report: RepairReport): ExitCode {
  return isLossless(report) ? EXIT_DONE : EXIT_DAMAGED;
}

function lossError(report: RepairReport): PlainError | null {
  if (isLossless(report)) return null;
  return {
    code: 'VAULT_DAMAGED',
    message: `${countOf(report.lost, 'record')} and ${countOf(report.lostSnapshots, 'snapshot')} have no whole copy left.`,
    hint: 'Everything else is there. A backup elsewhere may have them: put it into the backups folder and repair again.',
    retryable: false,
  };
}
