// A vault that was put back from a backup is a device of its own: what it captures from then on leans on nothing that it said as another one.

import { describe, expect, it } from 'vitest';

import { aCapture, aTerminal } from '../../support/captures.ts';
import { createFakeServer, FakeSyncState } from '../../support/fake-sync-server.ts';
import { createSyncDevice } from '../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

describe('a vault that was put back', () => {
  it.each([
    ['captures before its first round', false],
    ['has a round before it captures', true],
  ])('reaches the others with what it captures where it %s', async (_, syncsFirst) => {
    const state = new FakeSyncState();
    await using laptop = await createSyncDevice(state, 'laptop');
    await laptop.vault.save(aCapture([aTerminal('a'), aTerminal('b')], { takenAtMs: TEST_NOW_MS }));
    await laptop.sync();
    await using desktop = await createSyncDevice(state, 'desktop', laptop);
    await desktop.sync();

    const identity = await laptop.replica.renew({ repeatsAll: false });
    laptop.server = createFakeServer(state, { ...identity, name: 'laptop' });
    if (syncsFirst) await laptop.sync();
    const { summary } = await laptop.vault.save(
      aCapture([aTerminal('a'), aTerminal('c')], { takenAtMs: TEST_NOW_MS + 60_000 }),
    );
    await laptop.sync();
    await desktop.sync();

    const items = await desktop.lanes.use(
      identity.deviceId,
      async (lane) => (await lane.readSnapshot(summary.id)).itemList,
    );
    expect(items.map(({ key }) => key).toSorted()).toEqual(['tmux:a', 'tmux:c']);
  });
});
