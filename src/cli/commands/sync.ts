// `cairn sync`: log in, on and off, now, how it stands, the devices, joining, and what was edited apart.

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { SyncConflict, SyncDevice, SyncJoin, SyncStatus } from '../../shared/contract/sync.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore, SyncControl } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeTime } from '../format/times.ts';
import { readGivenSecret, readSecretFile } from '../password.ts';

const MAX_TEXT = 200;

interface LoginOptions {
  readonly email?: string;
  readonly accountPasswordFile?: string;
  readonly signUp?: boolean;
  readonly name?: string;
}

interface JoinOptions extends LoginOptions {
  readonly ask?: boolean;
  readonly yes?: boolean;
}

export function setupSync(command: Command, act: Act): void {
  const accountOptions = (sub: Command): Command =>
    sub
      .argument('<server>', 'the address of the server, https://...')
      .option('--email <address>', 'of the account (else asked)')
      .option('--account-password-file <file>', "the account's password (else $CAIRN_ACCOUNT_PASSWORD, else asked)")
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
  simple(command, act, 'logout', 'log out; what was synced stays on both sides', (sync) => sync.logout());
  simple(command, act, 'on', 'turn sync on', (sync) => sync.setOn(true));
  simple(command, act, 'off', 'turn sync off; nothing leaves this device', (sync) => sync.setOn(false));
  command
    .command('now')
    .description('make everything level now')
    .option('--accept-deletions', 'apply also more deletions than are applied without asking')
    .action((options: { readonly acceptDeletions?: boolean }) =>
      act((context) =>
        withSync(context, async (sync) =>
          tellStatus(await sync.now({ acceptDeletions: options.acceptDeletions === true }), context),
        ),
      ),
    );
  simple(command, act, 'status', 'how it stands, and what waits', (sync) => sync.status());
  command
    .command('devices')
    .description('the devices of this vault')
    .action(() => act((context) => withSync(context, async (sync) => tellDevices(await sync.devices(), context))));
  command
    .command('rename')
    .argument('<name>', 'what the others call this device from now on')
    .description('give this device another name')
    .action((name: string) =>
      act((context) => withSync(context, async (sync) => tellStatus(await sync.rename(name), context))),
    );
  command
    .command('revoke')
    .argument('<device>', 'a name, an id, or the beginning of one')
    .description('end a device: the server takes and gives nothing more; what it has, it keeps')
    .action((device: string) =>
      act((context) => withSync(context, async (sync) => tellDevices(await sync.revoke(device), context))),
    );
  command
    .command('approve')
    .argument('[device]', 'the new device; without it, those that ask are listed')
    .option('--words <words>', 'the words that the new device shows (else asked)')
    .option('--refuse', 'do not let it in')
    .description("let a new device in: it gets the vault's key")
    .action((device: string | undefined, options: { readonly words?: string; readonly refuse?: boolean }) =>
      act((context) => withSync(context, (sync) => approve(sync, device, options, context))),
    );
  command
    .command('conflicts')
    .argument('[entity]', 'with a field: what it is about')
    .argument('[field]', 'the field to decide')
    .option('--take <number>', 'the value to take: 0 for the one shown now, 1 for the first of the others ...')
    .description('what was edited on several devices apart')
    .action((entity: string | undefined, field: string | undefined, options: { readonly take?: string }) =>
      act((context) => withSync(context, (sync) => decide(sync, entity, field, options, context))),
    );
}

function simple(
  command: Command,
  act: Act,
  name: string,
  description: string,
  work: (sync: SyncControl) => Promise<SyncStatus>,
): void {
  command
    .command(name)
    .description(description)
    .action(() => act((context) => withSync(context, async (sync) => tellStatus(await work(sync), context))));
}

