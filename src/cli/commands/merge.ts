// `cairn merge`: brings another vault into this one, an old backup or a vault of its own. Shows first what would come in and every conflict.

import { Option, type Command } from 'commander';

import { viewMerge } from '../../core/api/view-merge.ts';
import { findOtherVault } from '../../core/config/find-other-vault.ts';
import type { MergeReport } from '../../core/vault/merge/merge-report.ts';
import type { VaultSecret } from '../../core/vault/vault-client.ts';
import { choiceName, type MergeChoices, type MergeSide } from '../../shared/merge/merge-choices.ts';
import { MERGE_STRATEGIES, type MergeStrategy } from '../../shared/merge/merge-fields.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { assertRunning, assertVault, withProgress, type Act, type CommandContext } from '../context.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { collect } from '../options.ts';
import { readSecretFile, unlock } from '../password.ts';
import { renderMerge } from '../render/merge.ts';

const CHOICE = /^((?:checkpoint|session)\.[0-9a-f]{16}\.[A-Za-z]{1,64})=(ours|theirs)$/;
const MAX_SHOWN = 200;
const MAX_ATTEMPTS = 3;

export interface MergeCommandOptions {
  readonly strategy: MergeStrategy;
  readonly take?: readonly string[];
  readonly otherPasswordFile?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function setupMerge(command: Command, act: Act): void {
  command
    .argument(
      '<other>',
      'the other vault: a backup, by its path or its name in the backup folder, a data folder, or a vault.db',
    )
    .addOption(
      new Option('--strategy <strategy>', 'which of two versions of a field counts')
        .choices(MERGE_STRATEGIES)
        .default('latest'),
    )
    .option('--take <choice>', 'with manual: such as checkpoint.<id>.name=theirs; may be given several times', collect)
    .option('--other-password-file <file>', 'the password of a vault of its own (else asked)')
    .option('--dry-run', 'say what would come in and where both differ, and change nothing')
    .option('--yes', 'do not ask')
    .action((other: string, options: MergeCommandOptions) => act((context) => runMerge(other, options, context)));
}

export async function runMerge(
  other: string,
  options: MergeCommandOptions,
  context: CommandContext,
): Promise<ExitCode> {
  assertVault(context);
  const { out, prompter } = context;
  const path = await findOtherVault(other, async () => (await context.core.readSettings()).backup.folder);
  const deps = { env: context.env, prompter, warn: (line: string) => out.warn(line) };
  const given = options.otherPasswordFile;
  let otherSecret: VaultSecret | null =
    given === undefined ? null : { type: 'password', text: await readSecretFile(given, '--other-password-file', deps) };
  const work = (secret: VaultSecret, choices: MergeChoices, isDryRun: boolean): Promise<MergeReport> =>
    withProgress(context, isDryRun ? 'Comparing' : 'Merging', (control) =>
      context.core.merge(secret, {
        ...control,
        ...{ other: path, otherSecret, strategy: options.strategy, choices, isDryRun },
      }),
    );
  const chosen = parseChoices(options);
  const { secret, report } = await unlock(context.globals, deps, async (own) => {
    assertRunning(context.signal);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return { secret: own, report: await work(own, chosen, true) };
      } catch (error) {
        // Only now is it known that the other one has keys of its own.
        if (prompter === null || given !== undefined || !asksForOther(error) || attempt === MAX_ATTEMPTS) throw error;
        if (attempt > 0) prompter.say(`${error.message} Try again.`);
        const text = await prompter.ask('Password of the other vault: ', { isHidden: true });
        otherSecret = { type: 'password', text };
      }
    }
  });
  // Where one chooses, what is there may count although nothing comes in by itself.
  const mayChoose = options.strategy === 'manual' && report.conflicts.length > 0;
  if (options.dryRun === true || (report.isNothingNew && !mayChoose)) return tell(report, context, true);
  const mustAsk = options.yes !== true && !out.isJson && prompter !== null;
  const choices = mayChoose ? await choose(report, chosen, context, mustAsk) : chosen;
  if (mustAsk) {
    const plan = mayChoose ? await work(secret, choices, true) : report;
    if (plan.isNothingNew) return tell(plan, context, true);
    out.lines(renderMerge(plan, { style: out.style, isDone: false }));
    const isAgreed = await prompter.confirm('Merge so? The vault as it is now is kept beside it.', {
      isDefaultYes: true,
    });
    if (!isAgreed) {
      out.lines(['Nothing was changed.']);
      return EXIT_DONE;
    }
  }
  return tell(await work(secret, choices, false), context, false);
}

function asksForOther(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'VAULT_LOCKED' || error.code === 'VAULT_WRONG_OTHER_PASSWORD');
}

function parseChoices({ strategy, take = [] }: MergeCommandOptions): MergeChoices {
  if (take.length > 0 && strategy !== 'manual')
    throw new AppError('USAGE_INVALID', '--take goes with --strategy manual.', { hint: 'Give both, or neither.' });
  return Object.fromEntries(
    take.map((text): [string, MergeSide] => {
      const [, name = '', side = ''] = CHOICE.exec(text) ?? [];
      if (name === '')
        throw new AppError('USAGE_INVALID', `--take ${toPlainLine(text, 80)} is no choice.`, {
          hint: 'Such as checkpoint.0123456789abcdef.name=theirs; `--dry-run --json` lists what there is to choose.',
        });
      return [name, side === 'theirs' ? 'theirs' : 'ours'];
    }),
  );
}

/** Asks for each conflict that nothing was chosen for. @throws AppError USAGE_INVALID where nobody can be asked */
async function choose(
  report: MergeReport,
  chosen: MergeChoices,
  { prompter }: CommandContext,
  mayAsk: boolean,
): Promise<MergeChoices> {
  const open = report.conflicts.filter((conflict) => chosen[choiceName(conflict)] === undefined);
  if (open.length === 0) return chosen;
  if (!mayAsk || prompter === null)
    throw new AppError(
      'USAGE_INVALID',
      `${open.length} conflicts are not decided: ${open.slice(0, 5).map(choiceName).join(', ')}.`,
      {
        hint: 'Nothing was changed. Decide each with --take, or take another --strategy.',
      },
    );
  const answers: Record<string, MergeSide> = { ...chosen };
  for (const conflict of open) {
    const { kind, name, field, ours, theirs } = conflict;
    prompter.say(`${kind} ${toPlainLine(name, 80)}, ${toPlainLine(field, 40)}:`);
    prompter.say(`  here:  ${toPlainLine(ours, MAX_SHOWN)}`);
    prompter.say(`  there: ${toPlainLine(theirs, MAX_SHOWN)}`);
    const isTheirs = await prompter.confirm('Take what is there?', { isDefaultYes: false });
    answers[choiceName(conflict)] = isTheirs ? 'theirs' : 'ours';
  }
  return answers;
}

function tell(report: MergeReport, { out }: CommandContext, isDryRun: boolean): ExitCode {
  out.result({ dryRun: isDryRun, ...viewMerge(report) }, () => [
    ...renderMerge(report, { style: out.style, isDone: !isDryRun }),
    ...(isDryRun && !report.isNothingNew ? ['Nothing was changed.'] : []),
  ]);
  return EXIT_DONE;
}
