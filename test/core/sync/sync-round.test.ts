// Two devices, real vaults, a server in memory: what one captures, the other can read and verify.

import { describe, expect, it } from 'vitest';

import { aCapture, aConversation, aTerminal, aStream, key, text } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { createSyncDevice } from '../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

describe('syncOnce()', () => {
  it('[S1] brings what one device captured to the other, to the byte', async () => {
    const state = new FakeSyncState();
    await using laptop = await createSyncDevice(state, 'laptop');
    const long = 'one line of a transcript\n'.repeat(20_000);
    await laptop.vault.save(aCapture([aTerminal('a', { streams: [aStream({ text: 'CANARY-scrollback' })] })]));
    await laptop.vault.save(aCapture([aConversation('c', long), aTerminal('b')], { takenAtMs: TEST_NOW_MS + 30_000 }));
    await laptop.sync();
    await using desktop = await createSyncDevice(state, 'desktop', laptop);

    const result = await desktop.sync();

    expect(result.troubles).toEqual([]);
    const here = await laptop.vault.listSnapshots({ limit: 10 });
    await desktop.lane(laptop, async (lane) => {
      expect(await lane.listSnapshots({ limit: 10 })).toEqual(here);
      const [newest, first] = here;
      if (newest === undefined || first === undefined) throw new RangeError('two were saved');
      expect(text(await lane.readStream(newest.id, key('claude-code:c'), 'transcript'))).toBe(long);
      expect(text(await lane.readStream(first.id, key('tmux:a'), 'scrollback'))).toBe('CANARY-scrollback');
      expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    });
    expect(await desktop.vault.listSnapshots({ limit: 10 })).toEqual([]);
    expect(state.bytes().includes('CANARY')).toBe(false);
  });
});
