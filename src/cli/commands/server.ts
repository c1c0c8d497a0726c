// `cairn server`: the sync server, which keeps what it cannot read. Nothing of it is loaded by any other command (docs/decisions/0024).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Command } from 'commander';
import { z } from 'zod';

import { AppError } from '../../shared/model/app-error.ts';
import { accountPasswordSchema, emailSchema } from '../../shared/replication/account.ts';
import type { ServerOptions } from '../../server/server.ts';
import type { ActApart, ApartContext } from '../context.ts';
import { EXIT_DAMAGED, EXIT_DONE, EXIT_FAILED, type ExitCode } from '../exit-code.ts';
import { countOf } from '../format/amounts.ts';
import { readGivenPassword } from '../password.ts';

const DEFAULT_PORT = 7390;
const MAX_PORT = 65_535;
const DEFAULT_QUOTA_GB = 50;
const DEFAULT_PUBLISH_QUOTA_GB = 5;
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
  readonly publishQuota?: string;
  readonly heads?: string;
  readonly owners?: boolean;
}

export function setupServer(command: Command, act: ActApart): void {
  command
    .option('--port <number>', `the port (default: ${DEFAULT_PORT})`)
    .option('--host <address>', `the address to listen at (default: ${LOOPBACK}, this machine only)`)
    .option('--data-dir <dir>', "where its data lies (default: `server` in Cairn's data folder)")
    .option('--sign-up <who>', '`open` or `closed` (default: open on this machine only and behind no proxy)')
    .option('--objects <where>', '`database`, `files` or `s3`: where the bytes of objects lie (default: database)')
    .option('--quota <gigabytes>', `what an account's replica may take (default: ${DEFAULT_QUOTA_GB})`)
    .option('--publish-quota <gigabytes>', `what an account may have published (default: ${DEFAULT_PUBLISH_QUOTA_GB})`)
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
    .command('audit <verify>')
    .description('Prove that no entry of the audit chains of published sessions was changed, left out or put in.')
    .option('--data-dir <dir>', "where the server's data lies")
    .option('--heads <file>', 'heads that were printed before, with --json: none of them may be missing')
    .action((what: string, _: object, sub: Command) =>
      act((context) => runAudit(what, sub.optsWithGlobals<ServerCommandOptions>(), context)),
    );
  command
    .command('rotate-keys')
    .description('Take a new server key for published sessions into use; start the server again afterwards.')
    .option('--data-dir <dir>', "where the server's data lies")
    .option('--owners', 'also give every owner a new key, and seal their sessions anew')
    .action((_: object, sub: Command) =>
      act((context) => runRotateKeys(sub.optsWithGlobals<ServerCommandOptions>(), context)),
    );
  command
    .command('restored')
    .description('After a restore from a backup: lets devices push again what the backup lacks.')
    .option('--data-dir <dir>', "where the server's data lies")
    .action((_: object, sub: Command) =>
      act((context) => runRestored(sub.optsWithGlobals<ServerCommandOptions>(), context)),
    );
}

const headsSchema = z.object({
  chains: z.array(z.object({ owner: z.string(), head: z.object({ position: z.number(), hash: z.string() }) })),
});

/** @throws AppError USAGE_INVALID, SERVER_KEY_UNREADABLE */
async function runAudit(what: string, options: ServerCommandOptions, context: ApartContext): Promise<ExitCode> {
  if (what !== 'verify')
    throw new AppError('USAGE_INVALID', 'The audit chains can be verified.', { hint: '`cairn server audit verify`' });
  const { verifyAudits } = await import('../../server/administer.ts');
  const storage = { ...storageOf(options, context), serverKey: context.env['CAIRN_SERVER_KEY'] ?? null };
  const chains = await verifyAudits(storage, readHeads(options.heads));
  const broken = chains.filter((chain) => chain.broken !== null);
  context.out.result({ ok: broken.length === 0, chains }, () => [
    broken.length === 0
      ? `All ${countOf(chains.length, 'chain')} hold, with ${countOf(
          chains.reduce((sum, { entries }) => sum + entries, 0),
          'entry',
          'entries',
        )}.`
      : `${countOf(broken.length, 'chain')} of ${chains.length} broken.`,
    ...broken.map((chain) => `  ${chain.owner}, entry ${chain.broken?.position ?? 0}: ${chain.broken?.why ?? ''}`),
  ]);
  return broken.length === 0 ? EXIT_DONE : EXIT_DAMAGED;
}

