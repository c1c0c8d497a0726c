// Devices with real vaults over a server in memory: what one captures, the others can read and verify; what a server changes is named.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { concatBytes } from '../../../src/shared/replication/bytes.ts';
import { encodeWireEntries } from '../../../src/shared/replication/entry.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import type { ObjectId } from '../../../src/shared/replication/ids.ts';
import { DEFAULT_SELECTION } from '../../../src/core/sync/sync-records.ts';
import { aCapture, aConversation, aStream, aTerminal, key, text } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { codesOf, createSyncDevice, idsFrom, idsOf, type SyncDevice } from '../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const LONG = 'one line of a transcript\n'.repeat(20_000);

function at(step: number): { takenAtMs: number } {
  return { takenAtMs: TEST_NOW_MS + step * 30_000 };
}

describe('syncOnce()', () => {
  const state = new FakeSyncState();
  let laptop: SyncDevice;
  let desktop: SyncDevice;

  beforeAll(async () => {
    laptop = await createSyncDevice(state, 'laptop');
    await laptop.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'CANARY-scrollback' })] })]));
    await laptop.vault.save(aCapture([aConversation('c', LONG), aTerminal('CANARY-b')], at(1)));
    const [named] = await idsOf(laptop);
    if (named === undefined) throw new RangeError('two were saved');
    const attributes = { name: 'before all', description: '', tags: [], priority: 'normal', pinned: false } as const;
    await laptop.vault.createCheckpoint(named, attributes, TEST_NOW_MS);
    await laptop.sync();
    desktop = await createSyncDevice(state, 'desktop', laptop);
    await desktop.sync();
  });

  afterAll(async () => {
    await desktop[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
  });

  it('[S1] brings what one device captured to the other, to the byte, and verified', async () => {
    const here = await laptop.vault.listSnapshots({ limit: 10 });
    const [newest, first] = here;
    if (newest === undefined || first === undefined) throw new RangeError('two were saved');

    await desktop.lane(laptop, async (lane) => {
      expect(await lane.listSnapshots({ limit: 10 })).toEqual(here);
      expect(text(await lane.readStream(newest.id, key('claude-code:c'), 'transcript'))).toBe(LONG);
      expect(text(await lane.readStream(first.id, key('tmux:a'), 'scrollback'))).toBe('CANARY-scrollback');
      expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    });
    expect(await idsOf(desktop)).toEqual([]);
    expect(here[0]?.checkpoint?.name).toBe('before all');
  });

  it('[S1] gives the server nothing that can be read', () => {
    const bytes = state.bytes();

    for (const word of ['CANARY', 'transcript', 'tmux', 'laptop']) expect(bytes.includes(word)).toBe(false);
  });

  it('[S9] loses nothing where both were offline and both went on', async () => {
    await laptop.vault.save(aCapture([aTerminal('both-1')], at(10)));
    await desktop.vault.save(aCapture([aTerminal('both-2')], at(11)));
    await desktop.sync();
    await laptop.sync();
    await desktop.sync();

    expect(await idsFrom(desktop, laptop)).toEqual(await idsOf(laptop));
    expect(await idsFrom(laptop, desktop)).toEqual(await idsOf(desktop));
  });

  it('[S3] sends nothing where nothing is new', async () => {
    const before = state.bytes().length;

    const result = await laptop.sync();

    expect({ sent: result.sent, received: result.received }).toEqual({ sent: 0, received: 0 });
    expect(state.bytes()).toHaveLength(before);
  });

  it('[S7] joins edits of a checkpoint that were made apart, and keeps the one that is not shown', async () => {
    const [snapshot] = await idsOf(laptop);
    if (snapshot === undefined) throw new RangeError('some were saved');
    const attributes = { name: 'first', description: '', tags: [], priority: 'normal', pinned: false } as const;
    const { id } = await laptop.vault.createCheckpoint(snapshot, attributes, TEST_NOW_MS);
    await laptop.sync();
    await desktop.sync();
    laptop.nowMs = TEST_NOW_MS + 1_000;
    desktop.nowMs = TEST_NOW_MS + 2_000;
    await laptop.vault.editCheckpoint(id, { name: 'by the laptop', tags: ['kept'] }, laptop.nowMs);
    await desktop.replica.edit(
      `checkpoint:${id}`,
      { name: 'by the desktop' },
      { strategy: 'latest', nowMs: desktop.nowMs },
    );
    for (const device of [laptop, desktop, laptop, desktop]) await device.sync();

    const here = (await laptop.vault.listCheckpoints()).find((checkpoint) => checkpoint.id === id);
    const there = await desktop.lane(laptop, (lane) => lane.listCheckpoints());
    expect(here).toMatchObject({ name: 'by the desktop', tags: ['kept'] });
    expect(there).toContainEqual(here);
    const conflicts = [await laptop.replica.conflicts('latest'), await desktop.replica.conflicts('latest')];
    for (const found of conflicts)
      expect(found.map(({ field, others }) => [field, others.map(({ value }) => value)])).toEqual([
        ['name', ['by the laptop']],
      ]);
  });

  it('[S7] brings a checkpoint over where the round broke off between its snapshot and what it says', async () => {
    const { summary } = await laptop.vault.save(aCapture([aTerminal('named at once')], at(20)));
    const attributes = { name: 'at once', description: '', tags: [], priority: 'normal', pinned: false } as const;
    const checkpoint = await laptop.vault.createCheckpoint(summary.id, attributes, TEST_NOW_MS);
    await laptop.sync();
    const onReceived = (): void => {
      throw new RangeError('ended here');
    };
    await expect(desktop.sync({ onReceived })).rejects.toThrow('ended here');

    await desktop.sync();

    expect(await desktop.lane(laptop, (lane) => lane.listCheckpoints())).toContainEqual(checkpoint);
  });

  it('[S8] takes a deletion over, and asks before many', async () => {
    for (let step = 100; step < 125; step += 1)
      await laptop.vault.save(aCapture([aTerminal(`many-${step}`)], at(step)));
    await laptop.sync();
    await desktop.sync();
    const before = await idsFrom(desktop, laptop);
    await laptop.vault.forget(at(100).takenAtMs, {});
    await laptop.vault.save(aCapture([aTerminal('after')], at(130)));
    await laptop.sync();

    const asked = await desktop.sync();

    expect(codesOf(asked)).toEqual(['SYNC_ASKS']);
    expect(await idsFrom(desktop, laptop)).toEqual(before);
    expect(codesOf(await desktop.sync({ mayDelete: true }))).toEqual([]);
    expect(await idsFrom(desktop, laptop)).toEqual(await idsOf(laptop));
  });

  it('lets nothing out of what was chosen to stay', async () => {
    const selection = { ...DEFAULT_SELECTION, withoutSources: ['claude-code'] };
    await laptop.vault.save(aCapture([aConversation('secret', 'stays here'), aTerminal('goes')], at(140)));
    await laptop.sync({ selection });
    await desktop.sync();

    const keys = await desktop.lane(laptop, async (lane) => {
      const id = await lane.resolveSnapshot('latest', TEST_NOW_MS);
      return (await lane.readSnapshot(id)).itemList.map((item) => item.key);
    });
    expect(keys).toEqual(['tmux:goes']);
  });

  it('[S2] goes on as a device of its own where the server has more of it than it wrote itself', async () => {
    const log = state.logs.get(laptop.deviceId) ?? [];
    const removed = log.splice(log.length - 1, 1);
    const identity = await laptop.replica.identity();
    state.logs.set(laptop.deviceId, [...log, ...removed, ...removed]);

    const result = await laptop.sync();

    expect(result.needsLogin).toBe(true);
    state.logs.set(laptop.deviceId, [...log, ...removed]);
    expect((await laptop.sync()).needsLogin).toBe(false);
    expect((await laptop.replica.identity())?.headIndex).toBe(identity?.headIndex);
  });

  describe('with a server that lies', () => {
    it('[S4] notices that it shows an older state', async () => {
      const log = state.logs.get(laptop.deviceId) ?? [];
      const [last] = log.splice(log.length - 1, 1);
      const before = await idsFrom(desktop, laptop);

      const result = await desktop.sync();

      expect(codesOf(result)).toEqual(['SYNC_TAMPERED']);
      expect(await idsFrom(desktop, laptop)).toEqual(before);
      if (last !== undefined) log.push(last);
      expect(codesOf(await desktop.sync())).toEqual([]);
    });

    it.each([
      {
        name: 'drops an entry',
        change: <Entry>(entries: Entry[]): Entry[] => entries.slice(1),
      },
      { name: 'turns them around', change: <Entry>(entries: Entry[]): Entry[] => entries.toReversed() },
      { name: 'repeats one', change: <Entry>(entries: Entry[]): Entry[] => entries.slice(0, 1).concat(entries) },
    ])('[S4] takes nothing where it $name', async ({ change }) => {
      const log = state.logs.get(laptop.deviceId) ?? [];
      const known = log.length;
      const before = await idsFrom(desktop, laptop);
      for (const step of [200, 201]) {
        await laptop.vault.save(aCapture([aTerminal(`lie-${known}-${step}`)], at(step + known)));
        await laptop.sync();
      }
      const real = [...log];
      state.logs.set(laptop.deviceId, [...real.slice(0, known), ...change(real.slice(known))]);

      const result = await desktop.sync();

      expect(codesOf(result)).toEqual(['SYNC_TAMPERED']);
      expect(await idsFrom(desktop, laptop)).toEqual(before);
      state.logs.set(laptop.deviceId, real);
      desktop.seen = { ...desktop.seen, heads: new Map() };
      expect(codesOf(await desktop.sync())).toEqual([]);
    });

    it('[S4] takes nothing of a device under the name of another', async () => {
      const log = state.logs.get(laptop.deviceId) ?? [];
      const own = state.logs.get(desktop.deviceId) ?? [];
      state.logs.set(laptop.deviceId, [...log, ...own.slice(0, 1)]);

      expect(codesOf(await desktop.sync())).toEqual(['SYNC_TAMPERED']);

      state.logs.set(laptop.deviceId, log);
      desktop.seen = { ...desktop.seen, heads: new Map() };
    });

    it('[S4] takes no content that is other content, and asks for it again', async () => {
      await laptop.vault.save(
        aCapture([aTerminal('bad', { streams: [aStream({ text: LONG.slice(0, 5_000) })] })], at(400)),
      );
      const known = new Set(state.objects.keys());
      await laptop.sync();
      const fresh = [...state.objects.keys()].filter((id) => !known.has(id));
      const [other] = known;
      const good = new Map<ObjectId, Uint8Array>();
      for (const id of fresh) {
        good.set(id, state.objects.get(id) ?? new Uint8Array());
        state.objects.set(id, state.objects.get(other ?? id) ?? new Uint8Array());
      }

      const result = await desktop.sync();

      expect(codesOf(result)).toEqual(['SYNC_INCOMPLETE']);
      expect([...state.damaged].toSorted()).toEqual(fresh.toSorted());
      for (const [id, bytes] of good) state.objects.set(id, concatBytes([bytes]));
      expect(codesOf(await desktop.sync())).toEqual([]);
      expect(await idsFrom(desktop, laptop)).toEqual(await idsOf(laptop));
    });
  });

  it('[S4] pushes again what a restored server lacks, and deletes nothing', async () => {
    const log = state.logs.get(laptop.deviceId) ?? [];
    const whole = log.length;
    log.splice(whole - 2, 2);
    state.objects.clear();
    state.generation = 'second';
    const before = await idsFrom(desktop, laptop);
    // Until the laptop comes, each round finds less than is here: that is no lie of a server that says it was restored.
    for (let round = 0; round < 3; round += 1) expect(codesOf(await desktop.sync())).toEqual([]);

    await laptop.sync();
    const result = await desktop.sync();

    expect(log).toHaveLength(whole);
    expect(codesOf(result)).toEqual([]);
    expect(await idsFrom(desktop, laptop)).toEqual(before);
  });

  it('[S4] waits for a log that a restored server has lost whole, and gets it again', async () => {
    state.logs.delete(laptop.deviceId);
    state.generation = 'third';
    const before = await idsFrom(desktop, laptop);
    for (let round = 0; round < 2; round += 1) expect(codesOf(await desktop.sync())).toEqual([]);

    await laptop.sync();

    expect(codesOf(await desktop.sync())).toEqual([]);
    expect(await idsFrom(desktop, laptop)).toEqual(before);
  });

  it('[V30] places nothing whose content was swept since it came: it is asked for again', async () => {
    await laptop.vault.save(aCapture([aTerminal('swept', { streams: [aStream({ text: 'CANARY-swept' })] })], at(450)));
    await laptop.sync();
    const { devices } = await desktop.server.account();
    const signingKey = devices.find(({ deviceId }) => deviceId === laptop.deviceId)?.signingKey ?? '';
    await desktop.lanes.use(laptop.deviceId, async (lane) => {
      const { index } = await lane.lane.state();
      const log = state.logs.get(laptop.deviceId) ?? [];
      const batch = { entries: encodeWireEntries(log.slice(index)), signingKey };
      const { missing } = await lane.lane.check(batch);
      const objects = missing.map((id) => ({ id, box: state.objects.get(id) ?? new Uint8Array() }));
      expect(objects.length).toBeGreaterThan(0);
      await lane.lane.importObjects(objects);
      await lane.prune(DEFAULT_RETENTION, TEST_NOW_MS, { isDryRun: false });

      const placing = lane.lane.apply(batch, { mayDelete: false, checkpoints: [] }, {});
      await expect(placing).rejects.toMatchObject({ code: 'SYNC_INCOMPLETE', isRetryable: true });
      expect(await lane.lane.state()).toMatchObject({ index, skipped: 0 });
    });

    expect(codesOf(await desktop.sync())).toEqual([]);
    expect(await idsFrom(desktop, laptop)).toEqual(await idsOf(laptop));
  });

  it('[S6] brings a third device everything, and takes nothing of a revoked one', async () => {
    await using tablet = await createSyncDevice(state, 'tablet', laptop);
    await tablet.sync();
    expect(await idsFrom(tablet, laptop)).toEqual(await idsOf(laptop));
    expect(await idsFrom(tablet, desktop)).toEqual(await idsOf(desktop));

    await laptop.server.revoke(tablet.deviceId);
    const { epoch } = (await laptop.replica.identity()) ?? { epoch: 0 };
    await laptop.replica.openEpoch(epoch + 1, TEST_NOW_MS, { isBegun: false });
    await laptop.vault.save(aCapture([aTerminal('new-epoch')], at(500)));
    await laptop.sync();
    await desktop.vault.save(aCapture([aTerminal('new-epoch-too')], at(501)));

    await expect(tablet.sync()).rejects.toMatchObject({ code: 'SYNC_REVOKED' });
    expect(codesOf(await desktop.sync())).toEqual([]);
    expect(state.epoch).toBe(epoch + 1);
    expect(await idsFrom(desktop, laptop)).toEqual(await idsOf(laptop));
  });
});
