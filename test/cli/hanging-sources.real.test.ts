// Programs that do not answer, through the real command line: a capture is done in time, says which did not answer, and carries
// forward what they held before.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { describeWith, findProgram } from '../support/programs.ts';
import { openSpawnedCairn, type SpawnedCairn } from './spawned-cli.ts';

const SESSION = fileURLToPath(new URL('../fixtures/browser/firefox-153.7esr-recovery.jsonlz4', import.meta.url));
/** The deadline of a source, and what a start and a save take on a busy machine. */
const IN_TIME_MS = 5_000 + 5_000;

interface Shown {
  readonly items: readonly { readonly source: string; readonly stale: boolean }[];
  readonly gaps: readonly { readonly source: string; readonly reason: string; readonly message: string }[];
}

describeWith(['git', 'tmux'], 'cairn capture, where a program does not answer', () => {
  let cairn: SpawnedCairn;
  let env: Record<string, string>;

  beforeAll(async () => {
    cairn = openSpawnedCairn();
    const programs = join(cairn.folder, 'bin');
    mkdirSync(programs);
    // Each hangs while a file of its name says so, with a child that holds its output open.
    for (const name of ['git', 'tmux'] as const) {
      const path = join(programs, name);
      const hang = `if [ -e "$HOME/hang-${name}" ]; then trap '' TERM INT; sleep 15 & wait; fi`;
      writeFileSync(path, `#!/bin/sh\n${hang}\nexec ${findProgram(name) ?? ''} "$@"\n`);
      chmodSync(path, 0o755);
    }
    env = { PATH: `${programs}:${process.env['PATH'] ?? ''}`, SHELL: '/bin/sh', LANG: 'C.UTF-8' };
    const session = join(cairn.folder, '.mozilla/firefox/abc.default/sessionstore-backups/recovery.jsonlz4');
    mkdirSync(dirname(session), { recursive: true });
    copyFileSync(SESSION, session);
    writeFileSync(
      join(cairn.folder, '.mozilla/firefox/profiles.ini'),
      '[Profile0]\nName=default\nIsRelative=1\nPath=abc.default\n',
    );
    const repo = join(cairn.folder, 'api');
    mkdirSync(repo);
    execFileSync('git', ['init', '-q', repo]);
    writeFileSync(join(repo, 'new.ts'), 'work\n');
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'api', '-c', repo, 'sh');
    const recovery = join(cairn.folder, 'key.txt');
    await document(['init', '--sources', 'tmux,firefox,git', '--recovery-key-file', recovery]);
    cairn.unlockWith(recovery);
    expect(ages(await capture())).toEqual({ tmux: 'new', firefox: 'new', git: 'new' });
  });
  afterEach(() => {
    for (const name of ['git', 'tmux']) rmSync(join(cairn.folder, `hang-${name}`), { force: true });
  });
  afterAll(() => {
    tmux('kill-server');
    cairn[Symbol.dispose]();
  });

  function tmux(...args: string[]): void {
    const own = { PATH: process.env['PATH'], HOME: cairn.folder, TMUX_TMPDIR: cairn.folder };
    execFileSync('tmux', args, { env: own, stdio: 'ignore' });
  }

  function hang(name: string): void {
    writeFileSync(join(cairn.folder, `hang-${name}`), '');
  }

  async function document<Document>(argv: readonly string[]): Promise<Document> {
    const { exitCode, stdout, stderr } = await cairn.run([...argv, '--json'], { env });
    expect([exitCode, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  }

  async function capture(): Promise<Shown> {
    const startedMs = performance.now();
    const { snapshotId } = await document<{ snapshotId: string }>(['capture']);
    expect(performance.now() - startedMs).toBeLessThan(IN_TIME_MS);
    return document<Shown>(['show', snapshotId]);
  }

  function ages({ items }: Shown): Record<string, string> {
    const bySource = Map.groupBy(items, ({ source }) => source);
    return Object.fromEntries(
      [...bySource].map(([source, of]) => [source, of.every(({ stale }) => stale) ? 'old' : 'new']),
    );
  }

  it.each([
    { name: 'tmux', words: /tmux did not answer within/ },
    { name: 'git', words: /git did not answer within|not enough time/ },
  ])('$name: the others are captured in time, its items are carried forward', async ({ name, words }) => {
    hang(name);

    const shown = await capture();

    expect(ages(shown)).toEqual({ tmux: 'new', firefox: 'new', git: 'new', [name]: 'old' });
    expect(shown.gaps).toEqual([
      expect.objectContaining({ source: name, reason: 'timeout', message: expect.stringMatching(words) }),
    ]);
    expect(await document(['status'])).toMatchObject({ gaps: shown.gaps });
  });

  it('both: still in time, and both in words', async () => {
    hang('tmux');
    hang('git');

    const startedMs = performance.now();
    const { exitCode, stdout, stderr } = await cairn.run(['capture'], { env });

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(performance.now() - startedMs).toBeLessThan(IN_TIME_MS);
    expect(stdout.trimEnd().split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}gap tmux did not answer in time: /),
      expect.stringMatching(/^ {2}gap git did not answer in time: /),
    ]);
  });

  it('answers again: everything is new', async () => {
    expect(ages(await capture())).toEqual({ tmux: 'new', firefox: 'new', git: 'new' });
  });

  it('leaves no process behind', () => {
    const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(running.split('\n').filter((line) => line.includes(cairn.folder) && !line.includes('tmux'))).toEqual([]);
  });
});
