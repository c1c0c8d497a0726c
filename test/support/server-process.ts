// The sync server as a process of its own, as `cairn server` starts it, so that it can be killed.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bundledPath } from './worker-path.ts';

/** In a bundle the command line lies beside, or above where several programs share this; tests have bundled it before they begin. */
const MAIN =
  ['./cli.js', '../cli.js']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path)) ?? bundledPath('cli');

export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** As a crash would end it. */
  kill(): Promise<void>;
  /** As an operator would; gives its exit code. */
  stop(): Promise<number | null>;
}

/** @throws where it does not start */
export async function startServerProcess(
  dataFolder: string,
  databaseUrl: string | null = null,
  objects: 'database' | 'files' = 'database',
): Promise<ServerProcess> {
  const args = [
    // As bin/cairn starts it.
    '--max-semi-space-size=4',
    '--disable-warning=ExperimentalWarning',
    MAIN,
    'server',
    '--json',
    '--port',
    '0',
    '--data-dir',
    dataFolder,
    '--objects',
    objects,
  ];
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    env: databaseUrl === null ? env : { ...env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.resume();
  return {
    address: await readAddress(child),
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL');
      await ended(child);
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
      return child.exitCode;
    },
  };
}

async function readAddress(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    const address = /"address":\s*"([^"]+)"/.exec(text)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`the server did not start: ${text}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
