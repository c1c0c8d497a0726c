// The entry of `cairn`: wires the process to `runCli`. Everything heavy is loaded when a command first needs it.

import process from 'node:process';

import packageJson from '../../package.json' with { type: 'json' };
import { toPlainError } from '../shared/model/app-error.ts';
import { isProcessAlive } from '../core/system/process-alive.ts';
import { ALLOCATOR_SETTINGS } from './allocator-settings.ts';
import { EXIT_FAILED } from './exit-code.ts';
import { describeError } from './output.ts';
import { runCli } from './run-cli.ts';

/** Longer than anything that ends by itself after a command. */
const MAX_LINGER_MS = 10_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

await main();

async function main(): Promise<void> {
  const env = takeEnvironment();
  ignoreBrokenPipes();
  process.on('uncaughtException', endWithError);
  // Node would open its debugger on a port that every user of the machine can reach.
  process.on('SIGUSR1', () => undefined);
  const exitCode = await runCli(process.argv.slice(2), {
    version: packageJson.version,
    env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    nowMs: () => Date.now(),
    signal: listenForStop(),
    pid: process.pid,
    isProcessAlive,
    createCore: async (globals) => (await import('./open-core.ts')).createCore(globals, env),
  });
  process.exitCode = exitCode;
  // What still has to be tidied away may be; what hangs may not.
  setTimeout(() => process.exit(exitCode), MAX_LINGER_MS).unref();
}

/** What concerns only this process leaves the environment at once, so that no program started from here inherits it. */
function takeEnvironment(): Readonly<Record<string, string | undefined>> {
  const env = { ...process.env };
  delete process.env['CAIRN_PASSWORD'];
  for (const name of Object.keys(ALLOCATOR_SETTINGS)) delete process.env[name];
  return env;
}

/** The first signal asks for an end; who sends a second one does not want to wait. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(EXIT_FAILED);
      stop.abort();
    });
  }
  return stop.signal;
}

/** Who reads no further (`cairn list | head`) is no error, and must not end a capture that is under way. */
function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') endWithError(error);
    });
  }
}

function endWithError(error: unknown): never {
  process.stderr.write(`cairn: ${describeError(toPlainError(error))}\n`);
  process.exit(EXIT_FAILED);
}
