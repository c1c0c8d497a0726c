// `cairn server`: the sync server, which keeps what it cannot read. Nothing of it is loaded by any other command (docs/decisions/0024).

import { join } from 'node:path';

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import { accountPasswordSchema, emailSchema } from '../../shared/replication/account.ts';
import type { Act, CommandContext } from '../context.ts';
import { EXIT_DONE, EXIT_FAILED, type ExitCode } from '../exit-code.ts';
import { readGivenPassword } from '../password.ts';

const DEFAULT_PORT = 7390;
const MAX_PORT = 65_535;
const DEFAULT_QUOTA_GB = 50;
const GIGABYTE = 1_000_000_000;
/** Also of small ones there are not too many. */
const MAX_OBJECTS = 20_000_000;
const LOOPBACK = '127.0.0.1';

export interface ServerCommandOptions {
  readonly port?: string;
  readonly host?: string;
  readonly dataDir?: string;
  readonly signUp?: string;
  readonly behindProxy?: boolean;
  readonly objects?: string;
  readonly quota?: string;
}

export function setupServer(command: Command, act: Act): void {
  command
    .option('--port <number>', `the port (default: ${DEFAULT_PORT})`)
    .option('--host <address>', `the address to listen at (default: ${LOOPBACK}, this machine only)`)
    .option('--data-dir <dir>', "where its data lies (default: `server` in Cairn's data folder)")
    .option('--sign-up <who>', '`open` or `closed` (default: open on this machine only, else closed)')
    .option('--objects <where>', '`database` or `files`: where the bytes of objects lie (default: database)')
    .option('--quota <gigabytes>', `what an account may store (default: ${DEFAULT_QUOTA_GB})`)
    .option('--behind-proxy', 'believe the last x-forwarded-for about who calls')
    .action((options: ServerCommandOptions) => act((context) => runServer(options, context)));
  command
    .command('add-account <email>')
    .description('Make an account; its password comes from --password-file, $CAIRN_PASSWORD or a prompt.')
    .option('--data-dir <dir>', "where the server's data lies")
    .action((email: string, _: object, sub: Command) =>
      act((context) => runAddAccount(email, sub.optsWithGlobals<ServerCommandOptions>(), context)),
    );
  command
    .command('restored')
    .description('After a restore from a backup: lets devices push again what the backup lacks.')
    .option('--data-dir <dir>', "where the server's data lies")
    .action((_: object, sub: Command) =>
      act((context) => runRestored(sub.optsWithGlobals<ServerCommandOptions>(), context)),
    );
}

/** Says that the data came back from a backup. */
async function runRestored(options: ServerCommandOptions, context: CommandContext): Promise<ExitCode> {
  const { markRestored } = await import('../../server/administer.ts');
  await markRestored(storageOf(options, context));
  context.out.result({ restored: true }, () => ['Devices are told that the server came back from a backup.']);
  return EXIT_DONE;
}

/** Runs until a signal ends it. */
export async function runServer(options: ServerCommandOptions, context: CommandContext): Promise<ExitCode> {
  const { out, env, signal, version, nowMs } = context;
  const host = options.host ?? LOOPBACK;
  const { startServer } = await import('../../server/server.ts');
  const server = await startServer({
    host,
    port: parsePort(options.port),
    ...storageOf(options, context),
    objects: parseObjects(options.objects),
    limits: { bytes: parseQuota(options.quota) * GIGABYTE, objects: MAX_OBJECTS },
    isSignUpOpen: parseSignUp(options.signUp, host),
    isBehindProxy: options.behindProxy === true,
    serverKey: env['CAIRN_SERVER_KEY'] ?? null,
    webhooksMayBePrivate: env['CAIRN_WEBHOOKS_PRIVATE'] === 'yes',
    metricsToken: env['CAIRN_METRICS_TOKEN'] ?? null,
    version,
    nowMs,
    writeLog: (line) => process.stderr.write(line),
  });
  try {
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
    out.result({ address }, () => [`The sync server listens at ${address}`]);
    await aborted(signal);
  } finally {
    await server.close();
  }
  return EXIT_DONE;
}

/** Makes an account where sign-up is closed; may run beside the server. @throws AppError USAGE_INVALID */
export async function runAddAccount(
  email: string,
  options: ServerCommandOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { env, out, prompter, globals } = context;
  const address = emailSchema.safeParse(email);
  if (!address.success)
    throw new AppError('USAGE_INVALID', 'This is not an e-mail address.', { hint: 'Give one such as me@example.org.' });
  const given = await readGivenPassword(globals, { env, prompter, warn: (line) => out.warn(line) });
  const password = accountPasswordSchema.safeParse(
    given ?? (await prompter?.ask('Password of the account: ', { isHidden: true })),
  );
  if (!password.success)
    throw new AppError('USAGE_INVALID', 'The password of an account needs at least ten characters.', {
      hint: 'Give it by --password-file FILE, $CAIRN_PASSWORD, or when asked. Take another one than for the vault.',
    });
  const { createAccount } = await import('../../server/administer.ts');
  const isNew = await createAccount(storageOf(options, context), address.data, password.data);
  out.result({ added: isNew }, () => [isNew ? 'The account is made.' : 'This address has an account already.']);
  return isNew ? EXIT_DONE : EXIT_FAILED;
}

interface Storage {
  readonly dataFolder: string;
  readonly databaseUrl: string | null;
}

function storageOf({ dataDir }: ServerCommandOptions, { core, env }: CommandContext): Storage {
  return { dataFolder: dataDir ?? join(core.home, 'server'), databaseUrl: env['DATABASE_URL'] ?? null };
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= MAX_PORT) return port;
  throw new AppError('USAGE_INVALID', 'This is not a port.', { hint: 'Give a number up to 65535; 0 takes any.' });
}

function parseSignUp(text: string | undefined, host: string): boolean {
  if (text === undefined) return host === LOOPBACK || host === '::1' || host === 'localhost';
  if (text === 'open' || text === 'closed') return text === 'open';
  throw new AppError('USAGE_INVALID', '--sign-up is `open` or `closed`.', {
    hint: 'With `closed`, accounts are made by `cairn server add-account`.',
  });
}

function parseObjects(text: string | undefined): 'database' | 'files' {
  if (text === undefined) return 'database';
  if (text === 'database' || text === 'files') return text;
  throw new AppError('USAGE_INVALID', '--objects is `database` or `files`.', { hint: 'See docs/self-hosting.md.' });
}

function parseQuota(text: string | undefined): number {
  if (text === undefined) return DEFAULT_QUOTA_GB;
  const quota = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (quota > 0) return quota;
  throw new AppError('USAGE_INVALID', 'This is not a quota.', { hint: 'Give gigabytes, such as 50 or 0.5.' });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
