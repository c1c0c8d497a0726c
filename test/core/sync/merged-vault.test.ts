// A device that syncs loses its vault, puts an older state back and merges a still older backup into it, over a real server: the others end
// with everything, each snapshot of a history once, and rounds end.

import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startMerge } from '../../../src/core/vault/merge/merge-client.ts';
import type { Vault } from '../../../src/core/vault/vault.ts';
import type { SnapshotId } from '../../../src/shared/model/ids.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { aCapture, aStream, aTerminal, key, text } from '../../support/captures.ts';
import { startTestServer, type TestServer } from '../../support/sync-server.ts';
import {
  ACCOUNT_PASSWORD,
  createServiceDevice,
  EMAIL,
  joinServiceDevice,
  type ServiceDevice,
} from '../../support/sync-services.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const SECRET = { type: 'password', text: TEST_PASSWORD } as const;
const KEPT = { name: 'kept', description: 'before', tags: ['a'], priority: 'normal', pinned: true } as const;

describe('a merged vault that goes on syncing', () => {
  let server: TestServer;
  let laptop: ServiceDevice;
  let desktop: ServiceDevice;
  /** What each snapshot of the laptop showed. */
  const shown = new Map<SnapshotId, string>();

  const save = async (device: ServiceDevice, name: string, hour: number): Promise<SnapshotId> => {
    const words = `${name} at ${hour}\n`.repeat(100);
    const items = [aTerminal('a', { streams: [aStream({ text: words })] }), aTerminal('same')];
    const { summary } = await device.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + hour * HOUR_MS }));
    shown.set(summary.id, words);
    return summary.id;
  };
  const logIn = (isSignUp = false): Promise<void> =>
    laptop.sync.logIn({
      ...{ server: server.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp },
      deviceName: 'laptop',
    });
  const sync = async (device: ServiceDevice): Promise<void> => {
    await device.sync.syncNow({ acceptsDeletions: false });
    expect(await device.sync.status()).toMatchObject({ troubles: [], waiting: { snapshots: 0, entries: 0 } });
  };
  const idsOf = async (vault: Vault): Promise<SnapshotId[]> =>
    (await vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
  const backUp = async (name: string): Promise<string> => {
    const folder = join(laptop.folder, name);
    const made = await laptop.vault.backup({ folder, keep: 9, nowMs: TEST_NOW_MS });
    return join(folder, made.name);
  };
  /** The vault is gone; a newer state comes back, and an older one is merged into it. */
  const loseAndMerge = (newer: string, older: string): Promise<void> =>
    laptop.restart(async () => {
      const path = join(laptop.folder, 'vault.db');
      for (const suffix of ['', '-wal', '-shm', '.keys']) rmSync(`${path}${suffix}`, { force: true });
      copyFileSync(newer, path);
      const report = await startMerge({
        ...{ path, secret: SECRET, nowMs: TEST_NOW_MS, other: older, otherSecret: null },
        ...{ strategy: 'latest', choices: {}, isDryRun: false },
      });
      expect(report).toMatchObject({ isSameVault: true, isShared: true, snapshots: 9 });
    });
  /** Ids of each history of the laptop that a device has, by the device's id. */
  const historiesOn = async (device: ServiceDevice): Promise<Map<string, SnapshotId[]>> => {
    const found = new Map<string, SnapshotId[]>();
    for (const { id, name, isThis } of await device.sync.devices())
      if (!isThis && name === 'laptop') found.set(id, await device.sync.withDevice(id, idsOf));
    return found;
  };
  const identityOf = async (device: ServiceDevice): Promise<string> => {
    const { device: own } = await device.sync.status();
    return own?.id ?? '';
  };

  beforeEach(async () => {
    server = await startTestServer();
    laptop = await createServiceDevice('laptop');
    await logIn(true);
  });

  afterEach(async () => {
    await desktop[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it(
    'is on the other device as a whole, each snapshot once, and nothing goes round in circles',
    { timeout: 120_000 },
    async () => {
      for (let hour = 0; hour < 10; hour += 1) await save(laptop, 'old', hour);
      const old = await idsOf(laptop.vault);
      const checkpoint = await laptop.vault.createCheckpoint(old[0]!, KEPT, TEST_NOW_MS);
      await sync(laptop);
      const older = await backUp('older');
      const limits = { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 0, dailyDays: 0 };
      await laptop.vault.prune(limits, TEST_NOW_MS + 200 * HOUR_MS, { isDryRun: false });
      for (let hour = 210; hour < 213; hour += 1) await save(laptop, 'new', hour);
      await sync(laptop);
      const newer = await backUp('newer');
      const before = await identityOf(laptop);
      // Sent, and then lost here.
      const lost = [await save(laptop, 'lost', 214), await save(laptop, 'lost', 215)];
      await sync(laptop);
      desktop = await joinServiceDevice('desktop', server.address);
      const own = await save(desktop, 'desktop', 100);
      await sync(desktop);
      const hadBefore = (await historiesOn(desktop)).get(before) ?? [];
      expect(hadBefore).toEqual(expect.arrayContaining(lost));

      await loseAndMerge(newer, older);
      await expect(sync(laptop)).rejects.toMatchObject({ code: 'SYNC_LOGIN' });
      await logIn();
      await sync(laptop);
      await sync(desktop);

      const after = await identityOf(laptop);
      const merged = await idsOf(laptop.vault);
      expect(after).not.toBe(before);
      expect(new Set(merged)).toEqual(new Set([...old, ...merged.slice(0, 3)]));
      const histories = await historiesOn(desktop);
      expect([...histories.keys()].toSorted()).toEqual([before, after].toSorted());
      expect(histories.get(after)).toEqual(merged);
      expect(histories.get(before)).toEqual(hadBefore);
      for (const [device, ids] of histories)
        await desktop.sync.withDevice(device, async (lane) => {
          expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
          for (const id of ids)
            expect(text(await lane.readStream(id, key('tmux:a'), 'scrollback'))).toBe(shown.get(id));
        });
      const named = await desktop.sync.withDevice(after, (lane) => lane.listCheckpoints());
      expect(named.map(({ id, name }) => [id, name])).toEqual([[checkpoint.id, 'kept']]);
      // What others captured is there as before, and what the laptop had said before is no device's own.
      expect(await laptop.sync.withDevice('desktop', idsOf)).toEqual([own]);
      expect((await laptop.sync.withDevice(before, idsOf)).slice(0, 2)).toEqual(lost.toReversed());

      const { log } = server;
      const pushes = (): number => log.filter((line) => line.includes('"/v1/vaults/{vault}/entries"')).length;
      const rest = pushes();
      for (let round = 0; round < 3; round += 1) {
        await sync(laptop);
        await sync(desktop);
      }
      expect(pushes()).toBe(rest);
      const next = await save(laptop, 'next', 300);
      await sync(laptop);
      await sync(desktop);
      expect(await desktop.sync.withDevice(after, idsOf)).toEqual([next, ...merged]);
    },
  );
});
