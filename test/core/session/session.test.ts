import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readPresence } from '../../../src/core/timeline/presence.ts';
import { aStream } from '../../support/captures.ts';
import type { ForgottenTimes } from '../../../src/core/sources/source.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

const SECRET = { type: 'password', text: TEST_PASSWORD } as const;
const WRONG = { type: 'password', text: 'not this one at all' } as const;

let clock: ManualClock;
let test: TestSession;

beforeEach(() => {
  clock = new ManualClock();
  test = makeTestSession({ clock });
});
afterEach(() => test[Symbol.asyncDispose]());

/** Captures that were asked for settle in real time: the vault is a thread of its own. */
async function capture(): Promise<readonly string[]> {
  const { summary } = await test.session.capture({ kind: 'manual' });
  const { itemList } = await test.session.unlocked().app.vault.readSnapshot(summary.id);
  return itemList.map(({ key, stale }) => (stale ? `${key} (stale)` : key));
}

async function waitUntil(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}

describe('the states of a session', () => {
  it('goes from missing to unlocked, locked and unlocked again, and tells each change', async () => {
    expect(test.session.status().vault).toBe('missing');
    expect(() => test.session.unlocked()).toThrow(expect.objectContaining({ code: 'VAULT_MISSING' }));

    const { recoveryKey } = await test.session.createVault(TEST_PASSWORD);
    expect(test.session.status().vault).toBe('unlocked');
    await test.session.lock();
    expect(test.session.status().vault).toBe('locked');
    expect(() => test.session.unlocked()).toThrow(expect.objectContaining({ code: 'VAULT_LOCKED' }));
    await test.session.unlock({ type: 'recovery', text: recoveryKey });

    const told = test.events.flatMap((event) => (event.type === 'status' ? [event.status.vault] : []));
    expect(new Set(told)).toEqual(new Set(['unlocked', 'locked']));
    expect(test.session.status().vault).toBe('unlocked');
  });

  it('lets a wrong password wait longer and longer, and the right one in after the wait', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await test.session.lock();
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expect(test.session.unlock(WRONG)).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await expect(test.session.unlock(SECRET)).rejects.toMatchObject({ code: 'VAULT_TOO_MANY_ATTEMPTS' });
    await clock.advance(2_000);
    await expect(test.session.unlock(WRONG)).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await clock.advance(2_000);
    await expect(test.session.unlock(SECRET)).rejects.toMatchObject({ code: 'VAULT_TOO_MANY_ATTEMPTS' });
    await clock.advance(2_000);
    await test.session.unlock(SECRET);
    expect(test.session.status().vault).toBe('unlocked');
  });

  it('counts wrong passwords over a restart, tells the right user of them, and is then over', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await test.session.lock();
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expect(test.session.unlock(WRONG)).rejects.toMatchObject({ code: 'VAULT_WRONG_PASSWORD' });
    await test.restart('clean');

    await expect(test.session.unlock(SECRET)).rejects.toMatchObject({ code: 'VAULT_TOO_MANY_ATTEMPTS' });
    await clock.advance(2_000);
    await test.session.unlock(SECRET);
    expect(
      test.session
        .status()
        .notices.map(({ message }) => message)
        .join(),
    ).toContain('3 wrong passwords were tried');
    await test.session.lock();
    await test.session.unlock(SECRET);
    expect(
      test.session
        .status()
        .notices.map(({ message }) => message)
        .join(),
    ).not.toContain('wrong passwords');
  });

  it('takes one attempt at a time', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await test.session.lock();
    const first = test.session.unlock(SECRET);
    await expect(test.session.unlock(SECRET)).rejects.toMatchObject({ code: 'VAULT_TOO_MANY_ATTEMPTS' });
    await first;
  });
});

