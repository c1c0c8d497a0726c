// Runs the real `cairn` as a process of its own, over a data folder of the test's: what a user's shell would see.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';

import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { compileCache } from '../support/compile-cache.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { bundledPath } from '../support/worker-path.ts';

/** As bin/cairn starts Node. */
const STEADY = '--no-memory-protection-keys';
const MAIN = bundledPath('cli');

export interface SpawnedResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What starts it, such as `setpriv` with its options. */
  readonly command?: readonly string[];
  /** Leaves stdin open, for what is typed. */
  readonly hasInput?: boolean;
  /** Called once the process runs; for signals and for reading no further. */
  readonly onStart?: (child: ChildProcessWithoutNullStreams) => void;
}

export interface SpawnedCairn extends Disposable {
  /** Everything of this test lies below. */
  readonly folder: string;
  /** The data folder. */
  readonly home: string;
  run(argv: readonly string[], options?: SpawnOptions): Promise<SpawnedResult>;
  /**
   * From now on commands unlock with the recovery key in this file: where passwords are not what a test is about, deriving the key from one
   * would take each of its many processes a third of its time.
   */
  unlockWith(recoveryKeyFile: string): void;
}

/** A machine of its own: an empty home, no tmux, no environment but what programs need. */
export function openSpawnedCairn(): SpawnedCairn {
  const folder = makeTemporaryFolder();
  const home = join(folder.path, 'data');
  const children = new Set<ChildProcessWithoutNullStreams>();
  let unlocking: readonly string[] = [];
  return {
    folder: folder.path,
    home,
    unlockWith: (recoveryKeyFile) => {
      unlocking = ['--recovery-key-file', recoveryKeyFile];
    },
    run: (argv, options = {}) =>
      new Promise((resolve, reject) => {
        const env = {
          PATH: process.env['PATH'],
          HOME: folder.path,
          TMUX_TMPDIR: folder.path,
          CAIRN_HOME: home,
          CAIRN_PASSWORD: TEST_PASSWORD,
          ...compileCache(),
          ...options.env,
        };
        // `init` would write it there.
        const unlock = argv[0] === 'init' ? [] : unlocking;
        const [file = '', ...args] = [...(options.command ?? []), process.execPath, STEADY, MAIN, ...unlock, ...argv];
        const child = spawn(file, args, { env, cwd: folder.path });
        children.add(child);
        const written = { stdout: '', stderr: '' };
        child.stdout.on('data', (bytes: Buffer) => (written.stdout += bytes.toString('utf8')));
        child.stderr.on('data', (bytes: Buffer) => (written.stderr += bytes.toString('utf8')));
        child.on('error', reject);
        child.on('close', (exitCode) => {
          children.delete(child);
          resolve({ exitCode, ...written });
        });
        if (options.hasInput !== true) child.stdin.end();
        options.onStart?.(child);
      }),
    [Symbol.dispose]: () => {
      for (const child of children) child.kill('SIGKILL');
      folder[Symbol.dispose]();
    },
  };
}
