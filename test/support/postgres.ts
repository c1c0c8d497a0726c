// A PostgreSQL of the tests' own: made in a temporary folder, reached by a socket in it only, gone at the end. It does not run as root, so
// root starts it as the user `postgres`.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const INSTALLED = '/usr/lib/postgresql';
const MAX_STARTS = 20;

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
  /** kill -9 of all its processes; ends when they are gone. */
  kill(): Promise<void>;
  /** All its processes stand still, as on a machine that hangs; gives what lets them go on. */
  halt(): () => void;
  start(): Promise<void>;
  /** Ends it as an operator would; gives the folder with its files. */
  stop(): string;
  close(): void;
}

/** Little memory, since several run beside each other. */
const SMALL = '-c shared_buffers=32MB';

/** @param settings options of the `postgres` program. @throws where it does not start */
export function startPostgres(bin: string, settings: string = SMALL): TestPostgres {
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
  const options = `-c listen_addresses= -c unix_socket_directories=${folder} -c max_connections=60 ${settings}`;
  const start = (): void =>
    run(join(bin, 'pg_ctl'), '-D', data, '-l', join(folder, 'log'), '-w', '-o', options, 'start');
  /** Children of one that was killed leave a moment later, and until then there is no other. */
  const startAgain = async (): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      try {
        start();
        return;
      } catch (error) {
        if (tries === MAX_STARTS) throw error;
        await wait(200);
      }
    }
  };
  run(join(bin, 'initdb'), '-D', data, '-A', 'trust', '-U', 'cairn', '-N');
  start();
  let count = 0;
  return {
    createDatabase: () => {
      count += 1;
      run(join(bin, 'createdb'), '-h', folder, '-U', 'cairn', `cairn${count}`);
      return `postgres://cairn@localhost/cairn${count}?host=${encodeURIComponent(folder)}`;
    },
    kill: () => killAll(processesOf(data)),
    halt: () => {
      const all = processesOf(data);
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      return () => {
        for (const pid of all.filter(isAlive)) process.kill(pid, 'SIGCONT');
      };
    },
    start: startAgain,
    stop: () => {
      run(join(bin, 'pg_ctl'), '-D', data, '-m', 'fast', '-w', 'stop');
      return data;
    },
    close: () => {
      if (existsSync(join(data, 'postmaster.pid'))) run(join(bin, 'pg_ctl'), '-D', data, '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The first process and its children, that one first, so that it starts no others. */
function processesOf(data: string): readonly number[] {
  const first = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(first)], { encoding: 'utf8' });
  const children = stdout.split('\n').filter((line) => line.trim() !== '');
  return [first, ...children.map(Number)];
}

async function killAll(all: readonly number[]): Promise<void> {
  for (const pid of all) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  while (all.some(isAlive)) await wait(10);
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