describe('pause', () => {
  it('captures nothing by itself until the time is over, and what is asked for all the same', async () => {
    test.tmux.answer({ items: [test.tmux.item('a')] });
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    test.session.pause(clock.nowMs() + 15 * 60_000);
    expect(test.session.status().capture).toMatchObject({ state: 'paused' });
    const before = test.tmux.contexts.length;
    await clock.advance(10 * 60_000);
    expect(test.tmux.contexts).toHaveLength(before);
    expect(test.session.status().capture.isLate).toBe(false);
    expect(await capture()).toEqual([test.tmux.key('a')]);

    await clock.advance(5 * 60_000);
    await waitUntil(() => test.session.status().capture.state === 'waiting');
  });
});

describe('a pause while locked', () => {
  const deposits = (): number => test.tmux.contexts.length;

  it('pauses the write-only captures too, and lets them go on when it is over', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    await test.session.lock();
    test.session.pause(clock.nowMs() + 15 * 60_000);
    expect(test.session.status().capture.state).toBe('paused');
    const before = deposits();
    await clock.advance(10 * 60_000);
    expect(deposits()).toBe(before);

    await clock.advance(5 * 60_000 + 30_000);
    await waitUntil(() => deposits() > before);
    expect(test.session.status().capture.state).toBe('locked-writing');
  });

  it('that began before the lock ends by itself', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    test.session.pause(clock.nowMs() + 60_000);
    await test.session.lock();
    const before = deposits();
    await clock.advance(60_000);
    await clock.advance(30_000);
    await waitUntil(() => deposits() > before);
    expect(test.session.status().capture.state).toBe('locked-writing');
  });

  it('keeps nothing of a capture that it interrupts', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    await test.session.lock();
    const reading = Promise.withResolvers<void>();
    const word = 'captured-under-a-pause';
    test.tmux.answer(async () => {
      await reading.promise;
      return { items: [test.tmux.item('a', { streams: [aStream({ text: word })] })] };
    });
    const before = deposits();
    await clock.advance(30_000);
    await waitUntil(() => deposits() > before);
    test.session.pause(null);
    reading.resolve();
    await test.session.unlock(SECRET);
    const { vault } = test.session.unlocked().app;
    expect((await vault.search({ text: word, limit: 5, budgetMs: 5_000 })).matches).toEqual([]);
  });
});

describe('while a restore runs', () => {
  it('the vault is not locked, and no other restore begins', async () => {
    await test.session.createVault(TEST_PASSWORD);
    const release = Promise.withResolvers<void>();
    const restoring = test.session.whileRestoring(() => release.promise);
    await expect(test.session.lock()).rejects.toMatchObject({ code: 'VAULT_BUSY', isRetryable: true });
    await expect(test.session.whileRestoring(async () => undefined)).rejects.toMatchObject({ code: 'VAULT_BUSY' });
    expect(test.session.status().vault).toBe('unlocked');
    release.resolve();
    await restoring;
    await test.session.lock();
    expect(test.session.status().vault).toBe('locked');
  });
});

