// `cairn restore`: plan, then do; and `--undo`, which goes back.

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { AppError, type PlainError } from '../../shared/model/app-error.ts';
import type { SnapshotId } from '../../shared/model/ids.ts';
import type { RestorePlan, RestoreReport, RestoreStep } from '../../shared/model/restore.ts';
import { moveProject } from '../../core/restore/select-project.ts';
import type { Vault } from '../../core/vault/vault.ts';
import { historyOf, withVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore, RestoreRequest } from '../core.ts';
import { EXIT_DONE, EXIT_FAILED, type ExitCode } from '../exit-code.ts';
import { countOf } from '../format/amounts.ts';
import { toIso } from '../format/times.ts';
import { collect } from '../options.ts';
import type { View } from '../render/checkpoints.ts';
import { renderPlan, renderReport, renderStep } from '../render/restore.ts';

export interface RestoreCommandOptions {
  readonly only?: readonly string[];
  readonly project?: string;
  readonly into?: string;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly device?: string;
  readonly run?: boolean;
  readonly apply?: boolean;
  readonly worktree?: string;
  readonly allowFileUrls?: boolean;
  /** False when `--no-scrollback` was given. */
  readonly scrollback?: boolean;
  readonly yes?: boolean;
}

export function setupRestore(command: Command, act: Act): void {
  command
    .argument('[id]', 'an id or its beginning, `latest`, a checkpoint, a time, or an age such as 2h')
    .option(
      '--only <what>',
      'a kind (tab), a key, or a glob over keys (tmux:main:*); may be given several times',
      collect,
    )
    .option('--project <project>', 'only what belongs to it: a name, a folder, or the address of its repository')
    .option(
      '--into <dir>',
      'the folder of the project now, where it lies elsewhere or on another machine; with --project',
    )
    .option('--device <name>', "another device's history, as it is here")
    .option('--dry-run', 'show exactly what would be done, and do nothing')
    .option('--undo', 'take back the last restore')
    .option('--run', 'run the captured commands, instead of leaving them on the prompt')
    .option('--apply', 'apply git work to the work tree, where it applies cleanly')
    .option('--worktree <dir>', 'restore git work into new worktrees in this folder')
    .option('--allow-file-urls', 'open file: addresses too')
    .option('--no-scrollback', 'leave old terminal text out')
    .option('--yes', 'do not ask before the restore (never asked where there is no terminal)')
    .action((id: string | undefined, options: RestoreCommandOptions) =>
      act((context) => runRestore(id, options, context)),
    );
}

/** A step that failed makes the exit code 1; the others were still done. */
export async function runRestore(
  reference: string | undefined,
  options: RestoreCommandOptions,
  context: CommandContext,
): Promise<ExitCode> {
  assertUsage(reference, options);
  const error = await withVault(context, (open) =>
    options.undo === true ? undo(open, context) : restore(reference ?? 'latest', options, open, context),
  );
  // The document has it already, and of steps that failed the report says why.
  if (error?.code === 'CANCELLED' && !context.out.isJson) context.out.error(error);
  return error === null ? EXIT_DONE : EXIT_FAILED;
}

function assertUsage(reference: string | undefined, options: RestoreCommandOptions): void {
  if (options.undo === true) {
    const { only, project, dryRun, run, apply, worktree, device } = options;
    const others = [reference, only, project, dryRun, run, apply, worktree, device];
    if (others.every((value) => value === undefined)) return;
    throw new AppError('USAGE_INVALID', '--undo takes back the last restore and takes nothing else.', {
      hint: 'See what was restored with `cairn list`.',
    });
  }
  if (reference === undefined) {
    throw new AppError('USAGE_INVALID', 'Which snapshot to restore was not said.', {
      hint: 'Name one, for example `cairn restore latest --dry-run`; `cairn list` shows them.',
    });
  }
  if (options.into !== undefined && options.project === undefined) {
    throw new AppError('USAGE_INVALID', '--into says where a project lies now, and no project was named.', {
      hint: 'Add --project, for example `cairn restore latest --project api --into ~/work/api`.',
    });
  }
  if (options.apply === true && options.worktree !== undefined) {
    throw new AppError('USAGE_INVALID', '--apply and --worktree exclude each other.', {
      hint: 'Git work goes into the work tree or into a new one.',
    });
  }
}

