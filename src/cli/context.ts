// What a command is given when it runs, and how it gets at the vault.

import { setTimeout } from 'node:timers/promises';

import { AppError } from '../shared/model/app-error.ts';
import type { VaultSecret } from '../core/vault/vault-client.ts';
import { EXIT_DONE, type ExitCode } from './exit-code.ts';
import type { Vault } from '../core/vault/vault.ts';
import type { Core, OpenCore } from './core.ts';
import type { Output } from './output.ts';
import { isSecretGiven, unlock, type SecretOptions } from './password.ts';
import type { Prompter } from './terminal/prompter.ts';

/** The options that every command takes. */
export interface GlobalOptions extends SecretOptions {
  readonly json?: boolean | undefined;
  readonly home?: string | undefined;
}

/** What a command is given that needs nothing of the core: it is not loaded then. */
export interface ApartContext {
  readonly globals: GlobalOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Output;
  /** Null where nobody can be asked. */
  readonly prompter: Prompter | null;
  /** The data folder. */
  readonly home: string;
  readonly nowMs: () => number;
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Whether a process of this number runs. */
  readonly isProcessAlive: (pid: number) => boolean;
  readonly pid: number;
  readonly version: string;
}

export interface CommandContext extends ApartContext {
  readonly core: Core;
}

export type RunCommand = (context: CommandContext) => Promise<ExitCode>;
/** Carries a command out once its arguments are read; handed to each command's `setup` function. */
export type Act = (run: RunCommand) => Promise<void>;
/** The same for what needs nothing of the core. */
export type ActApart = (run: (context: ApartContext) => Promise<ExitCode>) => Promise<void>;

export interface WithVaultOptions {
  /** True for what a running app does not do for others: captures in a row, and keys. */
  readonly needsOwn?: boolean;
}

/**
 * Unlocks the vault, works with it and closes it, whatever happens. Where an app runs with its vault open, that one is used, and
 * nobody is asked for a password that was not given.
 * @throws AppError VAULT_MISSING before anybody is asked for a password
 */
export async function withVault<Result>(
  context: CommandContext,
  work: (open: OpenCore) => Promise<Result>,
  options: WithVaultOptions = {},
): Promise<Result> {
  assertVault(context);
  const deps = { env: context.env, prompter: context.prompter, warn: (line: string) => context.out.warn(line) };
  const isGiven = isSecretGiven(context.globals, deps);
  const connected = isGiven || options.needsOwn === true ? null : await context.core.connect(context.isProcessAlive);
  const open = connected ?? (await unlock(context.globals, deps, (secret) => openInTurn(context, secret)));
  try {
    assertRunning(context.signal);
    for (const notice of open.vault.notices) context.out.note(`Note: ${notice.message}`);
    return await work(open);
  } finally {
    await open.close();
  }
}

/** The own history, or another device's as it is here. @throws AppError DEVICE_NOT_FOUND */
export async function historyOf(open: OpenCore, device: string | undefined): Promise<Vault> {
  if (device === undefined) return open.vault;
  if (open.history === undefined)
    throw new AppError('DEVICE_NOT_FOUND', 'There is no such device.', { hint: 'See them with `cairn sync devices`.' });
  return open.history(device);
}

/** Opens the vault, after the wait that wrong passwords have brought: a script with the right one must not fail for it. */
async function openInTurn({ core, out, signal }: CommandContext, secret: VaultSecret): Promise<OpenCore> {
  const waitMs = secret.type === 'password' ? core.unlockWaitMs() : 0;
  if (waitMs > 0) {
    out.warn(`after wrong passwords the next attempt waits ${Math.ceil(waitMs / 1_000)} seconds.`);
    await setTimeout(waitMs, undefined, { signal }).catch(() => assertRunning(signal));
  }
  return core.open(secret);
}

/** `withVault` for commands that always end well when they end. */
export async function doneWithVault(
  context: CommandContext,
  work: (open: OpenCore) => Promise<void>,
  options: WithVaultOptions = {},
): Promise<ExitCode> {
  await withVault(context, work, options);
  return EXIT_DONE;
}

/** @throws AppError VAULT_MISSING */
export function assertVault(context: CommandContext): void {
  if (context.core.hasVault()) return;
  throw new AppError('VAULT_MISSING', 'There is no vault here yet.', {
    hint: 'Make one with `cairn init`, or name its folder with --home.',
  });
}

/** @throws AppError CANCELLED */
export function assertRunning(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled.', { isRetryable: true });
}

/** Options that every long work takes: a progress line, and the end by a signal. */
export async function withProgress<Result>(
  context: CommandContext,
  label: string,
  work: (options: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
  }) => Promise<Result>,
): Promise<Result> {
  const line = context.out.progress(label);
  try {
    return await work({ signal: context.signal, onProgress: (progress) => line.update(progress) });
  } finally {
    line.end();
  }
}
