// What other devices captured stays here as long as what this device captured itself.

import { describe, expect, it } from 'vitest';

import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { LaneThinning } from '../../../src/core/sync/thin-lanes.ts';
import { aCapture, aTerminal } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createSyncDevice, idsFrom } from '../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;

describe('LaneThinning', () => {
  it('[S8] thins other histories by the rules of this device, and keeps their checkpoints and newest', async () => {
    const state = new FakeSyncState();
    await using laptop = await createSyncDevice(state, 'laptop');
    for (let step = 0; step < 12; step += 1)
      await laptop.vault.save(aCapture([aTerminal(`t${step}`)], { takenAtMs: TEST_NOW_MS + (step * HOUR_MS) / 4 }));
    const ids = (await laptop.vault.listSnapshots({ limit: 100 })).map(({ id }) => id);
    const [newest, , , , , , , named] = ids;
    if (newest === undefined || named === undefined) throw new RangeError('twelve were saved');
    const attributes = { name: 'kept', description: '', tags: [], priority: 'normal', pinned: true } as const;
    await laptop.vault.createCheckpoint(named, attributes, TEST_NOW_MS);
    await laptop.sync();
    await using desktop = await createSyncDevice(state, 'desktop', laptop);
    await desktop.vault.save(aCapture([aTerminal('own')]));
    await desktop.sync();
    const clock = new ManualClock(TEST_NOW_MS + 30 * 24 * HOUR_MS);
    const retention = () => ({ ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 0, dailyDays: 1 });
    const thinning = new LaneThinning({ lanes: desktop.lanes, clock, vault: desktop.vault, retention });

    await thinning.thin();

    const there = await desktop.lane(laptop, async (lane) => {
      expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
      return (await lane.listSnapshots({ limit: 100 })).map(({ id }) => id);
    });
    expect(there).toEqual([newest, named]);
    expect((await laptop.vault.listSnapshots({ limit: 100 })).map(({ id }) => id)).toEqual(ids);
    expect(await desktop.vault.listSnapshots({ limit: 100 })).toHaveLength(1);
    expect((await desktop.lanes.facts(laptop.deviceId)).snapshots).toBe(2);
    // Without an app that runs, once a day is enough.
    await desktop.vault.writeSetting('sync.thinned', null);
    await thinning.thinIfDue();
    const noted = await desktop.vault.readSetting('sync.thinned');
    await clock.advance(23 * HOUR_MS);
    await thinning.thinIfDue();
    expect(await desktop.vault.readSetting('sync.thinned')).toEqual(noted);
    await clock.advance(2 * HOUR_MS);
    await thinning.thinIfDue();
    expect(await desktop.vault.readSetting('sync.thinned')).toEqual({ atMs: clock.nowMs() });
    await thinning.stop();
  });

  it('waits for a pull of the same history, which has brought what no snapshot names yet', async () => {
    const state = new FakeSyncState();
    await using laptop = await createSyncDevice(state, 'laptop');
    await laptop.vault.save(aCapture([aTerminal('one')]));
    await laptop.sync();
    await using desktop = await createSyncDevice(state, 'desktop', laptop);
    await desktop.sync();
    const thinning = new LaneThinning({
      lanes: desktop.lanes,
      clock: new ManualClock(TEST_NOW_MS),
      vault: desktop.vault,
      retention: () => DEFAULT_RETENTION,
    });
    const order: string[] = [];
    const pull = Promise.withResolvers<void>();
    const pulling = desktop.lanes.useAlone(laptop.deviceId, async () => {
      await pull.promise;
      order.push('pulled');
    });
    const thinned = thinning.thin().then(() => order.push('thinned'));
    // Whoever only reads does not wait.
    expect(await idsFrom(desktop, laptop)).toHaveLength(1);
    pull.resolve();
    await Promise.all([pulling, thinned]);

    expect(order).toEqual(['pulled', 'thinned']);
    await thinning.stop();
  });
});
