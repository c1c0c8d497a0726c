import { describe, expect, it } from 'vitest';

import { noteLeftOut } from '../../../src/core/capture/left-out.ts';
import { aCapture, aConversation, aTerminal, TMUX } from '../../support/captures.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const HOUR_MS = 3_600_000;

async function aDay(): Promise<FakeCore> {
  const core = new FakeCore();
  const at = (hours: number): number => TEST_NOW_MS + hours * HOUR_MS;
  await core.vault.save(aCapture([aTerminal('old')], { takenAtMs: at(-5) }));
  await core.vault.save(aCapture([aTerminal('old'), aTerminal('young')], { takenAtMs: at(-0.5) }));
  await core.vault.save(
    aCapture([aTerminal('young'), aConversation('talk', 'hello')], {
      takenAtMs: at(-0.25),
      gaps: [{ source: TMUX, reason: 'timeout', message: 'slow', sinceMs: at(-0.25) }],
    }),
  );
  await noteLeftOut(core.vault, { atMs: at(-9), leftOut: [{ source: 'git', reason: 'rule', items: 7 }] });
  await noteLeftOut(core.vault, { atMs: at(-8), leftOut: [{ source: 'tmux', reason: 'cairnignore', items: 2 }] });
  await noteLeftOut(core.vault, { atMs: at(-0.5), leftOut: [{ source: 'tmux', reason: 'CAIRN_OFF', items: 1 }] });
  core.nowMs = TEST_NOW_MS;
  return core;
}

describe('cairn log', () => {
  it('says what came in within the hour, what is missing, and what was left out by whose word', async () => {
    const { stdout } = await runCairn(['log'], { core: await aDay() });

    expect(stdout).toContain('2 captures since');
    expect(stdout).toMatch(/new +tmux +terminal/);
    expect(stdout).toMatch(/new +\S+ +conversation/);
    expect(stdout).toMatch(/gone +tmux +terminal/);
    expect(stdout).toContain('did not answer in time');
    expect(stdout).toContain('tmux: 2 items, by a .cairnignore (since 8 hours ago, until 30 minutes ago)');
    expect(stdout).toContain('tmux: 1 item, by CAIRN_OFF in its environment');
    expect(stdout).not.toContain('7 items');
  });

  it('goes back as far as it is told, and gives a document', async () => {
    const core = await aDay();
    const { json } = await runCairn(['log', '--last', '6h', '--json'], { core });

    expect(json()).toMatchObject({
      captures: 3,
      more: 0,
      items: expect.arrayContaining([
        expect.objectContaining({ act: 'new', source: 'tmux', kind: 'terminal' }),
      ]) as unknown, // as a matcher is typed
      gaps: [{ source: 'tmux', reason: 'timeout' }],
    });
    expect((await runCairn(['log', '--last', 'yesterweek'], { core })).exitCode).toBe(2);
  });

  it('is told by the status too', async () => {
    const { stdout } = await runCairn(['status'], { core: await aDay() });

    expect(stdout).toContain('tmux: 1 item, by CAIRN_OFF in its environment');
  });

  it('says so where nothing was captured and nothing left out', async () => {
    const { stdout } = await runCairn(['log']);

    expect(stdout).toContain('Nothing was captured since');
    expect(stdout).toContain('Nothing was left out');
  });
});

describe('noteLeftOut()', () => {
  it('writes where something changed, not at each capture, and keeps no more than it must', async () => {
    const { vault } = new FakeCore();
    const entry = (items: number, atMs: number) => ({
      atMs,
      leftOut: [{ source: 'git', reason: 'rule' as const, items }],
    });
    let writes = 0;
    const counting = {
      readSetting: (name: string) => vault.readSetting(name),
      writeSetting: async (...values: Parameters<typeof vault.writeSetting>) => {
        writes += 1;
        await vault.writeSetting(...values);
      },
    };
    for (let at = 0; at < 20; at += 1) await noteLeftOut(counting, entry(1, at));
    expect(writes).toBe(1);
    for (let at = 0; at < 400; at += 1) await noteLeftOut(counting, entry(at % 2, at));

    expect(JSON.stringify(await vault.readSetting('leftOut')).length).toBeLessThan(40_000);
  });
});