describe('[V5] capturing while locked', () => {
  it('goes on write-only, stores what changes once, and gives it back with its times after the unlock', async () => {
    test.tmux.answer({ items: [test.tmux.item('a')] });
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    await test.session.lock();
    expect(test.session.status().capture.state).toBe('locked-writing');

    test.tmux.answer({
      items: [test.tmux.item('a'), test.tmux.item('b', { streams: [aStream({ text: 'while locked' })] })],
    });
    await clock.advance(30_000);
    await waitUntil(() =>
      test.events.some(
        (event) => event.type === 'status' && event.status.capture.lastAt === '2026-11-20T12:00:30.000Z',
      ),
    );
    await clock.advance(30_000);
    await clock.advance(30_000);

    await test.session.unlock(SECRET);
    const { vault } = test.session.unlocked().app;
    const drained = (await vault.listSnapshots({ limit: 10 })).filter(
      ({ kind, takenAtMs }) => kind === 'automatic' && takenAtMs === Date.UTC(2026, 10, 20, 12, 0, 30),
    );
    expect(drained).toHaveLength(1);
    const bytes = await vault.readStream(drained[0]!.id, test.tmux.key('b'), 'scrollback');
    expect(new TextDecoder().decode(bytes)).toBe('while locked');
  });

  it('never lets the last good state be replaced: what vanishes is carried on', async () => {
    test.tmux.answer({ items: [test.tmux.item('a', { streams: [aStream({ text: 'work' })] })] });
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    await test.session.lock();
    test.tmux.answer({ items: [] });
    test.firefox.answer({ items: [test.firefox.item('t')] });
    await clock.advance(30_000);
    await waitUntil(() => test.firefox.contexts.length > 1);
    await test.session.unlock(SECRET);
    const { vault } = test.session.unlocked().app;
    const [newest] = await vault.listSnapshots({ limit: 1 });
    const { itemList } = await vault.readSnapshot(newest!.id);
    expect(itemList.find(({ key }) => key === test.tmux.key('a'))).toMatchObject({ stale: true });
    expect(new TextDecoder().decode(await vault.readStream(newest!.id, test.tmux.key('a'), 'scrollback'))).toBe('work');
  });
});

describe('what the timeline knows of Cairn itself', () => {
  it('is when it was started and after what, and when it watched without storing anything', async () => {
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    await test.restart('crash');
    await test.session.unlock(SECRET);
    await waitUntil(() => test.session.status().capture.state === 'waiting');
    await capture();
    const lockedAtMs = clock.nowMs();
    await test.session.lock();
    for (let tick = 1; tick <= 4; tick += 1) {
      await clock.advance(30_000);
      const lastAt = new Date(lockedAtMs + tick * 30_000).toISOString();
      await waitUntil(() => test.session.status().capture.lastAt === lastAt);
      await new Promise((resolve) => setImmediate(resolve)); // the next one is armed once this one has come to its end
    }
    await test.session.unlock(SECRET);
    const { vault } = test.session.unlocked().app;
    let presence = await readPresence(vault);
    for (let tries = 0; tries < 200 && presence.watches.length === 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      presence = await readPresence(vault);
    }
    expect(presence.starts.at(-1)).toMatchObject({ after: 'crash' });
    expect(presence.watches).toHaveLength(1);
    expect(presence.watches[0]?.fromMs).toBe(lockedAtMs);
    expect(presence.watches[0]?.toMs).toBeGreaterThanOrEqual(lockedAtMs + 90_000);
  });
});

describe('forgetting', () => {
  it('removes the last minutes but for checkpoints, and captures what is open anew', async () => {
    const item = (name: string, text: string) => test.tmux.item(name, { streams: [aStream({ text })] });
    test.tmux.answer(async () => ({ items: [item('a', 'old')] }));
    await test.session.createVault(TEST_PASSWORD);
    await capture();
    test.session.pause(null);
    await clock.advance(20 * 60_000);
    test.tmux.answer(async () => ({ items: [item('a', 'old'), item('secret', 'hunter2 hunter2')] }));
    await capture();
    const attributes = { name: 'keep', description: '', tags: [], priority: 'normal', pinned: false } as const;
    const named = await test.session.checkpoint(attributes);
    await clock.advance(60_000);
    await capture();
    const { vault } = test.session.unlocked().app;
    const before = await vault.listSnapshots({ limit: 100 });

    const removed = await test.session.forget(10);

    const after = await vault.listSnapshots({ limit: 100 });
    expect(removed).toBe(2);
    expect(after).toHaveLength(before.length - 2);
    const recent = after.filter(({ takenAtMs }) => takenAtMs > clock.nowMs() - 600_000);
    expect(recent.map(({ id }) => id)).toEqual([named.snapshotId]);
    test.tmux.answer(async () => ({ items: [item('a', 'old')] }));
    expect(await capture()).toContain(test.tmux.key('a'));
    await vault.deleteCheckpoints([named.id]);
    expect(await vault.verify({ isDeep: true, nowMs: clock.nowMs() })).toMatchObject({ ok: true });
  });

  it('leaves nothing of the forgotten in the file', async () => {
    const word = 'unforgettable-word-of-a-terminal';
    test.tmux.answer(async () => ({ items: [test.tmux.item('a')] }));
    await test.session.createVault(TEST_PASSWORD);
    test.session.pause(null);
    await capture();
    await clock.advance(20 * 60_000);
    test.tmux.answer(async () => ({
      items: [test.tmux.item('a', { streams: [aStream({ text: word })], title: word })],
    }));
    await capture();
    await test.session.forget(10);
    const { vault } = test.session.unlocked().app;
    expect((await vault.search({ text: word, limit: 5, budgetMs: 5_000 })).matches).toEqual([]);
    expect((await vault.statistics({ inactiveDays: 7, nowMs: clock.nowMs() })).chunks).toBe(0);
    const [newest] = await vault.listSnapshots({ limit: 1 });
    expect((await vault.readSnapshot(newest!.id)).itemList.map(({ title }) => title)).not.toContain(word);
  });
});

