// `cairn serve`: the same window as the desktop app's, in a browser of this machine.

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { Act, CommandContext } from '../context.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { readGivenSecret } from '../password.ts';

const MAX_PORT = 65_535;

export interface ServeCommandOptions {
  readonly port?: string;
  /** False when `--no-open` was given. */
  readonly open?: boolean;
}

export function setupServe(command: Command, act: Act): void {
  command
    .option('--port <number>', 'the port on 127.0.0.1 (default: any that is free)')
    .option('--no-open', 'print the address and open no browser')
    .action((options: ServeCommandOptions) => act((context) => runServe(options, context)));
}

/** Runs until a signal ends it; then captures a last time. */
export async function runServe(options: ServeCommandOptions, context: CommandContext): Promise<ExitCode> {
  const { core, out, signal } = context;
  const secret = await readGivenSecret(context.globals, {
    env: context.env,
    prompter: null,
    warn: (line) => out.warn(line),
  });
  const { version, pid, isProcessAlive } = context;
  const shell = await core.serve({ port: parsePort(options.port), secret, version, pid, isProcessAlive });
  try {
    const isOpened = options.open !== false && (await shell.openInBrowser());
    out.result({ address: shell.address, isNew: !shell.isAnothers }, () => [
      shell.isAnothers ? 'Cairn runs already; its window is at' : "Cairn's window is at",
      `  ${shell.address}`,
      ...(isOpened ? [] : ['Open it in a browser on this machine. It is good once, and for ten minutes.']),
    ]);
    if (!shell.isAnothers) {
      out.note('It listens on this machine only. Ctrl-C ends it, with a last capture.');
      await aborted(signal);
    }
  } finally {
    await shell.close();
  }
  return EXIT_DONE;
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= MAX_PORT) return port;
  throw new AppError('USAGE_INVALID', 'This is not a port.', { hint: 'Give a number from 1 to 65535.' });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
