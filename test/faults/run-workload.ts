// Starts the workload as a process of its own and listens to what it says.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { bundledPath } from '../support/worker-path.ts';

export interface WorkloadOptions {
  readonly operation: string;
  readonly path: string;
  readonly password: string;
  readonly seed: number;
  readonly steps?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Started through these, such as `prlimit` with its options. */
  readonly command?: readonly string[];
  /** Kills it so long after it said the word. */
  readonly kill?: { readonly after: string; readonly delayMs: number };
}

export interface WorkloadEnd {
  readonly said: readonly string[];
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export function runWorkload(options: WorkloadOptions): Promise<WorkloadEnd> {
  const { operation, path, password, seed, steps, kill } = options;
  const steady = process.execArgv.filter((argument) => argument.startsWith('--no-'));
  const argv = [operation, path, password, String(seed), ...(steps === undefined ? [] : [String(steps)])];
  const [file = '', ...rest] = [
    ...(options.command ?? []),
    process.execPath,
    ...steady,
    bundledPath('workload'),
    ...argv,
  ];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } });
  const said: string[] = [];
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    if (line === kill?.after) setTimeout(() => child.kill('SIGKILL'), kill.delayMs);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ said, exitCode, signal, stderr }));
  });
}