/** Gives why it was not all done, or null. */
async function restore(
  reference: string,
  options: RestoreCommandOptions,
  open: OpenCore,
  context: CommandContext,
): Promise<PlainError | null> {
  const { out } = context;
  const from = await historyOf(open, options.device);
  const snapshotId = await from.resolveSnapshot(reference, context.nowMs());
  const request: RestoreRequest = {
    ...(options.device === undefined ? {} : { from }),
    snapshotId,
    only: options.only ?? [],
    ...(await projectOfRestore(snapshotId, options, from)),
    options: {
      shouldRunCommands: options.run === true,
      shouldApplyGit: options.apply === true,
      worktreeDir: options.worktree === undefined ? null : resolve(options.worktree),
      allowsFileUrls: options.allowFileUrls === true,
      withScrollback: options.scrollback !== false,
    },
    signal: context.signal,
  };
  const plan = await open.planRestore(request);
  const view = viewOf(context);
  if (options.dryRun === true) {
    const report: RestoreReport = { steps: plan.steps.map(toStep), undo: null };
    out.result(reportDocument(plan, report, null), () => renderPlan(plan, { ...view, isDryRun: true }));
    return null;
  }
  if (!(await isAgreed(plan, options, context))) return null;
  if (!plan.steps.some(({ status }) => status === 'planned')) {
    // Not even the present is captured: there will be nothing to take back.
    const report: RestoreReport = { steps: plan.steps.map(toStep), undo: null };
    out.result(reportDocument(plan, report, null), () => []);
    return null;
  }
  const report = await open.applyRestore(plan, request, {
    signal: context.signal,
    onStep: (step) => out.lines([renderStep(step, view)]),
  });
  if (report.undo === null)
    out.warn('the present could not be saved, since the vault cannot be written now: this restore cannot be undone.');
  const error = whyIncomplete(report, context.signal.aborted ? plan : null);
  out.result(reportDocument(plan, report, error), () => renderReport(report, view));
  return error;
}

/** The project that is asked for, and where it lies now. @throws AppError ITEM_NOT_FOUND */
async function projectOfRestore(
  snapshotId: SnapshotId,
  { project: text, into }: RestoreCommandOptions,
  vault: Vault,
): Promise<Pick<RestoreRequest, 'project' | 'mappings'>> {
  if (text === undefined) return {};
  const project = text.startsWith('.') ? resolve(text) : text;
  if (into === undefined) return { project };
  const { itemList } = await vault.readSnapshot(snapshotId);
  return { project, mappings: [moveProject(itemList, project, resolve(into))] };
}

/** Shows the plan to a person and asks; where nobody can be asked, the command itself is the wish. */
async function isAgreed(plan: RestorePlan, options: RestoreCommandOptions, context: CommandContext): Promise<boolean> {
  const { out, prompter } = context;
  out.lines(renderPlan(plan, { ...viewOf(context), isDryRun: false }));
  const planned = plan.steps.filter(({ status }) => status === 'planned').length;
  if (out.isJson || prompter === null || options.yes === true || planned === 0) return true;
  const isYes = await prompter.confirm(`Do ${countOf(planned, 'step')}?`, { isDefaultYes: true });
  if (!isYes) out.lines(['Nothing was restored.']);
  return isYes;
}

async function undo(open: OpenCore, context: CommandContext): Promise<PlainError | null> {
  const { out } = context;
  const view = viewOf(context);
  const report = await open.undoRestore({
    signal: context.signal,
    onStep: (step) => out.lines([renderStep(step, view)]),
  });
  const error = whyIncomplete(report, null);
  out.result(reportDocument(null, report, error), () => renderReport(report, { ...view, isUndo: true }));
  return error;
}

function viewOf(context: CommandContext): View {
  return { style: context.out.style, width: context.out.width, nowMs: context.nowMs() };
}

function toStep({ key, action, status, detail }: RestoreStep): RestoreStep {
  return { key, action, status, detail };
}

/** @param cancelled the plan, where a signal came: what was planned and then skipped was cancelled */
function whyIncomplete({ steps }: RestoreReport, cancelled: RestorePlan | null): PlainError | null {
  const planned = new Set(cancelled?.steps.filter(({ status }) => status === 'planned').map(({ key }) => key));
  if (steps.some(({ key, status }) => status === 'skipped' && planned.has(key)))
    return {
      code: 'CANCELLED',
      message: 'The restore was cancelled before it was complete.',
      hint: 'The same command goes on; `cairn restore --undo` takes back what was done.',
      retryable: true,
    };
  const failed = steps.filter(({ status }) => status === 'failed').length;
  if (failed === 0) return null;
  return {
    code: 'SOURCE_FAILED',
    message: `${countOf(failed, 'step')} of ${steps.length} failed.`,
    hint: 'The reason stands with each step; the others were done.',
    retryable: true,
  };
}

function reportDocument(plan: RestorePlan | null, report: RestoreReport, error: PlainError | null): object {
  return {
    ...(plan === null ? {} : { snapshotId: plan.snapshotId, takenAt: toIso(plan.takenAtMs) }),
    steps: report.steps.map(toStep),
    undo: report.undo,
    ...(error === null ? {} : { error }),
  };
}
