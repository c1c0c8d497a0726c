import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readProcess, readProcesses } from '../../../../src/core/sources/host/proc.ts';
import {
  indexProcesses,
  isPromptShellCommand,
  localFolder,
  readTerminalProgram,
  type TerminalProgram,
} from '../../../../src/core/sources/host/proc-terminal.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { PTS_0, writeProcess, type FakeProcess } from './fake-proc.ts';

const IDLE: TerminalProgram = {
  shell: 'bash',
  cwd: '/srv',
  isCwdDeleted: false,
  argv: [],
  pipeline: [],
  isArgvExact: true,
  commandCwd: null,
};

describe('readTerminalProgram()', () => {
  let folder: TemporaryFolder;
  let count = 0;

  beforeEach(() => {
    folder = makeTemporaryFolder();
  });

  afterEach(() => folder[Symbol.dispose]());

  /** What the terminal of the first process shows. */
  function read(processes: readonly FakeProcess[], announcedUrl?: string): TerminalProgram {
    const procDir = join(folder.path, `proc-${(count += 1)}`);
    for (const process of processes) writeProcess(procDir, process);
    const leader = readProcess(procDir, processes[0]?.pid ?? 0);
    if (leader === null) throw new Error('no leader');
    const options = announcedUrl === undefined ? {} : { announcedUrl };
    return readTerminalProgram({ procDir }, leader, indexProcesses(readProcesses({ procDir })), options);
  }

  const shell = (foreground: number): FakeProcess => ({
    pid: 10,
    foreground,
    argv: ['-bash'],
    name: 'bash',
    cwd: '/srv',
  });
  const job = (pid: number, more: Partial<FakeProcess>): FakeProcess => ({
    pid,
    parentPid: 10,
    group: 20,
    session: 10,
    foreground: 20,
    cwd: '/srv',
    ...more,
  });

  it('knows a shell at its prompt, with or without jobs in the background', () => {
    expect(read([shell(10)])).toEqual(IDLE);
    expect(read([shell(10), job(20, { argv: ['make'] })])).toEqual(IDLE);
  });

  it('gives the words of the job in the foreground, its pipeline and its folder', () => {
    const zombie = job(23, { argv: ['head'], state: 'Z' });
    const child = job(24, { argv: ['worker'], parentPid: 20 });
    const read1 = read([
      shell(20),
      job(21, { argv: ['grep', 'a b'] }),
      job(20, { argv: ['cat', 'f'], cwd: '/usr' }),
      zombie,
      child,
    ]);

    expect(read1).toEqual({ ...IDLE, argv: ['cat', 'f'], pipeline: [['grep', 'a b']], commandCwd: '/usr' });
  });

  it('takes a shell within the shell for a place, and the command for one of it', () => {
    const inner = { argv: ['zsh'], name: 'zsh', cwd: '/usr' };

    expect(read([shell(20), job(20, inner)])).toEqual({ ...IDLE, cwd: '/usr' });
    expect(
      read([shell(30), job(20, inner), { ...job(30, { parentPid: 20, group: 30, argv: ['vim', 'x'], cwd: '/usr' }) }]),
    ).toEqual({
      ...IDLE,
      cwd: '/usr',
      argv: ['vim', 'x'],
    });
  });

  it('gives a program that was started without a shell, scripts included', () => {
    expect(read([{ pid: 10, argv: ['vim', 'x'], cwd: '/srv' }])).toEqual({ ...IDLE, shell: 'vim', argv: ['vim', 'x'] });
    expect(read([{ pid: 11, argv: ['sh', '-c', 'make; read'], cwd: '/srv' }])).toMatchObject({
      argv: ['sh', '-c', 'make; read'],
    });
  });

  it.each([
    ['npm run dev\0\0\0\0', ['npm', 'run', 'dev'], false],
    ['nginx: master process', ['nginx:', 'master', 'process'], false],
    ['claude\0\0\0', ['claude'], false],
    ['git\0commit\0-m\0\0', ['git', 'commit', '-m', ''], true],
    [Uint8Array.from([0x76, 0x69, 0, 0xff, 0]), ['vi', '\uFFFD'], false],
    ['', ['named'], false],
    [`java\0${'x'.repeat(30_000)}\0`, ['named'], false],
  ])('reads %j as a command, exact or not', (cmdline, argv, isArgvExact) => {
    expect(read([shell(20), job(20, { cmdline, name: 'named' })])).toEqual({ ...IDLE, argv, isArgvExact });
  });

  it('takes a program whose path has blanks for itself', () => {
    const program = join(folder.path, 'my tool');
    writeFileSync(program, '');

    expect(read([shell(20), job(20, { argv: [program] })])).toEqual({ ...IDLE, argv: [program] });
  });

  it('looks behind wrappers only, at what they run or what was announced', () => {
    const place = join(folder.path, 'ä place');
    mkdirSync(place);
    const announced = `file://${hostname()}${encodeURI(place)}`;
    const inner = { pid: 30, parentPid: 20, tty: PTS_0 + 1, argv: ['bash'], cwd: '/usr' };

    expect(read([shell(20), job(20, { argv: ['script'] }), inner])).toMatchObject({ cwd: '/usr', argv: ['script'] });
    expect(read([shell(10)], announced)).toMatchObject({ cwd: '/srv' });
    expect(read([shell(20), job(20, { argv: ['sudo', '-s'] })], announced)).toMatchObject({ cwd: place });
    expect(read([shell(20), job(20, { argv: ['vim'] }), inner], announced)).toMatchObject({ cwd: '/srv' });
  });

  it('takes any words', () => {
    let at = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (cmdline) => {
        const procDir = join(folder.path, `any-${(at += 1)}`);
        writeProcess(procDir, shell(20));
        writeProcess(procDir, job(20, { cmdline }));
        const leader = readProcess(procDir, 10);
        if (leader === null) throw new Error('no leader');

        const program = readTerminalProgram({ procDir }, leader, indexProcesses(readProcesses({ procDir })));

        expect(program.argv.every((word) => typeof word === 'string')).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('isPromptShellCommand()', () => {
  it.each([
    [['bash'], true],
    [['-zsh'], true],
    [['/usr/bin/fish', '-i'], true],
    [['bash', '--rcfile', '/tmp/rc', '-i'], true],
    [['zsh', '-o', 'emacs'], true],
    [['bash', '-c', 'make'], false],
    [['bash', '-lic', 'make'], false],
    [['sh', 'script.sh'], false],
    [['fish', '--command', 'x'], false],
    [['vim'], false],
    [[], false],
  ])('%j: %s', (argv, expected) => {
    expect(isPromptShellCommand(argv, 'node')).toBe(expected);
  });
});

describe('localFolder()', () => {
  it('takes folders of this machine only', () => {
    expect(localFolder('file:///usr/share')).toBe('/usr/share');
    expect(localFolder('file://localhost/usr')).toBe('/usr');
    for (const url of [
      'file://elsewhere/usr',
      'file:///usr/none',
      'file:///%ff',
      'file:///usr%00',
      'http://localhost/usr',
      '/usr',
      '',
    ]) {
      expect(localFolder(url)).toBeNull();
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        localFolder(text);
        localFolder(`file://${text}`);
      }),
    );
  });
});
