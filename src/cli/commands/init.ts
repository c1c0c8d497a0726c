// `cairn init`: makes the vault. Everything that can be refused is refused before anything is made.

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { assertRunning, type Act, type CommandContext } from '../context.ts';
import type { FoundSource } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { joinWords } from '../format/amounts.ts';
import { askNewPassword, readGivenPassword } from '../password.ts';
import { renderRecoveryKey, reserveRecoveryKeyFile, type RecoveryKeyFile } from '../recovery-key-file.ts';
import { askSources, parseSources } from '../source-selection.ts';

const MAX_SUMMARY_LENGTH = 200;

export interface InitOptions {
  /** `all`, `none`, or ids. */
  readonly sources?: string;
}

export function setupInit(command: Command, act: Act): void {
  command
    .option('--sources <ids>', 'what to capture: all, none, or ids such as tmux,git (default: asked, else all)')
    .action((options: InitOptions) => act((context) => runInit(options, context)));
}

export async function runInit(options: InitOptions, context: CommandContext): Promise<ExitCode> {
  const { core, globals, out } = context;
  assertNoVault(context);
  const password = await readInitPassword(context);
  const found = await detectSources(context);
  const chosen = await chooseSources(options, found, context);
  assertRunning(context.signal);
  const file =
    globals.recoveryKeyFile === undefined
      ? null
      : await reserveRecoveryKeyFile(globals.recoveryKeyFile, '--recovery-key-file');
  const { recoveryKey, path } = await createVault(password, chosen, file, context);
  out.result(
    {
      home: core.home,
      sources: found.map(({ id, title, isPresent, summary }) => ({
        id,
        title,
        captured: chosen.includes(id),
        present: isPresent,
        summary,
      })),
      ...(path === null ? { recoveryKey } : { recoveryKeyFile: path }),
    },
    () => [
      `${out.style.green('The vault is ready')} in ${core.home}.`,
      '',
      ...renderRecoveryKey(recoveryKey, path, out.style),
      '',
      ...describeChoice(found, chosen),
      '',
      'Next: `cairn capture` captures once, `cairn run` every 30 seconds, `cairn status` says how it stands.',
    ],
  );
  return EXIT_DONE;
}

/** @throws AppError VAULT_EXISTS */
export function assertNoVault(context: CommandContext): void {
  if (!context.core.hasVault()) return;
  throw new AppError('VAULT_EXISTS', 'There is a vault here already; it was left as it is.', {
    hint: 'See it with `cairn status`, or name another folder with --home.',
  });
}

/** What can be captured here, its words fit for a terminal. */
export async function detectSources(context: CommandContext): Promise<readonly FoundSource[]> {
  const found = await context.core.detectSources(context.signal);
  return found.map((source) => ({ ...source, summary: toPlainLine(source.summary, MAX_SUMMARY_LENGTH) }));
}

async function readInitPassword(context: CommandContext): Promise<string> {
  const { core, env, globals, out, prompter } = context;
  const given = await readGivenPassword(globals, { env, prompter, warn: (line) => out.warn(line) });
  if (given !== null) {
    await core.assessPassword(given);
    return given;
  }
  if (prompter !== null) return askNewPassword(prompter, (password) => core.assessPassword(password));
  throw new AppError('VAULT_LOCKED', 'A vault needs a password, and none was given.', {
    hint: 'Give --password-file FILE or set $CAIRN_PASSWORD.',
  });
}

async function chooseSources(
  options: InitOptions,
  found: readonly FoundSource[],
  context: CommandContext,
): Promise<readonly SourceId[]> {
  const { out, prompter } = context;
  if (options.sources !== undefined) return parseSources(options.sources, found);
  if (prompter === null) return parseSources('all', found);
  prompter.say(
    'What may Cairn capture? Nothing leaves this machine; cookies, form data and private windows are never read.',
  );
  return askSources(found, prompter, out.noteStyle);
}

/** Writes down the choice and makes the vault. Gives the recovery key, and where it lies if it was written to a file. */
async function createVault(
  password: string,
  chosen: readonly SourceId[],
  file: RecoveryKeyFile | null,
  context: CommandContext,
): Promise<{ readonly recoveryKey: string; readonly path: string | null }> {
  try {
    // The choice first: once the key is made, nothing may stand between it and the user.
    await context.core.enableSources(chosen);
    const { recoveryKey, open } = await context.core.createVault(password);
    await open.close();
    return { recoveryKey, path: await writeRecoveryKey(recoveryKey, file, context) };
  } catch (error) {
    await file?.discard();
    throw error;
  }
}

/** A key that cannot be written down is shown instead: it exists only now. */
async function writeRecoveryKey(
  recoveryKey: string,
  file: RecoveryKeyFile | null,
  context: CommandContext,
): Promise<string | null> {
  if (file === null) return null;
  try {
    await file.write(recoveryKey);
    return file.path;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    context.out.warn(`the recovery key could not be written to its file (${code}); it is shown instead.`);
    return null;
  }
}

/** What was consented to, and how to take it back. */
export function describeChoice(found: readonly FoundSource[], chosen: readonly SourceId[]): string[] {
  const [first] = chosen;
  if (first === undefined) {
    return ['Captures nothing yet; turn a source on with `cairn config set sources.tmux on`.'];
  }
  const off = found.filter(({ id }) => !chosen.includes(id)).map(({ title }) => title);
  const titles = found.filter(({ id }) => chosen.includes(id)).map(({ title }) => title);
  return [
    `Captures ${joinWords(titles)}${off.length === 0 ? '' : `; not ${joinWords(off, 'or')}`}.`,
    `Change it with \`cairn config set sources.${first} off\`.`,
  ];
}
