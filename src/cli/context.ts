// What a command is given when it runs, and how it gets at the vault.

import { AppError } from '../shared/model/app-error.ts';
import { EXIT_DONE, type ExitCode } from './exit-code.ts';
import type { Core, OpenCore } from './core.ts';
import type { Output } from './output.ts';
import { unlock, type SecretOptions } from './password.ts';
import type { Prompter } from './terminal/prompter.ts';

/** The options that every command takes. */
export interface GlobalOptions extends SecretOptions {
  readonly json?: boolean | undefined;
  readonly home?: string | undefined;
}

export interface CommandContext {
  readonly globals: GlobalOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Output;
  /** Null where nobody can be asked. */
  readonly prompter: Prompter | null;
  readonly core: Core;
  readonly nowMs: () => number;
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Whether a process of this number runs. */
  readonly isProcessAlive: (pid: number) => boolean;
  readonly pid: number;
}

export type RunCommand = (context: CommandContext) => Promise<ExitCode>;
/** Carries a command out once its arguments are read; handed to each command's `setup` function. */
export type Act = (run: RunCommand) => Promise<void>;

/**
 * Unlocks the vault, works with it and closes it, whatever happens.
 * @throws AppError VAULT_MISSING before anybody is asked for a password
 */
export async function withVault<Result>(
  context: CommandContext,
  work: (open: OpenCore) => Promise<Result>,
): Promise<Result> {
  assertVault(context);
  const open = await unlock(
    context.globals,
    { env: context.env, prompter: context.prompter, warn: (line) => context.out.warn(line) },
    (secret) => context.core.open(secret),
  );
  try {
    assertRunning(context.signal);
    for (const notice of open.vault.notices) context.out.note(`Note: ${notice.message}`);
    return await work(open);
  } finally {
    await open.close();
  }
}

/** `withVault` for commands that always end well when they end. */
export async function doneWithVault(
  context: CommandContext,
  work: (open: OpenCore) => Promise<void>,
): Promise<ExitCode> {
  await withVault(context, work);
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
