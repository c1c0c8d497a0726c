// `cairn sync login` and `cairn sync join`: by e-mail and password of the account, or by a code that is entered on the server's page.

import { setTimeout } from 'node:timers/promises';

import type { Command } from 'commander';

import { untilEntered } from '../../core/sync/code-log-in.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { Act, CommandContext } from '../context.ts';
import type { SyncControl } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { countOf } from '../format/amounts.ts';
import { readGivenSecret, readSecretFile } from '../password.ts';
import { MAX_TEXT, tellStatus, withSync } from './sync-status.ts';

interface LoginOptions {
  readonly email?: string;
  readonly accountPasswordFile?: string;
  readonly signUp?: boolean;
  readonly code?: boolean;
  readonly name?: string;
}

interface JoinOptions extends LoginOptions {
  readonly ask?: boolean;
  readonly yes?: boolean;
}

export function setupLogIn(command: Command, act: Act): void {
  const accountOptions = (sub: Command): Command =>
    sub
      .argument('<server>', 'the address of the server, https://...')
      .option('--email <address>', 'of the account (else asked)')
      .option('--account-password-file <file>', "the account's password (else $CAIRN_ACCOUNT_PASSWORD, else asked)")
      .option('--code', "show a code to enter on the server's page, instead of taking e-mail and password here")
      .option('--name <name>', 'what the others call this device (default: its host name)');
  accountOptions(command.command('login').description('log in to a sync server and turn sync on'))
    .option('--sign-up', 'make the account first')
    .action((server: string, options: LoginOptions) => act((context) => runLogin(server, options, context)));
  accountOptions(
    command.command('join').description('make the vault here as one more device of the vault that an account has'),
  )
    .option('--ask', "be let in by another device instead of giving the vault's password")
    .option('--yes', 'with --ask: the words were compared already')
    .action((server: string, options: JoinOptions) => act((context) => runJoin(server, options, context)));
}

function runLogin(server: string, options: LoginOptions, context: CommandContext): Promise<ExitCode> {
  return withSync(context, async (sync) => {
    const named = options.name === undefined ? {} : { deviceName: options.name };
    assertOneWay(options);
    if (options.code === true) await loginByCode(sync, { server, ...named }, context);
    else
      await sync.login({ server, ...(await readAccount(options, context)), signUp: options.signUp === true, ...named });
    tellStatus(await sync.now({ acceptDeletions: false }), context);
  });
}

async function runJoin(server: string, options: JoinOptions, context: CommandContext): Promise<ExitCode> {
  const { core, out, prompter, globals, env } = context;
  if (core.join === undefined || core.hasVault())
    throw new AppError('VAULT_EXISTS', 'There is a vault here already; it was left as it is.', {
      hint: 'To sync it, use `cairn sync login`; to join another one, name another folder with --home.',
    });
  assertOneWay(options);
  const account = options.code === true ? null : await readAccount(options, context);
  const deps = { env, prompter, warn: (line: string) => out.warn(line) };
  const given = options.ask === true ? null : await readGivenSecret(globals, deps);
  const asked =
    given === null && options.ask !== true && prompter !== null
      ? { type: 'password' as const, text: await prompter.ask("The vault's password: ", { isHidden: true }) }
      : null;
  const secret = given ?? asked;
  if (secret === null && options.ask !== true)
    throw new AppError('VAULT_LOCKED', "The vault's password is needed, and none was given.", {
      hint: 'Give --password-file or --recovery-key-file, or --ask to be let in by another device.',
    });
  await core.join({
    server,
    account,
    deviceName: options.name,
    secret,
    signal: context.signal,
    onCode: (code) => tellCode(code.userCode, code.address, code.expiresAtMs, context),
    onWords: (words) => {
      out.note(`Words of this device: ${words}`);
      out.note('On a device that has the vault: `cairn sync approve`. It must show the same words.');
    },
    isSameWords: async (words) =>
      options.yes === true ||
      prompter === null ||
      prompter.confirm(`Did the other device show "${words}"?`, { isDefaultYes: false }),
  });
  out.result({ joined: true, home: core.home }, () => [
    `${out.style.green('The vault is here')}, in ${core.home}; it opens with the same password as on the other devices.`,
    'Next: `cairn sync now` brings the histories of the others, `cairn sync devices` lists them.',
  ]);
  return EXIT_DONE;
}

/** A code is asked for, shown, and asked after until somebody entered it. */
async function loginByCode(
  sync: SyncControl,
  request: { readonly server: string; readonly deviceName?: string },
  context: CommandContext,
): Promise<void> {
  const { signal, nowMs } = context;
  const { userCode, address, expiresAt, checkEverySeconds } = await sync.requestCode(request);
  const expiresAtMs = Date.parse(expiresAt);
  tellCode(userCode, address, expiresAtMs, context);
  await untilEntered(async () => ((await sync.checkCode()) ? true : null), {
    expiresAtMs,
    nowMs,
    sleep: async () => {
      await setTimeout(checkEverySeconds * 1_000, undefined, { signal });
    },
  });
}

function tellCode(userCode: string, address: string, expiresAtMs: number, { out, nowMs }: CommandContext): void {
  const minutes = Math.max(1, Math.round((expiresAtMs - nowMs()) / 60_000));
  out.note(
    `Enter the code ${out.noteStyle.bold(userCode)} at ${toPlainLine(address, MAX_TEXT)}, on this machine or another.`,
  );
  out.note(
    `It is good for ${countOf(minutes, 'minute')}. E-mail and password of the account are asked for there only.`,
  );
}

/** @throws AppError USAGE_INVALID where both ways of logging in are named */
function assertOneWay({ code, email, accountPasswordFile, signUp }: LoginOptions): void {
  if (code !== true || (email === undefined && accountPasswordFile === undefined && signUp !== true)) return;
  throw new AppError('USAGE_INVALID', "With --code, e-mail and password are entered on the server's page.", {
    hint: 'Leave out --email, --account-password-file and --sign-up, or --code.',
  });
}

async function readAccount(
  options: LoginOptions,
  { env, out, prompter }: CommandContext,
): Promise<{ readonly email: string; readonly password: string }> {
  const email = options.email ?? (await prompter?.ask('E-mail of the account: ', { isHidden: false }));
  const fromEnv = env['CAIRN_ACCOUNT_PASSWORD'] ?? '';
  const given =
    options.accountPasswordFile === undefined
      ? fromEnv
      : await readSecretFile(options.accountPasswordFile, '--account-password-file', {
          warn: (line) => out.warn(line),
        });
  const password =
    given === '' ? await prompter?.ask("The account's password (not the vault's): ", { isHidden: true }) : given;
  if (email === undefined || password === undefined)
    throw new AppError('USAGE_INVALID', 'E-mail and password of the account are needed.', {
      hint: 'Give --email, and --account-password-file or $CAIRN_ACCOUNT_PASSWORD.',
    });
  return { email, password };
}
