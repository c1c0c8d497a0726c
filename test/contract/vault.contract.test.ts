// The part of the vault's contract that callers build on, run on the real vault and on the fake, so that a test on the fake
// says something about the real one.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Vault } from '../../src/core/vault/vault.ts';
import { aCapture, aConversation, aTerminal, aStream, key, text, utf8 } from '../support/captures.ts';
import { FakeVault } from '../support/fake-vault.ts';
import { openTestVault, TEST_NOW_MS } from '../support/test-vault.ts';

const CONVERSATION = key('claude-code:one');

async function openReal(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const test = await openTestVault();
  return { vault: test.vault, close: async () => test[Symbol.asyncDispose]() };
}

async function openFake(): Promise<{ vault: Vault; close: () => Promise<void> }> {
  const vault = new FakeVault();
  return { vault, close: () => vault.close() };
}

describe.each([
  { name: 'the real vault', open: openReal },
  { name: 'the fake vault', open: openFake },
])('Vault: $name', ({ open }) => {
  let vault: Vault;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ vault, close } = await open());
  });
  afterEach(() => close());

  it('gives back what was saved and knows its streams', async () => {
    const { summary } = await vault.save(
      aCapture([aTerminal('a', { streams: [aStream({ text: 'hello', version: 'v1' })] })], { kind: 'manual' }),
    );

    const snapshot = await vault.readSnapshot(summary.id);
    expect(summary).toMatchObject({ kind: 'manual', items: 1, changed: 1, gaps: 0 });
    expect(snapshot.itemList).toMatchObject([
      { key: 'tmux:a', title: 'a', stale: false, attributes: { cwd: '/home/dev/a' } },
    ]);
    expect(snapshot.itemList[0]?.streams).toMatchObject([{ name: 'scrollback', kind: 'ring', sizeBytes: 5 }]);
    expect(text(await vault.readStream(summary.id, key('tmux:a'), 'scrollback'))).toBe('hello');
    expect(vault.known().get(key('tmux:a'))?.get('scrollback')).toEqual({ version: 'v1', sizeBytes: 5 });
  });

  it('takes unchanged and appended content after comparing the overlap', async () => {
    await vault.save(aCapture([aConversation('one', 'abc')]));
    const appended = aStream({
      name: 'transcript',
      kind: 'append',
      version: 'v2',
      content: { type: 'appended', fromByte: 3, overlap: utf8('abc'), bytes: utf8('def') },
    });
    const unchanged = aStream({ name: 'transcript', kind: 'append', version: 'v2', content: { type: 'unchanged' } });

    const second = await vault.save(aCapture([aConversation('one', '', { streams: [appended] })]));
    const third = await vault.save(aCapture([aConversation('one', '', { streams: [unchanged] })]));

    expect([second.needsWhole, third.needsWhole]).toEqual([[], []]);
    expect([second.summary.changed, third.summary.changed]).toEqual([1, 0]);
    expect(text(await vault.readStream(third.summary.id, CONVERSATION, 'transcript'))).toBe('abcdef');
    for (const [from, end] of [
      [0, 'abcdef'],
      [2, 'cdef'],
      [4, 'ef'],
      [6, ''],
    ] as const)
      expect(text(await vault.readStream(third.summary.id, CONVERSATION, 'transcript', from))).toBe(end);
    expect(vault.known().get(CONVERSATION)?.get('transcript')).toEqual({ version: 'v2', sizeBytes: 6 });
  });

  it('asks for the whole content where a hint does not hold, and keeps the old content until then', async () => {
    await vault.save(aCapture([aConversation('one', 'abc')]));
    const wrong = aStream({
      name: 'transcript',
      kind: 'append',
      content: { type: 'appended', fromByte: 3, overlap: utf8('xyz'), bytes: utf8('def') },
    });

    const { summary, needsWhole } = await vault.save(aCapture([aConversation('one', '', { streams: [wrong] })]));

    expect(needsWhole).toEqual([{ key: CONVERSATION, stream: 'transcript' }]);
    expect(text(await vault.readStream(summary.id, CONVERSATION, 'transcript'))).toBe('abc');
    expect(vault.known().get(CONVERSATION)?.get('transcript')).toBeUndefined();
  });

  it('carries items as stale, never over one that was read, and forgets what is neither', async () => {
    await vault.save(aCapture([aTerminal('a'), aTerminal('b'), aTerminal('c')]));

    const { summary } = await vault.save(
      aCapture([aTerminal('a', { title: 'new' })], {
        takenAtMs: TEST_NOW_MS + 30_000,
        carried: [key('tmux:a'), key('tmux:b')],
      }),
    );

    const { itemList } = await vault.readSnapshot(summary.id);
    expect(itemList.map(({ key: itemKey, title, stale, goodAtMs }) => [itemKey, title, stale, goodAtMs])).toEqual([
      ['tmux:a', 'new', false, undefined],
      ['tmux:b', 'b', true, TEST_NOW_MS],
    ]);
  });

  it('names snapshots by id, prefix, age, time, checkpoint and "latest"', async () => {
    const first = await vault.save(aCapture([aTerminal('a')]));
    const second = await vault.save(aCapture([aTerminal('b')], { takenAtMs: TEST_NOW_MS + 3_600_000 }));
    await vault.createCheckpoint(
      first.summary.id,
      { name: 'before lunch', description: '', tags: [], priority: 'normal', pinned: false },
      TEST_NOW_MS,
    );
    const nowMs = TEST_NOW_MS + 3_600_000;

    const resolve = (reference: string) => vault.resolveSnapshot(reference, nowMs);
    expect(await resolve('latest')).toBe(second.summary.id);
    expect(await resolve(first.summary.id.slice(0, 8))).toBe(first.summary.id);
    expect(await resolve('30m')).toBe(first.summary.id);
    expect(await resolve(new Date(nowMs).toISOString())).toBe(second.summary.id);
    expect(await resolve('before lunch')).toBe(first.summary.id);
    await expect(resolve('3h')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
    await expect(resolve('nonsense')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });

  it('lists newest first, pages, and shows checkpoints', async () => {
    for (let at = 0; at < 5; at += 1)
      await vault.save(aCapture([aTerminal('a')], { takenAtMs: TEST_NOW_MS + at * 1000 }));

    const page = await vault.listSnapshots({ limit: 2 });
    const next = await vault.listSnapshots({ limit: 2, ...(page[1] === undefined ? {} : { before: page[1].id }) });

    expect([...page, ...next].map(({ takenAtMs }) => takenAtMs - TEST_NOW_MS)).toEqual([4000, 3000, 2000, 1000]);
    expect(await vault.listSnapshots({ limit: 9, checkpointsOnly: true })).toEqual([]);
  });

  it('keeps settings by name until they are set to null', async () => {
    await vault.writeSetting('exclusions', { urls: ['example.com'] });
    expect(await vault.readSetting('exclusions')).toEqual({ urls: ['example.com'] });

    await vault.writeSetting('exclusions', null);
    expect(await vault.readSetting('exclusions')).toBeNull();
  });

  it('tells its history as changes, and forgets what it is told to', async () => {
    const at = (minute: number) => ({ takenAtMs: TEST_NOW_MS + minute * 60_000 });
    await vault.save(aCapture([aTerminal('a')], at(0)));
    await vault.save(aCapture([aTerminal('a')], at(1)));
    await vault.save(aCapture([aTerminal('a'), aTerminal('b')], at(2)));

    const { runs, next } = await vault.changes({ limit: 10 });
    expect(runs.map((run) => [run.count, run.added.map(({ title }) => title)])).toEqual([
      [1, ['b']],
      [2, ['a']],
    ]);
    expect(next).toBeNull();
    expect(runs[0]?.projects).toEqual(['b']);
    const density = await vault.density(null, null, 3, []);
    expect(density.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(
      (await vault.search({ text: 'B', limit: 5, budgetMs: 1_000 })).matches.map(({ item }) => item.title),
    ).toEqual(['b']);

    expect(await vault.forget(TEST_NOW_MS + 60_000, {})).toBe(2);
    expect(vault.known().size).toBe(0);
    const [newest] = await vault.listSnapshots({ limit: 5 });
    expect(newest).toMatchObject({ takenAtMs: TEST_NOW_MS, items: 1 });
    await vault.save(aCapture([aTerminal('c')], at(3)));
    expect((await vault.listSnapshots({ limit: 5 })).map(({ items }) => items)).toEqual([1, 1]);
  });
});
