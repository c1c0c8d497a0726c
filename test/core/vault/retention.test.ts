// Retention on a real vault: what a prune lets go, what always stays, and how a silent source is seen.

import { describe, expect, it } from 'vitest';

import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { aCapture, aConversation, aStream, aTerminal, CLAUDE, key, TMUX } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS } from '../../support/test-vault.ts';

const DAY_MS = 86_400_000;

describe('prune() on a real vault', () => {
  it('[V17] keeps the last good snapshot of a source that fell silent, with its content', async () => {
    await using test = await openTestVault();
    const { vault } = test;
    const talk = () => aConversation('talk', 'what was said\n');
    await vault.save(aCapture([aTerminal('a'), talk()], { takenAtMs: TEST_NOW_MS - 1000 }));
    const good = await vault.save(aCapture([aTerminal('a'), talk()], { takenAtMs: TEST_NOW_MS }));
    // From now on the conversations cannot be read: they are carried, and a gap says so.
    for (let day = 1; day <= 60; day += 1) {
      await vault.save(
        aCapture([aTerminal('a', { title: `day ${day}`, streams: [aStream({ text: `${day}` })] })], {
          takenAtMs: TEST_NOW_MS + day * DAY_MS,
          goodSources: [TMUX],
          carried: day < 20 ? [key('claude-code:talk')] : [],
        }),
      );
    }
    const nowMs = TEST_NOW_MS + 60 * DAY_MS;

    const dry = await vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: true });
    expect(dry.plan.keep['last-good']).toBe(1);
    expect(dry.plan.remove).not.toContain(good.summary.id);
    const report = await vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: false });

    expect(report.plan).toEqual(dry.plan);
    const left = await vault.listSnapshots({ limit: 100 });
    expect(left.map(({ id }) => id)).toContain(good.summary.id);
    expect(left.length).toBe(63 - 1 - report.removedSnapshots);
    expect(left.filter(({ takenAtMs }) => takenAtMs < nowMs - 31 * DAY_MS).map(({ id }) => id)).toEqual([
      good.summary.id,
    ]);
    expect(Buffer.from(await vault.readStream(good.summary.id, key('claude-code:talk'), 'transcript')).toString()).toBe(
      'what was said\n',
    );
    expect(await vault.verify({ isDeep: true, nowMs })).toMatchObject({ ok: true });
    await test.reopen();
    expect((await test.vault.listSnapshots({ limit: 100 })).map(({ id }) => id)).toEqual(left.map(({ id }) => id));
  });

  it('marks a source inactive that was not read for seven days, and active again once it was', async () => {
    await using test = await openTestVault();
    const { vault } = test;
    const good = await vault.save(aCapture([aTerminal('a'), aConversation('talk', 'x')], { takenAtMs: TEST_NOW_MS }));
    const sourcesAt = async (days: number) =>
      Object.fromEntries(
        (await vault.statistics({ inactiveDays: 7, nowMs: TEST_NOW_MS + days * DAY_MS })).sources.map((source) => [
          source.source,
          [source.isInactive, source.lastGoodSnapshot],
        ]),
      );
    const later = await vault.save(
      aCapture([aTerminal('a')], { takenAtMs: TEST_NOW_MS + 8 * DAY_MS, goodSources: [TMUX] }),
    );

    expect(await sourcesAt(6)).toMatchObject({ [CLAUDE]: [false, good.summary.id] });
    expect(await sourcesAt(8)).toEqual({
      [CLAUDE]: [true, good.summary.id],
      [TMUX]: [false, later.summary.id],
    });

    const back = await vault.save(
      aCapture([aTerminal('a'), aConversation('talk', 'x')], { takenAtMs: TEST_NOW_MS + 9 * DAY_MS }),
    );
    expect(await sourcesAt(9)).toMatchObject({ [CLAUDE]: [false, back.summary.id] });
  });

  it('lets checkpoints go after their days unless they are pinned', async () => {
    await using test = await openTestVault();
    const { vault } = test;
    const attributes = { description: '', tags: [], priority: 'normal' as const };
    const old = await vault.save(
      aCapture([aTerminal('a', { title: 'old' })], {
        takenAtMs: TEST_NOW_MS,
        checkpoint: { ...attributes, name: 'old', pinned: false },
      }),
    );
    const pinned = await vault.save(
      aCapture([aTerminal('a', { title: 'pinned' })], {
        takenAtMs: TEST_NOW_MS + 1,
        checkpoint: { ...attributes, name: 'pinned', pinned: true },
      }),
    );
    await vault.save(aCapture([aTerminal('a', { title: 'now' })], { takenAtMs: TEST_NOW_MS + 91 * DAY_MS }));

    const { plan } = await vault.prune(DEFAULT_RETENTION, TEST_NOW_MS + 91 * DAY_MS, { isDryRun: false });

    expect([plan.remove, plan.removeCheckpoints.length]).toEqual([[old.summary.id], 1]);
    expect((await vault.listCheckpoints()).map(({ name }) => name)).toEqual(['pinned']);
    expect((await vault.readSnapshot(pinned.summary.id)).itemList[0]?.title).toBe('pinned');
  });
});
