// A vault that was merged or put back is another device, and its earlier log stays on the server. Once that one is ended, the vault says its
// last words there (docs/decisions/0049): what it told stands in the new log, what was taken out is gone everywhere, and what only the server
// still has of it stays.

import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { DEFAULT_SELECTION } from '../../../src/core/sync/sync-records.ts';
import { openVault } from '../../../src/core/vault/vault-client.ts';
import { encodeWireEntries } from '../../../src/shared/replication/entry.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { createSyncDevice } from '../../support/sync-devices.ts';
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
const SECRET_WORD = 'sk-CANARY-0123456789abcdef';
const SECRET = { type: 'password', text: TEST_PASSWORD } as const;

describe('the last words of an earlier identity', () => {
  let server: TestServer;
  let laptop: ServiceDevice;
  let desktop: ServiceDevice;

  const save = async (name: string, hour: number): Promise<SnapshotId> => {
    const words = `${name} at ${hour} ${Math.sqrt(hour + 2)}\n`.repeat(60);
    const items = [aTerminal('a', { streams: [aStream({ text: words })] })];
    return (await laptop.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + hour * HOUR_MS }))).summary.id;
  };
  const logIn = (isSignUp = false): Promise<void> =>
    laptop.sync.logIn({
      ...{ server: server.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp },
      deviceName: 'laptop',
    });
  const sync = async (...devices: readonly ServiceDevice[]): Promise<void> => {
    for (const device of devices) {
      await device.sync.syncNow({ acceptsDeletions: false });
      expect(await device.sync.status()).toMatchObject({ troubles: [], waiting: { snapshots: 0, entries: 0 } });
    }
  };
  const idsOf = async (vault: Vault): Promise<SnapshotId[]> =>
    (await vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
  const identity = async (): Promise<string> => (await laptop.sync.status()).device?.id ?? '';
  const backUp = async (name: string): Promise<string> => {
    const folder = join(laptop.folder, name);
    return join(folder, (await laptop.vault.backup({ folder, keep: 9, nowMs: TEST_NOW_MS })).name);
  };
  const onServer = <Row>(query: string, ...values: readonly unknown[]): Row[] => {
    const db = new BetterSqlite3(join(server.folder, 'cairn-server.db'), { readonly: true });
    try {
      return db.prepare(query).all(...values) as Row[]; // as the query says
    } finally {
      db.close();
    }
  };
  /** Entries of a device of which the server still has what they say. */
  const liveEntries = (device: string): number =>
    onServer(
      `SELECT 1 FROM entries JOIN devices USING (user_id, device_no)
       WHERE device_id = ? AND body_bytes IS NOT NULL`,
      Buffer.from(device, 'hex'),
    ).length;
  const objects = (): Set<string> =>
    new Set(onServer<{ id: Buffer }>('SELECT object_id AS id FROM objects').map(({ id }) => id.toString('hex')));
  const wordsOf = (device: ServiceDevice, of: string, id: SnapshotId): Promise<string> =>
    device.sync.withDevice(of, async (lane) => text(await lane.readStream(id, key('tmux:a'), 'scrollback')));
  const redact = async (): Promise<void> => {
    const bytes = Uint8Array.from(Buffer.from(SECRET_WORD));
    const { texts } = await laptop.vault.listTexts(null, 64 * 1024 * 1024);
    const spots = texts.flatMap(({ anchor, bytes: content }) => {
      const whole = Buffer.from(content);
      const found: { anchor: number; start: number; end: number; bytes: Uint8Array }[] = [];
      for (let at = whole.indexOf(SECRET_WORD); at >= 0; at = whole.indexOf(SECRET_WORD, at + 1))
        found.push({ anchor, start: at, end: at + bytes.length, bytes });
      return found;
    });
    expect(spots.length).toBeGreaterThan(0);
    await laptop.vault.redact(spots, {});
  };
  const assertQuiet = async (): Promise<void> => {
    await sync(laptop, desktop);
    const pushes = (): number => server.log.filter((line) => line.includes('"/v1/vaults/{vault}/entries"')).length;
    const before = pushes();
    for (let round = 0; round < 3; round += 1) await sync(laptop, desktop);
    expect(pushes()).toBe(before);
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

  it('[S8] retire what a merged vault told before, and overwrite its copies', { timeout: 120_000 }, async () => {
    for (let hour = 0; hour < 6; hour += 1) {
      await save(hour === 3 ? SECRET_WORD : 'old', hour);
      await sync(laptop);
    }
    const secret = (await idsOf(laptop.vault))[2]!;
    const older = await backUp('older');
    const limits = { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 0, dailyDays: 0 };
    await laptop.vault.prune(limits, TEST_NOW_MS + 200 * HOUR_MS, { isDryRun: false });
    await save('new', 210);
    await sync(laptop);
    desktop = await joinServiceDevice('desktop', server.address);
    await sync(desktop);
    const before = await identity();
    await laptop.restart(async () => {
      const path = join(laptop.folder, 'vault.db');
      const rest = { strategy: 'latest', choices: {}, isDryRun: false } as const;
      await startMerge({ path, secret: SECRET, nowMs: TEST_NOW_MS, other: older, otherSecret: null, ...rest });
    });
    await logIn();
    await sync(laptop, desktop);
    const after = await identity();
    await redact();
    await sync(laptop, desktop);
    const there = objects();
    // The earlier log still names what was overwritten, and the copy of it is as it was.
    expect(liveEntries(before)).toBeGreaterThan(4);
    expect(await wordsOf(desktop, before, secret)).toContain(SECRET_WORD);

    await laptop.sync.revoke(before.slice(0, 12));
    await sync(laptop, desktop);

    const left = objects();
    expect([...there].filter((id) => !left.has(id)).length).toBeGreaterThan(0);
    // Its name, and what was said to be overwritten.
    expect(liveEntries(before)).toBeLessThanOrEqual(4);
    for (const of of [before, after]) expect(await wordsOf(desktop, of, secret)).not.toContain(SECRET_WORD);
    await using tablet = await joinServiceDevice('tablet', server.address);
    await sync(tablet);
    expect(await tablet.sync.withDevice(after, idsOf)).toEqual(await idsOf(laptop.vault));
    expect(
      await tablet.sync.withDevice(after, (lane) => lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })),
    ).toMatchObject({ ok: true });
    // The one that goes on is meant by the name that both have.
    expect(await tablet.sync.withDevice('laptop', idsOf)).toEqual(await idsOf(laptop.vault));
    await assertQuiet();

    await redactLater();
  });

  /** What is overwritten after the last words is said there too. */
  async function redactLater(): Promise<void> {
    const late = await save(SECRET_WORD, 220);
    await sync(laptop, desktop);
    await redact();
    await sync(laptop, desktop);
    expect(await wordsOf(desktop, await identity(), late)).not.toContain(SECRET_WORD);
    await assertQuiet();
  }

  it('[S8] lose nothing that only the server has of a vault that was put back', { timeout: 120_000 }, async () => {
    for (let hour = 0; hour < 4; hour += 1) await save('kept', hour);
    await sync(laptop);
    const backup = await backUp('backup');
    const lost = [await save('lost', 4), await save('lost', 5)];
    await sync(laptop);
    desktop = await joinServiceDevice('desktop', server.address);
    await sync(desktop);
    const before = await identity();
    await laptop.restart(async () => {
      const path = join(laptop.folder, 'vault.db');
      for (const suffix of ['', '-wal', '-shm', '.keys']) rmSync(`${path}${suffix}`, { force: true });
      copyFileSync(backup, path);
    });
    await expect(sync(laptop)).rejects.toMatchObject({ code: 'SYNC_LOGIN' });
    await logIn();
    await sync(laptop);
    const next = await save('next', 6);
    await sync(laptop, desktop);
    const after = await identity();
    // What it said before, it had not said again.
    expect(await desktop.sync.withDevice(after, idsOf)).toEqual([next]);

    await laptop.sync.revoke(before.slice(0, 12));
    await sync(laptop, desktop);

    await using tablet = await joinServiceDevice('tablet', server.address);
    await sync(tablet);
    expect(await tablet.sync.withDevice(after, idsOf)).toEqual(await idsOf(laptop.vault));
    for (const device of [tablet, desktop]) {
      expect((await device.sync.withDevice(before, idsOf)).slice(0, 2)).toEqual(lost.toReversed());
      for (const of of [before, after])
        await device.sync.withDevice(of, async (lane) =>
          expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true }),
        );
    }
    await assertQuiet();
  });

  it(
    '[S2] say nothing while the earlier device is not ended: it may be alive elsewhere',
    { timeout: 60_000 },
    async () => {
      for (let hour = 0; hour < 3; hour += 1) await save('kept', hour);
      await sync(laptop);
      desktop = await joinServiceDevice('desktop', server.address);
      const before = await identity();
      const entries = liveEntries(before);
      const { replica } = laptop.vault;
      await replica?.renew({ repeatsAll: true });
      await logIn();
      await sync(laptop, desktop);

      expect(await identity()).not.toBe(before);
      expect(liveEntries(before)).toBe(entries);
    },
  );
});