function readHeads(path: string | undefined): Map<string, { readonly position: number; readonly hash: string }> {
  if (path === undefined) return new Map();
  try {
    const { chains } = headsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return new Map(chains.map(({ owner, head }) => [owner, head]));
  } catch (cause) {
    throw new AppError('USAGE_INVALID', 'The file of --heads cannot be read.', {
      hint: 'It is what `cairn server audit verify --json` printed.',
      cause,
    });
  }
}

async function runRotateKeys(options: ServerCommandOptions, context: ApartContext): Promise<ExitCode> {
  const { rotateServerKeys } = await import('../../server/administer.ts');
  const storage = { ...storageOf(options, context), serverKey: context.env['CAIRN_SERVER_KEY'] ?? null };
  const rotation = await rotateServerKeys(storage, { hasNewOwnerKeys: options.owners === true });
  context.out.result({ ...rotation }, () => [
    `${countOf(rotation.rewrapped, 'key')} of owners wrapped by the server's current key.`,
    ...(options.owners === true
      ? [`${countOf(rotation.owners, 'owner')} have a new key; ${countOf(rotation.resealed, 'session')} sealed anew.`]
      : []),
    'Start the server again, and back the key up.',
  ]);
  return EXIT_DONE;
}

/** Says that the data came back from a backup. */
async function runRestored(options: ServerCommandOptions, context: ApartContext): Promise<ExitCode> {
  const { markRestored } = await import('../../server/administer.ts');
  await markRestored(storageOf(options, context));
  context.out.result({ restored: true }, () => ['Devices are told that the server came back from a backup.']);
  return EXIT_DONE;
}

/** Runs until a signal ends it. */
export async function runServer(options: ServerCommandOptions, context: ApartContext): Promise<ExitCode> {
  const { out, env, signal, version, nowMs } = context;
  const host = options.host ?? LOOPBACK;
  const { startServer } = await import('../../server/server.ts');
  const server = await startServer({
    host,
    port: parsePort(options.port),
    ...storageOf(options, context),
    objects: parseObjects(options.objects, env),
    limits: { bytes: parseQuota(options.quota, DEFAULT_QUOTA_GB) * GIGABYTE, objects: MAX_OBJECTS },
    maxPublishedBytes: parseQuota(options.publishQuota, DEFAULT_PUBLISH_QUOTA_GB) * GIGABYTE,
    isSignUpOpen: parseSignUp(options, host),
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
  context: ApartContext,
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

function storageOf({ dataDir }: ServerCommandOptions, { home, env }: ApartContext): Storage {
  return { dataFolder: dataDir ?? join(home, 'server'), databaseUrl: env['DATABASE_URL'] ?? null };
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= MAX_PORT) return port;
  throw new AppError('USAGE_INVALID', 'This is not a port.', { hint: 'Give a number up to 65535; 0 takes any.' });
}

function parseSignUp({ signUp: text, behindProxy }: ServerCommandOptions, host: string): boolean {
  // A proxy brings the world to this machine.
  if (text === undefined) return behindProxy !== true && [LOOPBACK, '::1', 'localhost'].includes(host);
  if (text === 'open' || text === 'closed') return text === 'open';
  throw new AppError('USAGE_INVALID', '--sign-up is `open` or `closed`.', {
    hint: 'With `closed`, accounts are made by `cairn server add-account`.',
  });
}

function parseObjects(text: string | undefined, env: ApartContext['env']): ServerOptions['objects'] {
  if (text === undefined) return 'database';
  if (text === 'database' || text === 'files') return text;
  if (text !== 's3')
    throw new AppError('USAGE_INVALID', '--objects is `database`, `files` or `s3`.', {
      hint: 'See docs/self-hosting.md.',
    });
  const { CAIRN_S3_URL: address, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const region = env['AWS_REGION'] ?? 'us-east-1';
  if (address !== undefined && URL.canParse(address) && accessKeyId !== undefined && secretAccessKey !== undefined)
    return { address, accessKeyId, secretAccessKey, region };
  throw new AppError('USAGE_INVALID', 'The storage of objects is not named.', {
    hint: 'Set $CAIRN_S3_URL (https://host/bucket), $AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY and $AWS_REGION.',
  });
}

function parseQuota(text: string | undefined, defaultGb: number): number {
  if (text === undefined) return defaultGb;
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