function withSync(
  context: CommandContext,
  work: (sync: SyncControl, open: OpenCore) => Promise<void>,
): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    if (open.sync === undefined)
      throw new AppError('VAULT_READ_ONLY', 'This vault can only be read, so it does not sync.', {
        hint: 'See what keeps it from being written: `cairn status`.',
      });
    await work(open.sync, open);
  });
}

function runLogin(server: string, options: LoginOptions, context: CommandContext): Promise<ExitCode> {
  return withSync(context, async (sync) => {
    const account = await readAccount(options, context);
    await sync.login({
      server,
      ...account,
      signUp: options.signUp === true,
      ...(options.name === undefined ? {} : { deviceName: options.name }),
    });
    tellStatus(await sync.now({ acceptDeletions: false }), context);
  });
}

async function runJoin(server: string, options: JoinOptions, context: CommandContext): Promise<ExitCode> {
  const { core, out, prompter, globals, env } = context;
  if (core.join === undefined || core.hasVault())
    throw new AppError('VAULT_EXISTS', 'There is a vault here already; it was left as it is.', {
      hint: 'To sync it, use `cairn sync login`; to join another one, name another folder with --home.',
    });
  const account = await readAccount(options, context);
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
    ...account,
    deviceName: options.name,
    secret,
    signal: context.signal,
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

function tellStatus(status: SyncStatus, context: CommandContext): void {
  context.out.result(status, () => renderStatus(status, context));
}

function renderStatus(status: SyncStatus, context: CommandContext): string[] {
  const { style } = context.out;
  const nowMs = context.nowMs();
  const { account, device, waiting, error, troubles } = status;
  if (account === null) return ['Sync is off: nobody is logged in. `cairn sync login SERVER` turns it on.'];
  const level = status.lastSyncAt === null ? 'never yet' : describeTime(Date.parse(status.lastSyncAt), nowMs);
  return [
    `Sync is ${status.isOn ? style.green('on') : 'off'}${stateWords(status)}: ${account.email} at ${account.server}.`,
    ...(device === null ? [] : [`This device is ${style.bold(toPlainLine(device.name, MAX_TEXT))}.`]),
    `Level with the server: ${level}. ${waitingWords(waiting)}`,
    ...(error === null ? [] : [style.red(error.message), error.hint].filter((line) => line !== '')),
    ...troubles.map((trouble) =>
      style.yellow(`${toPlainLine(trouble.deviceName, MAX_TEXT)}: ${trouble.error.message}`),
    ),
    ...(status.pendingJoins === 0 ? [] : ['A new device asks to be let in: `cairn sync approve`.']),
    ...(status.conflicts === 0
      ? []
      : [`${formatCount(status.conflicts)} edits were made apart: \`cairn sync conflicts\`.`]),
  ];
}

/** Where nothing goes on by itself, as in a command without a running app, there is no connection to speak of. */
function stateWords({ isOn, state, error }: SyncStatus): string {
  return !isOn || (state === 'disconnected' && error === null) ? '' : `, ${state}`;
}

function waitingWords({ snapshots, entries }: SyncStatus['waiting']): string {
  const waiting = [
    ...(snapshots === 0 ? [] : [`${formatCount(snapshots)} ${snapshots === 1 ? 'snapshot' : 'snapshots'}`]),
    ...(entries === 0 ? [] : [`${formatCount(entries)} signed ${entries === 1 ? 'entry' : 'entries'}`]),
  ];
  if (waiting.length === 0) return 'Nothing waits.';
  return `${waiting.join(' and ')} ${snapshots + entries === 1 ? 'waits' : 'wait'} to be sent.`;
}

function tellDevices(devices: readonly SyncDevice[], context: CommandContext): void {
  context.out.result({ devices }, () => {
    const { style, width } = context.out;
    const when = (at: string | null): string => (at === null ? 'never' : describeTime(Date.parse(at), context.nowMs()));
    const rows = devices.map((device): Cell[] => [
      { text: toPlainLine(device.name, MAX_TEXT), paint: style.bold },
      device.isThis ? 'this one' : device.state,
      formatCount(device.snapshots),
      when(device.newestAt),
      when(device.lastSeenAt),
      { text: device.id.slice(0, 8), paint: style.dim },
    ]);
    const titles = ['DEVICE', 'STATE', 'SNAPSHOTS', 'NEWEST', 'SEEN', 'ID'];
    return renderTable(
      titles.map((title) => ({ title })),
      rows,
      { width, paintTitle: style.dim },
    );
  });
}

async function approve(
  sync: SyncControl,
  device: string | undefined,
  options: { readonly words?: string; readonly refuse?: boolean },
  context: CommandContext,
): Promise<void> {
  const { out, prompter } = context;
  const joins = await sync.joins();
  const found =
    device === undefined ? joins : joins.filter((join) => join.name === device || join.id.startsWith(device));
  const [join] = found;
  const isAnswer = device !== undefined || options.words !== undefined || prompter !== null;
  if (join === undefined || found.length > 1 || !isAnswer || (out.isJson && device === undefined)) {
    out.result({ joins: found }, () => renderJoins(found));
    return;
  }
  if (options.refuse === true) {
    const left = await sync.answerJoin(join.id, 'refuse');
    out.result({ joins: left }, () => [`${toPlainLine(join.name, MAX_TEXT)} was not let in.`]);
    return;
  }
  const isSame =
    options.words === undefined
      ? prompter !== null &&
        (await prompter.confirm(`Does ${toPlainLine(join.name, MAX_TEXT)} show "${join.words}"?`, {
          isDefaultYes: false,
        }))
      : options.words.trim().toLowerCase() === join.words;
  if (!isSame)
    throw new AppError('SYNC_TAMPERED', 'The words are not the same, so the device was not let in.', {
      hint: 'Compare them once more. If they differ, somebody stands between: refuse it with `cairn sync approve --refuse`.',
    });
  const left = await sync.answerJoin(join.id, 'approve');
  out.result({ joins: left }, () => [`${toPlainLine(join.name, MAX_TEXT)} has the vault's key now.`]);
}

function renderJoins(joins: readonly SyncJoin[]): string[] {
  if (joins.length === 0) return ['No device asks to be let in.'];
  return joins.map((join) => `${toPlainLine(join.name, MAX_TEXT)} (${join.id.slice(0, 8)}) shows: ${join.words}`);
}

async function decide(
  sync: SyncControl,
  entity: string | undefined,
  field: string | undefined,
  options: { readonly take?: string },
  context: CommandContext,
): Promise<void> {
  const conflicts = await sync.conflicts();
  if (entity === undefined || field === undefined || options.take === undefined) {
    context.out.result({ conflicts }, () => renderConflicts(conflicts));
    return;
  }
  const found = conflicts.find((conflict) => conflict.entity === entity && conflict.field === field);
  const chosen = found === undefined ? undefined : [found.current, ...found.others][Number(options.take)];
  if (chosen === undefined)
    throw new AppError('USAGE_INVALID', 'There is no such value to take.', {
      hint: 'See what there is: `cairn sync conflicts`.',
    });
  const left = await sync.resolve(entity, field, chosen.value);
  context.out.result({ conflicts: left }, () => renderConflicts(left));
}

function renderConflicts(conflicts: readonly SyncConflict[]): string[] {
  if (conflicts.length === 0) return ['Nothing was edited apart.'];
  return conflicts.flatMap(({ entity, title, field, current, others }) => [
    `${toPlainLine(title, MAX_TEXT)}, ${field} (${entity} ${field}):`,
    ...[current, ...others].map(
      ({ value, deviceName }, at) =>
        `  ${at}  ${toPlainLine(JSON.stringify(value), MAX_TEXT)}  by ${toPlainLine(deviceName, MAX_TEXT)}${at === 0 ? ', shown now' : ''}`,
    ),
  ]);
}