describe('what an earlier log has on the server', () => {
  it('[S2] is left alone where it went another way than here: the vault was copied', async () => {
    const state = new FakeSyncState();
    await using laptop = await createSyncDevice(state, 'laptop');
    await laptop.vault.save(aCapture([aTerminal('a')], { takenAtMs: TEST_NOW_MS }));
    await laptop.sync();
    const folder = join(laptop.folder, 'copy');
    const { name } = await laptop.vault.backup({ folder, keep: 1, nowMs: TEST_NOW_MS });
    await laptop.vault.save(aCapture([aTerminal('b')], { takenAtMs: TEST_NOW_MS + 60_000 }));
    await laptop.sync();
    await using copy = await openVault({
      ...{ path: join(folder, name), secret: SECRET, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR },
    });
    const { replica } = copy;
    if (replica === undefined) throw new RangeError('a real vault has a replica');
    // The copy says something else at the same place, which the server refused.
    await copy.save(aCapture([aTerminal('c')], { takenAtMs: TEST_NOW_MS + 60_000 }));
    const own = {
      selection: DEFAULT_SELECTION,
      strategy: 'latest',
      platform: 'linux',
      maxEntries: 4,
      lost: [],
    } as const;
    await replica.draft({ ...own, nowMs: TEST_NOW_MS });
    expect(await replica.sign(TEST_NOW_MS)).toBe(1);
    const mine = (await replica.identity())!;
    await replica.renew({ repeatsAll: true });
    const deviceId = laptop.deviceId;
    const options = { nowMs: TEST_NOW_MS, signal: new AbortController().signal };
    const onServer = { ...state.headOf(deviceId), deviceId };
    const refused = state.logs.get(deviceId)?.at(-1);
    const next = refused === undefined ? null : encodeWireEntries([refused]);

    expect(onServer.index).toBe(mine.headIndex);
    expect(await replica.lastWords({ ...onServer, next: null }, options)).toBeNull();
    expect(await replica.lastWords({ ...onServer, index: onServer.index + 1, next }, options)).toBeNull();
    // What is the same on both sides could be retired.
    const same = { deviceId, index: mine.headIndex, hash: mine.headHash, next: null };
    expect((await replica.lastWords(same, options))?.length).toBeGreaterThan(0);
  });
});
