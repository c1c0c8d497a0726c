// A PostgreSQL of the tests' own: made in a temporary folder, reached by a socket in it only, gone at the end. It does not run as root, so
// root starts it as the user `postgres`.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INSTALLED = '/usr/lib/postgresql';

/** The folder with `initdb` and `pg_ctl`; null where PostgreSQL is not installed. */
export function findPostgres(): string | null {
  if (!existsSync(INSTALLED)) return null;
  const versions = readdirSync(INSTALLED).toSorted((one, other) => Number(other) - Number(one));
  return (
    versions.map((version) => join(INSTALLED, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb'))) ?? null
  );
}

export interface TestPostgres {
  /** The address of a new, empty database. */
  createDatabase(): string;
  /** Ends it without a word to anybody, as a crash would. */
  kill(): void;
  start(): void;
  close(): void;
}

/** @throws where it does not start */
export function startPostgres(bin: string): TestPostgres {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-pg-'));
  chmodSync(folder, 0o777);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]): void => {
    const command = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', program] : [program];
    const [first = program, ...rest] = [...command, ...args];
    const { status, stderr } = spawnSync(first, rest, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: folder,
    });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  const options = `-c listen_addresses= -c unix_socket_directories=${folder} -c max_connections=60 -c shared_buffers=32MB`;
  const start = (): void =>
    run(join(bin, 'pg_ctl'), '-D', data, '-l', join(folder, 'log'), '-w', '-o', options, 'start');
  run(join(bin, 'initdb'), '-D', data, '-A', 'trust', '-U', 'cairn', '-N');
  start();
  let count = 0;
  return {
    createDatabase: () => {
      count += 1;
      run(join(bin, 'createdb'), '-h', folder, '-U', 'cairn', `cairn${count}`);
      return `postgres://cairn@localhost/cairn${count}?host=${encodeURIComponent(folder)}`;
    },
    kill: () => run(join(bin, 'pg_ctl'), '-D', data, '-m', 'immediate', 'stop'),
    start,
    close: () => {
      run(join(bin, 'pg_ctl'), '-D', data, '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