describe('the restore prompt', () => {
  const begin = async (): Promise<void> => {
    test.tmux.answer({ items: [test.tmux.item('a'), test.tmux.item('b')] });
    test.firefox.answer({ items: [test.firefox.item('t')] });
    await test.session.createVault(TEST_PASSWORD);
    await capture();
  };
  const prompt = async () => {
    await test.session.unlock(SECRET);
    return test.session.unlocked().prompts.current();
  };

  it('says nothing after a clean end with everything there', async () => {
    await begin();
    await test.restart('clean');
    expect(await prompt()).toBeNull();
  });

  it('says nothing after a crash with everything there', async () => {
    await begin();
    await test.restart('crash');
    expect(await prompt()).toBeNull();
  });

  it('asks after a crash for what is missing now, and not again once it was told not now', async () => {
    await begin();
    await test.restart('crash');
    test.tmux.answer({ items: [test.tmux.item('a')] });
    const asked = await prompt();
    expect(asked).toMatchObject({
      reason: 'unclean-end',
      missing: { terminal: 1 },
      preselected: [test.tmux.key('b')],
      isSecondCrash: false,
    });

    await test.session.unlocked().prompts.dismiss(asked!.snapshotId);
    expect(await test.session.unlocked().prompts.current()).toBeNull();
    expect((await test.session.unlocked().app.vault.readSnapshot(asked!.snapshotId)).items).toBe(3);
  });

  it('knows a second crash in a row', async () => {
    await begin();
    await test.restart('crash');
    await prompt();
    await test.restart('crash');
    test.tmux.answer({ items: [] });
    expect(await prompt()).toMatchObject({ isSecondCrash: true });
  });

  it('takes a lock for no bad end: what was closed on purpose is not asked for', async () => {
    await begin();
    await test.restart('crash');
    expect(await prompt()).toBeNull();
    await test.session.lock();
    test.tmux.answer({ items: [test.tmux.item('a')] });
    expect(await prompt()).toBeNull();
  });

  it('asks after a clean end only where a whole program is gone', async () => {
    await begin();
    await test.restart('clean');
    test.tmux.answer({ items: [test.tmux.item('a')] });
    test.firefox.answer({ items: [] });
    expect(await prompt()).toMatchObject({ reason: 'items-missing', missing: { tab: 1 } });
  });
});

describe('forgetting', () => {
  it('tells the sources, which may still hold what is to be forgotten', async () => {
    const told: ForgottenTimes[] = [];
    Object.assign(test.tmux, { forget: (times: ForgottenTimes) => told.push(times) });
    await test.session.createVault(TEST_PASSWORD);
    await capture();

    expect(await test.session.forget(10)).toBe(1);

    expect(told).toEqual([{ sinceMs: clock.nowMs() - 600_000, untilMs: clock.nowMs() }]);
  });
});
