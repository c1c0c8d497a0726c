// A /proc of a few processes in a folder of the test.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeProcess {
  readonly pid: number;
  readonly parentPid?: number;
  readonly group?: number;
  readonly session?: number;
  readonly tty?: number;
  readonly foreground?: number;
  readonly startTime?: number;
  readonly name?: string;
  readonly state?: string;
  readonly argv?: readonly string[];
  /** The bytes of `cmdline` where they are not those of `argv`. */
  readonly cmdline?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: string;
}

/** pts/0 as `stat` names it. */
export const PTS_0 = 136 * 256;

export function writeProcess(procDir: string, process: FakeProcess): void {
  const folder = join(procDir, String(process.pid));
  mkdirSync(folder, { recursive: true });
  const {
    pid,
    parentPid = 1,
    group = pid,
    session = pid,
    tty = PTS_0,
    foreground = session,
    startTime = pid,
  } = process;
  const argv = process.argv ?? ['bash'];
  const name = process.name ?? argv[0]?.split('/').at(-1) ?? 'bash';
  const fields = [
    process.state ?? 'S',
    parentPid,
    group,
    session,
    tty,
    foreground,
    0,
    1,
    55,
    0,
    0,
    0,
    0,
    0,
    0,
    20,
    0,
    1,
    0,
    startTime,
    1,
    1,
  ];
  writeFileSync(join(folder, 'stat'), `${pid} (${name}) ${fields.join(' ')}\n`);
  writeFileSync(join(folder, 'cmdline'), process.cmdline ?? argv.map((word) => `${word}\0`).join(''));
  writeFileSync(join(folder, 'environ'), process.env ?? 'HOME=/home/dev\0TMUX=/tmp/x,1,2\0SECRET=abc\0');
  symlinkSync(process.cwd ?? '/', join(folder, 'cwd'));
}
