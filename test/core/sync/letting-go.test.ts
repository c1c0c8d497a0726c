// What a vault lets go leaves the server and the other devices too (S8): what was thinned out, forgotten or overwritten.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SnapshotId } from '../../../src/shared/model/ids.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import type { WireEntry } from '../../../src/shared/replication/entry.ts';
import type { DraftOptions } from '../../../src/core/vault/vault-replica.ts';
import { aCapture, aConversation, aStream, aTerminal, key, text } from '../../support/captures.ts';
import { FakeSyncState } from '../../support/fake-sync-server.ts';
import { codesOf, createSyncDevice, idsFrom, idsOf, type SyncDevice } from '../../support/sync-devices.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;
const SECRET = 'sk-CANARY-0123456789abcdef';
const SOON = { retellAfter: 1 };

describe('letting go', () => {
  let state: FakeSyncState;
  let laptop: SyncDevice;
  let desktop: SyncDevice;

  /** Each with content of its own, an hour and a half apart. */
  const save = async (from: number, to: number): Promise<void> => {
    for (let step = from; step < to; step += 1) {
      const stream = aStream({ text: `screen ${step} `.repeat(200) });
      await laptop.vault.save(
        aCapture([aTerminal('a', { streams: [stream] })], { takenAtMs: TEST_NOW_MS + step * 1.5 * HOUR_MS }),
      );
      await laptop.sync();
    }
  };
  const thin = async (device: SyncDevice, hours: number): Promise<void> => {
    const limits = { ...DEFAULT_RETENTION, allHours: 1, hourlyDays: 0, dailyDays: 1 };
    await device.vault.prune(limits, TEST_NOW_MS + hours * HOUR_MS, { isDryRun: false });
  };
  const logOf = (device: SyncDevice): WireEntry[] => state.logs.get(device.deviceId) ?? [];
  const bodiesOf = (device: SyncDevice): number => logOf(device).filter(({ bodyBytes }) => bodyBytes !== null).length;

  beforeEach(async () => {
    state = new FakeSyncState();
    laptop = await createSyncDevice(state, 'laptop');
    await save(0, 20);
    desktop = await createSyncDevice(state, 'desktop', laptop);
    await desktop.sync();
  });

  afterEach(async () => {
    await desktop[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
  });

  it('[S8] retires what was thinned out, and tells what is left anew, in order', async () => {
    const before = { bodies: bodiesOf(laptop), there: await idsFrom(desktop, laptop) };
    await thin(laptop, 30);
    await laptop.sync(SOON);
    await desktop.sync();
    await using tablet = await createSyncDevice(state, 'tablet', laptop);
    const joined = await tablet.sync();

    const left = await idsOf(laptop);
    expect(left.length).toBeLessThan(before.there.length / 4);
    expect(bodiesOf(laptop)).toBeLessThan(before.bodies / 2);
    expect(codesOf(joined)).toEqual([]);
    expect(await idsFrom(tablet, laptop)).toEqual(left);
    // Each device thins what it has of others by its own rules.
    expect(await idsFrom(desktop, laptop)).toEqual(before.there);
    for (const device of [tablet, desktop])
      await device.lane(laptop, async (lane) => {
        expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
        expect(await lane.readSnapshot(left[0] ?? ('' as SnapshotId))).toEqual(
          await laptop.vault.readSnapshot(left[0] ?? ('' as SnapshotId)),
        );
      });
  });

  it('[S8] goes on after that as before, and does nothing where nothing more has gone', async () => {
    await thin(laptop, 30);
    await laptop.sync(SOON);
    const entries = logOf(laptop).length;

    await laptop.sync(SOON);
    expect(logOf(laptop)).toHaveLength(entries);
    const there = await idsFrom(desktop, laptop);
    await save(20, 22);
    const result = await desktop.sync();

    expect(codesOf(result)).toEqual([]);
    expect(await idsFrom(desktop, laptop)).toEqual([...(await idsOf(laptop)).slice(0, 2), ...there]);
  });

  it('[S8] what another device has thinned out of its copy does not come back', async () => {
    await desktop.lane(laptop, async (lane) => {
      const limits = { ...DEFAULT_RETENTION, allHours: 0, hourlyDays: 0, dailyDays: 0 };
      await lane.prune(limits, TEST_NOW_MS + 30 * HOUR_MS, { isDryRun: false });
    });
    const left = await idsFrom(desktop, laptop);
    await thin(laptop, 30);
    await laptop.sync(SOON);
    const downloads: number[] = [];
    const { server } = desktop;
    desktop.server = {
      ...server,
      getObjects: (vault, objects, signal) => {
        downloads.push(objects.length);
        return server.getObjects(vault, objects, signal);
      },
    };

    await desktop.sync();

    expect(left).toHaveLength(1);
    expect(await idsFrom(desktop, laptop)).toEqual(left);
    expect(downloads).toEqual([]);
  });

  it('[S8] frees at once on the server what was forgotten, checkpoints after it stay', async () => {
    const [newest, , third] = await idsOf(laptop);
    const attributes = { name: 'kept', description: '', tags: [], priority: 'normal', pinned: true } as const;
    await laptop.vault.createCheckpoint(newest ?? ('' as SnapshotId), attributes, TEST_NOW_MS);
    await laptop.sync();
    const objects = new Set(state.objects.keys());
    await laptop.vault.forget(TEST_NOW_MS + 18 * 1.5 * HOUR_MS, {});
    await laptop.sync();
    await desktop.sync({ mayDelete: true });
    await using tablet = await createSyncDevice(state, 'tablet', laptop);
    await tablet.sync();

    expect((await idsOf(laptop)).slice(0, 2)).toEqual([newest, third]);
    expect([...objects].filter((id) => !state.objects.has(id))).toHaveLength(1);
    for (const device of [tablet, desktop]) expect(await idsFrom(device, laptop)).toEqual(await idsOf(laptop));
    expect((await tablet.lane(laptop, (lane) => lane.listCheckpoints())).map(({ name }) => name)).toEqual(['kept']);
  });

  it('[S8] overwrites on the server and in every copy what was overwritten on its own device', async () => {
    const line = `export TOKEN=${SECRET}\n`;
    const conversation = () => aConversation('c', `hello\n${line}`.repeat(3));
    const takenAtMs = TEST_NOW_MS + 31 * HOUR_MS;
    await laptop.vault.save(aCapture([conversation()], { takenAtMs }));
    await laptop.vault.save(aCapture([conversation(), aTerminal('b')], { takenAtMs: takenAtMs + 30_000 }));
    await laptop.sync();
    await desktop.sync();
    const known = new Set(state.objects.keys());
    const there = await idsFrom(desktop, laptop);
    const { texts } = await laptop.vault.listTexts(null, 64 * 1024 * 1024);
    const bytes = Uint8Array.from(Buffer.from(SECRET));
    const spots = texts.flatMap(({ anchor, bytes: content }) => {
      const all: { anchor: number; start: number; end: number; bytes: Uint8Array }[] = [];
      const whole = Buffer.from(content);
      for (let at = whole.indexOf(SECRET); at >= 0; at = whole.indexOf(SECRET, at + 1))
        all.push({ anchor, start: at, end: at + SECRET.length, bytes });
      return all;
    });
    await laptop.vault.redact(spots, {});

    await laptop.sync();
    const result = await desktop.sync();
    await using tablet = await createSyncDevice(state, 'tablet', laptop);
    await tablet.sync();

    expect(codesOf(result)).toEqual([]);
    expect([...known].filter((id) => !state.objects.has(id))).toHaveLength(1);
    expect(await idsFrom(desktop, laptop)).toEqual(there);
    expect(await idsFrom(tablet, laptop)).toEqual(await idsOf(laptop));
    const redacted = text(
      await laptop.vault.readStream((await idsOf(laptop))[0] ?? ('' as SnapshotId), key('claude-code:c'), 'transcript'),
    );
    expect(redacted).not.toContain(SECRET);
    for (const device of [desktop, tablet])
      await device.lane(laptop, async (lane) => {
        for (const id of (await idsOf(laptop)).slice(0, 2))
          expect(text(await lane.readStream(id, key('claude-code:c'), 'transcript'))).toBe(redacted);
        expect((await lane.search({ text: SECRET, limit: 5, budgetMs: 5_000 })).matches).toEqual([]);
        expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
      });
  });

  it('[S8] asks before another device overwrites much of its copy here', async () => {
    const takenAtMs = TEST_NOW_MS + 31 * HOUR_MS;
    await laptop.vault.save(aCapture([aConversation('c', 'no secret at all\n'.repeat(20_000))], { takenAtMs }));
    await laptop.sync();
    await desktop.sync();
    const { texts } = await laptop.vault.listTexts(null, 64 * 1024 * 1024);
    const spots = texts.flatMap(({ anchor, bytes, type }) =>
      type === 'content' && Buffer.from(bytes).includes('no secret')
        ? [{ anchor, start: 0, end: bytes.length, bytes }]
        : [],
    );
    await laptop.vault.redact(spots, {});
    await laptop.sync();
    const read = (): Promise<string> =>
      desktop.lane(laptop, async (lane) => {
        const id = await lane.resolveSnapshot('latest', takenAtMs);
        return text(await lane.readStream(id, key('claude-code:c'), 'transcript'));
      });

    expect(codesOf(await desktop.sync())).toEqual(['SYNC_ASKS']);
    expect(await read()).toContain('no secret');
    expect(codesOf(await desktop.sync({ mayDelete: true }))).toEqual([]);

    expect(await read()).not.toContain('no secret');
  });

  it('[S4] names a server that keeps back what an entry says', async () => {
    await save(20, 22);
    const log = logOf(laptop);
    const last = log.at(-1);
    if (last === undefined) throw new RangeError('two were sent');
    log[log.length - 1] = { ...last, bodyBytes: null };

    const codes = [codesOf(await desktop.sync()), codesOf(await desktop.sync())];

    // At first its device may just be retiring it.
    expect(codes).toEqual([[], ['SYNC_TAMPERED']]);
  });

  it('[S4] sends again to a restored server what it lacks, as far as it is not retired', async () => {
    await thin(laptop, 30);
    await laptop.sync(SOON);
    logOf(laptop).splice(5);
    state.generation = 'second';

    await laptop.sync();
    await using tablet = await createSyncDevice(state, 'tablet', laptop);
    const result = await tablet.sync();

    expect(codesOf(result)).toEqual([]);
    expect(await idsFrom(tablet, laptop)).toEqual(await idsOf(laptop));
  });

  it('[S3] tells every snapshot, also where many large ones wait', async () => {
    const many = Array.from({ length: 900 }, (_, at) => at);
    for (let step = 20; step < 26; step += 1)
      await laptop.vault.save(
        aCapture(
          many.map((at) => aTerminal(`${at}-${step}`)),
          { takenAtMs: TEST_NOW_MS + step * 1.5 * HOUR_MS },
        ),
      );
    // As few entries at a time as possible.
    const { replica } = laptop;
    const draft = { ...replica, draft: (options: DraftOptions) => replica.draft({ ...options, maxEntries: 2 }) };

    await laptop.sync({ replica: draft });
    await desktop.sync();

    expect(await idsFrom(desktop, laptop)).toEqual(await idsOf(laptop));
  });
});
