import { describe, expect, it } from 'vitest';

import { aCapture, aTerminal } from '../../support/captures.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

async function withTitles(...titles: readonly string[]): Promise<FakeCore> {
  const core = new FakeCore();
  for (const [at, title] of titles.entries()) {
    core.nowMs = TEST_NOW_MS + at * 60_000;
    await core.vault.save(aCapture([aTerminal('pane', { title })], { takenAtMs: core.nowMs }));
  }
  return core;
}

describe('cairn search', () => {
  it('gives each hit with its line and the times in which it was there', async () => {
    const core = await withTitles('nothing', 'npm run build');

    const { json } = await runCairn(['search', 'build', '--json', '--source', 'tmux', '--since', '1h'], { core });

    const time = new Date(TEST_NOW_MS + 60_000).toISOString();
    expect(json()).toMatchObject({
      complete: true,
      hits: [{ key: 'tmux:pane', line: 'npm run build', lineNumber: 1, firstSeen: time, lastSeen: time, score: 1 }],
    });
  });

  it('says how to see it, or that there is nothing', async () => {
    const core = await withTitles('npm run build');

    expect((await runCairn(['search', 'build'], { core })).stdout).toMatch(/cairn show [0-9a-f]{8} --item 'tmux:pane'/);
    expect((await runCairn(['search', 'absent'], { core })).stdout).toBe('Nothing was found.\n');
  });

  it.each([
    ['--kind', 'window'],
    ['--source', 'No Such'],
    ['--since', 'soon'],
    ['--limit', '0'],
  ])('refuses %s %s', async (option, value) => {
    expect((await runCairn(['search', 'x', option, value], { core: new FakeCore() })).exitCode).toBe(2);
  });

  it('refuses times in the wrong order', async () => {
    const argv = ['search', 'x', '--since', '1h', '--until', '2h'];
    expect((await runCairn(argv, { core: new FakeCore() })).exitCode).toBe(2);
  });
});
