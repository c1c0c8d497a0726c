// Sessions that no snapshot holds, on other devices: the same list and the same messages, and gone where they were deleted.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SessionStore } from '../../../src/core/sessions/session-store.ts';
import { DEFAULT_SELECTION } from '../../../src/core/sync/sync-records.ts';
import type { SessionId } from '../../../src/shared/model/ids.ts';
import type { Vault } from '../../../src/core/vault/vault.ts';
import { aCapture, aConversation } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { createSyncDevice, type SyncDevice } from '../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const LONG = 'a line of a long answer, 💬 and more\n'.repeat(20_000);

describe('sessions on other devices', () => {
  let state: FakeSyncState;
  let laptop: SyncDevice;
  let desktop: SyncDevice;
  let store: SessionStore;

  const over = (vault: Vault): SessionStore => new SessionStore({ vault, sources: [], nowMs: () => TEST_NOW_MS });
  const listOf = async (vault: Vault): Promise<object> => {
    const sessions = over(vault);
    const list = await sessions.list();
    return Promise.all(
      list.map(async (session) => ({
        session,
        messages: session.item === null ? await sessions.allMessages(session.id) : [],
      })),
    );
  };
  const bodies = (): number =>
    (state.logs.get(laptop.deviceId) ?? []).reduce((sum, { bodyBytes }) => sum + (bodyBytes?.length ?? 0), 0);
  const isLevel = async (reader: SyncDevice): Promise<void> => {
    const { troubles } = await reader.sync({ mayDelete: true });
    expect(troubles).toEqual([]);
    await reader.lane(laptop, async (lane) => {
      expect(await listOf(lane)).toEqual(await listOf(laptop.vault));
      expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    });
  };

  beforeEach(async () => {
    state = new FakeSyncState();
    laptop = await createSyncDevice(state, 'laptop');
    store = over(laptop.vault);
    const { session } = await store.create({ externalId: 'one', name: 'The plan', project: 'cairn', model: 'm-1' });
    await store.addMessages(session.id, [
      { id: 'a', role: 'user', text: 'What is CANARY?', atMs: TEST_NOW_MS - HOUR_MS },
      { id: 'b', role: 'assistant', text: LONG, atMs: TEST_NOW_MS - HOUR_MS + 1 },
      { id: 'c', role: 'user', text: 'Thanks.', atMs: TEST_NOW_MS - HOUR_MS + 2 },
    ]);
    await store.create({ externalId: 'two', name: 'Empty' });
    await laptop.vault.save(aCapture([aConversation('captured', 'a transcript\n')]));
    const [captured] = await store.list({ text: 'captured' });
    if (captured === undefined) throw new RangeError('it was captured');
    await store.edit(captured.id, { name: 'Renamed', pinned: true });
    await laptop.sync();
    desktop = await createSyncDevice(state, 'desktop', laptop);
    await isLevel(desktop);
  });

  afterEach(async () => {
    await desktop[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
  });

  it('[S1] come with their messages, to the letter, and unreadable for the server', async () => {
    const names = await desktop.lane(laptop, async (lane) => (await over(lane).list()).map(({ name }) => name));

    expect(names.toSorted()).toEqual(['Empty', 'Renamed', 'The plan']);
    expect(state.bytes().includes('CANARY')).toBe(false);
    expect(
      (await desktop.lane(laptop, (lane) => over(lane).search({ text: 'canary', limit: 5, budgetMs: 5_000 }))).hits,
    ).toHaveLength(1);
  });

  it('[S3] grow by what is new, and cost nothing where nothing is', async () => {
    const session = await store.get('The plan');
    const before = bodies();
    expect((await laptop.sync()).sent).toBe(0);

    await store.addMessages(session.id, [{ id: 'd', role: 'assistant', text: 'You are welcome.' }]);
    await laptop.sync();

    expect(bodies() - before).toBeLessThan(2_000);
    await isLevel(desktop);
  });

  it('waits for an answer that is coming in', async () => {
    const session = await store.get('The plan');
    await store.addMessages(session.id, [{ id: 'd', role: 'assistant', text: 'I', isPartial: true }]);
    await store.addToAnswer(session.id, 'd', ' think');
    laptop.nowMs = TEST_NOW_MS + 1_000;
    expect((await laptop.sync()).sent).toBe(0);

    laptop.nowMs = TEST_NOW_MS + HOUR_MS;
    await laptop.sync();
    await isLevel(desktop);
    await store.addMessages(session.id, [{ id: 'd', role: 'assistant', text: 'I think so.' }]);
    laptop.nowMs = TEST_NOW_MS + 2 * HOUR_MS;
    await laptop.sync();

    await isLevel(desktop);
  });

  it('[S8] leave the server where they were deleted, changed or forgotten', async () => {
    const before = bodies();
    const session = await store.get('The plan');
    await store.replaceMessages(session.id, [
      { id: 'b', role: 'assistant', text: 'Overwritten.', atMs: null, model: null, isPartial: false },
    ]);
    await laptop.sync();
    await isLevel(desktop);
    expect(bodies()).toBeLessThan(before - 1_000);

    await store.delete([session.id]);
    await laptop.sync();
    await isLevel(desktop);
    await laptop.vault.forget(0, {});
    await laptop.sync();

    await isLevel(desktop);
    await using tablet = await createSyncDevice(state, 'tablet', laptop);
    await isLevel(tablet);
  });

  it('[S8] are not deleted in large numbers before somebody agrees', async () => {
    const ids: SessionId[] = [];
    for (let at = 0; at < 24; at += 1) {
      const { session } = await store.create({ externalId: `many ${at}` });
      await store.addMessages(session.id, [{ id: 'm', role: 'user', text: `number ${at}` }]);
      ids.push(session.id);
    }
    await laptop.sync();
    await isLevel(desktop);
    await store.delete(ids.slice(0, 10));
    await laptop.sync();

    const { troubles } = await desktop.sync();

    expect(troubles.map(({ error }) => error.code)).toEqual(['SYNC_ASKS']);
    expect(await desktop.lane(laptop, async (lane) => (await over(lane).list()).length)).toBe(27);
    await isLevel(desktop);
  });

  it('stay here where their tool or project was chosen to stay', async () => {
    await store.create({ externalId: 'three', name: 'Not this', project: 'client' });
    await store.create({ tool: 'codex', externalId: 'four', name: 'Nor this' });
    const selection = { ...DEFAULT_SELECTION, withoutProjects: ['client'], withoutSources: ['codex'] };

    await laptop.sync({ selection });
    await desktop.sync();

    const names = await desktop.lane(laptop, async (lane) => (await over(lane).list()).map(({ name }) => name));
    expect(names.toSorted()).toEqual(['Empty', 'Renamed', 'The plan']);
  });

  it('[S2] are told anew by a device that takes a new identity', async () => {
    await laptop.replica.renew({ repeatsAll: true });
    const identity = await laptop.replica.identity();

    expect(identity?.headIndex).toBe(0);
    const drafted: number[] = [];
    while (
      await laptop.replica.tidy({
        nowMs: TEST_NOW_MS,
        retellAfter: 1_000,
        strategy: 'latest',
        selection: { withoutSources: [], withoutProjects: [], onlyProjects: [] },
      })
    )
      drafted.push((await laptop.replica.identity())?.headIndex ?? 0);
    expect(drafted.at(-1)).toBeGreaterThan(3);
  });
});
