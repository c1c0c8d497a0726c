import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { aConversation, aStream, aTerminal, key, TMUX } from '../../support/captures.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

async function withCaptures(count: number, stepMs = 30_000): Promise<FakeCore> {
  const core = new FakeCore();
  const vault = core.vault;
  for (let at = 0; at < count; at += 1) {
    core.nowMs = TEST_NOW_MS + at * stepMs;
    await vault.save({
      takenAtMs: core.nowMs,
      kind: 'automatic',
      items: [aTerminal('a')],
      carried: [],
      gaps: [],
      goodSources: [TMUX],
    });
  }
  return core;
}

describe('cairn list', () => {
  it('says what to do where there is nothing', async () => {
    const { stdout } = await runCairn(['list']);

    expect(stdout).toContain('`cairn capture` takes one');
  });

  it('shows changes, not ticks', async () => {
    const core = await withCaptures(500);

    const { stdout } = await runCairn(['list'], { core });

    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^[0-9a-f]{8} +4 hours ago .* 1 +1 +- +unchanged until \S+ \(499 captures\)$/);
  });

  it('lists each capture with --all and with --json', async () => {
    const core = await withCaptures(5);

    expect((await runCairn(['list', '--all'], { core })).stdout.trimEnd().split('\n')).toHaveLength(6);
    expect((await runCairn(['list', '--json', '--limit', '3'], { core })).json()).toEqual({
      snapshots: [4, 3, 2].map((at) => ({
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        takenAt: new Date(TEST_NOW_MS + at * 30_000).toISOString(),
        kind: 'automatic',
        items: 1,
        changed: 0,
        gaps: 0,
      })),
    });
  });

  it('keeps to the times given', async () => {
    const core = await withCaptures(10, 3_600_000);

    const { json } = await runCairn(['list', '--json', '--since', '5h', '--until', '3h'], { core });

    expect(json()).toMatchObject({ snapshots: [{}, {}, {}] });
    expect((await runCairn(['list', '--since', '1h', '--until', '2h'], { core })).exitCode).toBe(2);
    expect((await runCairn(['list', '--since', 'soon'], { core })).exitCode).toBe(2);
    expect((await runCairn(['list', '--limit', '0'], { core })).exitCode).toBe(2);
  });

  it('shows checkpoints by name', async () => {
    const core = await withCaptures(2);
    await runCairn(['checkpoint', 'before the rebase', '--pin', '--tag', 'api'], { core });

    const { stdout } = await runCairn(['list', '--checkpoints'], { core });

    expect(stdout).toContain('before the rebase (pinned, #api)');
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('cairn show', () => {
  async function withItems(): Promise<FakeCore> {
    const core = new FakeCore();
    core.items = [
      aTerminal('main:1.0', {
        title: 'vim\x1b]0;owned\x07 app.ts',
        streams: [aStream({ text: '$ ls\n\x1b[31mred\x1b[0m\n' })],
      }),
      aConversation('abc', '{}\n'),
    ];
    core.gaps = [{ source: TMUX, reason: 'vanished', message: 'Server gone.', sinceMs: core.nowMs - 60_000 }];
    await runCairn(['capture'], { core });
    return core;
  }

  it('groups items by source and says what is missing', async () => {
    const { stdout } = await runCairn(['show'], { core: await withItems() });

    expect(stdout).toContain('tmux (1 terminal)');
    expect(stdout).toContain('claude-code (1 conversation)');
    expect(stdout).toMatch(/tmux:main:1\.0 +vim app\.ts +\/home\/dev\/main:1\.0/);
    expect(stdout).toContain('What is missing (1 gap)');
    expect(stdout).not.toContain('\x1b');
  });

  it('gives the document of the contract', async () => {
    const { json } = await runCairn(['show', 'latest', '--json'], { core: await withItems() });

    expect(json()).toMatchObject({
      id: expect.any(String),
      takenAt: '2026-11-20T12:00:00.000Z',
      items: [
        { key: 'tmux:main:1.0', kind: 'terminal', source: 'tmux', title: 'vim\x1b]0;owned\x07 app.ts', stale: false },
        { key: 'claude-code:abc', kind: 'conversation' },
      ],
      gaps: [{ source: 'tmux', reason: 'vanished' }],
    });
  });

  it('shows one item by the beginning of its key', async () => {
    const { stdout } = await runCairn(['show', 'latest', '--item', 'tmux:main'], { core: await withItems() });

    expect(stdout).toContain('cwd  /home/dev/main:1.0');
    expect(stdout).toMatch(/scrollback +\d+ bytes/);
  });

  it('writes a stream into a new file', async () => {
    const core = await withItems();
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'pane.txt');
    const argv = ['show', 'latest', '--item', 'tmux:main:1.0', '--stream', 'scrollback', '--output', path];
    const { exitCode, json } = await runCairn([...argv, '--json'], { core });

    expect([exitCode, json()]).toMatchObject([0, { stream: 'scrollback', output: path }]);
    expect(readFileSync(path, 'utf8')).toBe('$ ls\n\x1b[31mred\x1b[0m\n');
    expect((await runCairn(['show', 'latest', '--output', path], { core })).exitCode).toBe(2);
  });

  it('prints a stream byte for byte into a pipe, and harmless on a terminal', async () => {
    const core = await withItems();
    const argv = ['show', 'latest', '--item', 'tmux:main:1.0', '--stream', 'scrollback'];

    const pipe = await runCairn(argv, { core });
    const terminal = await runCairn(argv, { core, answers: ['correct horse battery staple'] });
    const document = await runCairn([...argv, '--json'], { core });

    expect(pipe.stdout).toBe('$ ls\n\x1b[31mred\x1b[0m\n');
    expect(terminal.stdout).toBe('$ ls\nred\n\n');
    expect(document.json()).toMatchObject({ stream: 'scrollback', sizeBytes: 18, text: '$ ls\n\x1b[31mred\x1b[0m\n' });
  });

  it.each([
    [['show', 'ffffffff'], 4],
    [['show', 'latest', '--item', 'tmux:none'], 4],
    [['show', 'latest', '--item', key('tmux:main:1.0'), '--stream', 'none'], 4],
    [['show', 'latest', '--stream', 'scrollback'], 2],
  ])('%j has exit code %i', async (argv, exitCode) => {
    const result = await runCairn(argv, { core: await withItems() });

    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toMatch(/^cairn: [^\n]+\n$/);
  });
});
