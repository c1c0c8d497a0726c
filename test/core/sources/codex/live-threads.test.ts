import { mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readLiveThreads } from '../../../../src/core/sources/codex/live-threads.ts';
import type { Host } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeTestHost } from '../../../support/test-host.ts';
import { PTS_0, writeProcess } from '../host/fake-proc.ts';

const BOOT_S = 1_790_000_000;
const DAEMON = 500;
const A = '01a21bfb-0000-7000-8000-00000000000a';
const B = '01a21bfb-0000-7000-8000-00000000000b';

describe('readLiveThreads()', () => {
  let folder: TemporaryFolder;
  let host: Host;
  let codexDir: string;
  let locks: string[];

  beforeEach(() => {
    folder = makeTemporaryFolder();
    const procDir = join(folder.path, 'proc');
    host = { ...makeTestHost(folder.path), procDir };
    codexDir = join(host.homeDir, '.codex');
    mkdirSync(join(codexDir, 'thread-writer-locks'), { recursive: true });
    mkdirSync(procDir);
    writeFileSync(join(procDir, 'uptime'), `${Date.now() / 1000 - BOOT_S} 1.0\n`);
    locks = [];
    const argv = ['/x/codex', 'app-server', '--listen', 'unix://', '--managed-daemon'];
    writeProcess(procDir, { pid: DAEMON, argv, tty: 0, startTime: 1 });
  });

  afterEach(() => folder[Symbol.dispose]());

  /** The background process locks a conversation, so many minutes after the start of the system. */
  function hold(id: string, atMinutes: number, holder = DAEMON): void {
    const path = join(codexDir, 'thread-writer-locks', `${id}.lock`);
    writeFileSync(path, '');
    utimesSync(path, BOOT_S + atMinutes * 60, BOOT_S + atMinutes * 60);
    link(holder, path);
    locks.push(`${locks.length + 1}: FLOCK  ADVISORY  WRITE ${holder} fe:00:${statSync(path).ino} 0 EOF\n`);
    writeFileSync(join(host.procDir, 'locks'), `9: POSIX  ADVISORY  READ 7 fe:00:1 0 EOF\n${locks.join('')}`);
  }

  function link(pid: number, path: string): void {
    const fds = join(host.procDir, String(pid), 'fd');
    mkdirSync(fds, { recursive: true });
    symlinkSync(path, join(fds, String(links++)));
  }

  /** A window of Codex that began so many minutes after the start of the system. */
  function openWindow(pid: number, atMinutes: number, words: readonly string[] = [], cwd = '/work'): void {
    const argv = ['/x/codex', ...words];
    writeProcess(host.procDir, { pid, argv, cwd, tty: PTS_0 + pid, startTime: atMinutes * 60 * 100 });
  }

  function live(cwds: Readonly<Record<string, string>> = {}) {
    const index = new Map(Object.entries(cwds).map(([id, cwd]) => [id, { title: null, cwd }]));
    return readLiveThreads(host, codexDir, index);
  }

  const note = expect.stringContaining('cannot be told');
  let links = 3;

  it.each([
    ['a window without words', []],
    ['a window with a prompt and a model', ['-m', 'gpt-6', 'mend the tests']],
    ['a fork', ['fork', B]],
  ])('binds %s to the conversation that was opened with it', (_name, words) => {
    openWindow(7, 10, words);
    hold(A, 11);

    expect(live()).toEqual(new Map([[A, { pid: 7, startTime: 60_000, tty: '/dev/pts/7', name: null, status: null }]]));
  });

  it('binds the one that a window was told to resume, although it was open already', () => {
    hold(A, 5);
    openWindow(7, 10, ['resume', '-m', 'gpt-6', A]);

    expect(live().get(A)).toMatchObject({ pid: 7, tty: '/dev/pts/7' });
  });

  it('tells two windows in one folder apart by when they began, also where one has closed', () => {
    openWindow(7, 10);
    hold(A, 11);
    openWindow(8, 20);
    hold(B, 21);
    expect([...live()].map(([id, { pid }]) => [id, pid])).toEqual(
      expect.arrayContaining([
        [A, 7],
        [B, 8],
      ]),
    );

    rmSync(join(host.procDir, '7'), { recursive: true });
    expect([...live().keys()]).toEqual([B]);
  });

  it('tells windows apart by their folders', () => {
    openWindow(7, 10, [], '/one');
    openWindow(8, 10, [], '/two');
    hold(A, 11);
    hold(B, 11);

    expect(live({ [A]: '/one', [B]: '/two' })).toMatchObject(
      new Map([
        [A, { pid: 7 }],
        [B, { pid: 8 }],
      ]),
    );
  });

  it.each([
    ['a window may have gone on to another one', () => openWindow(7, 10)],
    ['a window picked one from a list', () => openWindow(7, 10, ['resume'])],
    ['a window shows all', () => openWindow(7, 10, ['agents'])],
  ])('names no terminal where %s, and says so', (_name, open) => {
    open();
    hold(A, 11);
    hold(B, 30);

    expect(live().get(A)).toMatchObject({ pid: DAEMON, tty: null, terminalNote: note });
    expect(live().get(B)).toMatchObject({ pid: DAEMON, tty: null, terminalNote: note });
  });

  it('binds nothing to a window that is no window, and takes nothing for open that no window shows', () => {
    openWindow(7, 10, ['login']);
    hold(A, 11);

    expect(live()).toEqual(new Map());
  });

  it('says that one is in use whose file was deleted under it', () => {
    hold(A, 11);
    link(DAEMON, `${codexDir}/sessions/2026/11/27/rollout-2026-11-27T07-49-53-${A}.jsonl (deleted)`);

    expect(live().get(A)).toMatchObject({ pid: DAEMON, terminalNote: expect.stringContaining('deleted') });
  });

  it('believes a lock only from the process that has it, and a rollout from who has it open', () => {
    writeProcess(host.procDir, { pid: 9, argv: ['/x/codex', 'exec', 'x'], tty: PTS_0 + 1 });
    link(9, join(codexDir, 'thread-writer-locks', `${A}.lock`));
    writeFileSync(join(codexDir, 'thread-writer-locks', `${A}.lock`), '');
    expect(live()).toEqual(new Map());

    link(9, `${codexDir}/sessions/2026/11/27/rollout-2026-11-27T07-49-53-${B}.jsonl`);
    expect(live()).toMatchObject(new Map([[B, { pid: 9, tty: '/dev/pts/1' }]]));
  });
});
