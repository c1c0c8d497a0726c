// What must hold on both databases. PostgreSQL is started by the test; where it is not installed its part is skipped, and counted.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { DEVICE_CODE_PROOF_PREFIX } from '../../src/shared/replication/account.ts';
import { encodeWireEntries } from '../../src/shared/replication/entry.ts';
import { parseFrames } from '../../src/shared/replication/frames.ts';
import { NO_ENTRY_HASH, type ObjectId } from '../../src/shared/replication/ids.ts';
import { MAX_BATCH_FRAMES, MAX_ENTRIES_PER_BATCH } from '../../src/shared/replication/limits.ts';
import { joinSchema, joinsAnswerSchema, uploadAnswerSchema } from '../../src/shared/replication/replica.ts';
import { pathOf, ROUTES, type RouteName } from '../../src/shared/replication/routes.ts';
import { markRestored } from '../../src/server/administer.ts';
import type { ServerOptions } from '../../src/server/server.ts';
import { up as countEntryBytes } from '../../src/server/store/migrations/0060-entry-bytes.ts';
import type { MigrationDb } from '../../src/server/store/migrations/list.ts';
import { openStore } from '../../src/server/store/store.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import {
  anObject,
  newObjectId,
  newVaultId,
  ReplicaClient,
  sha256,
  toFrame,
  type TestObject,
} from '../support/replica-client.ts';
import {
  ACCOUNT_PASSWORD,
  call,
  logIn,
  newDevice,
  refresh,
  refusalOf,
  signText,
  signUp,
  startTestServer,
  type TestServer,
} from '../support/sync-server.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

/** Stories share a database; each has accounts of its own. */
const newEmail = (): string => `${randomBytes(6).toString('hex')}@example.org`;
const bin = findPostgres();

describe.each(['sqlite', 'postgres'] as const)('the sync server on %s', (kind) => {
  describe.skipIf(kind === 'postgres' && bin === null)('replica', () => {
    let postgres: TestPostgres | null = null;
    let databaseUrl: string | null = null;
    beforeAll(() => {
      if (kind !== 'postgres' || bin === null) return;
      postgres = startPostgres(bin);
      databaseUrl = postgres.createDatabase();
    });
    afterAll(() => postgres?.close());

    /** A server with one account whose one device has a vault. */
    async function setup(options: Partial<ServerOptions> = {}) {
      const server = await startTestServer({ databaseUrl, ...options });
      const email = newEmail();
      await signUp(server.address, email);
      const client = new ReplicaClient(server.address, await logIn(server.address, email), newVaultId());
      await client.createVault();
      const another = async () => new ReplicaClient(server.address, await logIn(server.address, email), client.vault);
      return {
        server,
        client,
        another,
        email,
        databaseUrl: options.databaseUrl ?? databaseUrl,
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    }

    it('[S3] takes objects and entries, and gives them to another device', async () => {
      await using story = await setup();
      const { client } = story;
      const objects = [anObject(10), anObject(70_000)];
      const ids = objects.map(({ id }) => id);
      expect(await client.have(ids)).toEqual({ missing: ids, partial: [] });
      const entry = client.nextEntry(ids);
      expect(refusalOf(await client.push(entry))).toMatchObject({ code: 'missing-objects', missing: ids.toSorted() });

      expect((await client.upload(...objects)).map(({ status }) => status)).toEqual(['stored', 'stored']);
      expect((await client.upload(...objects)).map(({ status }) => status)).toEqual(['known', 'known']);
      expect((await client.push(entry)).json).toEqual({
        head: { device: client.device.deviceId, index: 1, hash: client.hash },
      });
      const other = await story.another();
      const [pulled] = await other.pull();

      expect(pulled?.body?.requires).toEqual(ids.toSorted());
      expect((await other.get(ids)).map((frame) => sha256(frame.bytes))).toEqual(
        objects.map(({ bytes }) => sha256(bytes)),
      );
      expect(await other.pull({ [client.device.deviceId]: 1 })).toEqual([]);
      const { signedBytes, signature, bodyBytes } = entry;
      const entryBytes = signedBytes.length + signature.length + (bodyBytes?.length ?? 0);
      expect(await other.status()).toMatchObject({
        heads: [{ device: client.device.deviceId, index: 1, hash: client.hash, isRevoked: false }],
        quota: { usedBytes: 70_010 + entryBytes, usedObjects: 2 },
      });
    });

    it('[S2] takes head + 1 only: the same again is fine, another is a fork, a later one a gap', async () => {
      await using story = await setup();
      const { client } = story;
      const twin = new ReplicaClient(client.address, client.device, client.vault);
      const first = client.nextEntry();
      const second = client.nextEntry();
      const third = client.nextEntry();

      expect(refusalOf(await client.push(second)).code).toBe('gap');
      expect((await client.push(first, second)).status).toBe(200);
      expect((await client.push(first, second, third)).status).toBe(200);
      expect((await client.push(second)).json).toEqual({
        head: { device: client.device.deviceId, index: 3, hash: client.hash },
      });
      expect(refusalOf(await twin.push(twin.nextEntry()))).toMatchObject({ code: 'fork', head: { index: 3 } });
      const wrongChain = new ReplicaClient(client.address, client.device, client.vault);
      wrongChain.index = 3;
      expect(refusalOf(await wrongChain.push(wrongChain.nextEntry())).code).toBe('fork');
    });

    it('[S2] lets one of many that push at once win, and loses nothing of it', async () => {
      await using story = await setup();
      const { client } = story;
      const twins = Array.from({ length: 6 }, () => new ReplicaClient(client.address, client.device, client.vault));

      const replies = await Promise.all(twins.map((twin) => twin.push(twin.nextEntry())));

      const won = replies.flatMap((reply, at) => (reply.status === 200 ? [twins[at]?.hash] : []));
      expect(won).toHaveLength(1);
      expect((await client.pull()).map(({ hash }) => hash)).toEqual(won);
    });

    it('[S2] keeps the entries before a refused one', async () => {
      await using story = await setup();
      const { client } = story;
      const good = client.nextEntry();
      const hash = client.hash;
      const lacking = client.nextEntry([newObjectId()]);

      expect(refusalOf(await client.push(good, lacking)).code).toBe('missing-objects');
      expect((await client.status()).heads).toMatchObject([{ index: 1, hash }]);
    });

    it('[S6] holds to the epoch: after a new one nothing of the old is taken', async () => {
      await using story = await setup();
      const { client } = story;
      const other = await story.another();

      expect((await client.push(client.nextEntry([], { kind: 'epoch', epoch: 2 }))).status).toBe(200);
      expect(refusalOf(await other.push(other.nextEntry()))).toMatchObject({ code: 'epoch-behind', epoch: 2 });
      const again = new ReplicaClient(other.address, other.device, other.vault);
      expect(refusalOf(await again.push(again.nextEntry([], { epoch: 3 }))).code).toBe('bad-request');
      const right = new ReplicaClient(other.address, other.device, other.vault);
      expect((await right.push(right.nextEntry([], { epoch: 2 }))).status).toBe(200);
    });

    it('[S8] frees what is retired: the body at once, the objects after 30 days, never one that is still named', async () => {
      await using story = await setup();
      const { client, server } = story;
      const [gone, kept] = [anObject(), anObject()];
      await client.upload(gone, kept);
      await client.push(client.nextEntry([gone.id, kept.id]), client.nextEntry([kept.id]));
      await client.push(client.nextEntry([], { kind: 'retire', retires: [{ first: 1, last: 1 }] }));

      const pulled = await client.pull();
      expect(pulled.map(({ body }) => body === null)).toEqual([true, false, false]);
      expect(pulled.map(({ part }) => part.previousHash).slice(1)).toEqual(pulled.map(({ hash }) => hash).slice(0, -1));
      await server.server.collect();
      expect((await client.have([gone.id, kept.id])).missing).toEqual([]);
      server.clock.offsetMs = 31 * 24 * 3_600_000;
      await server.server.collect();
      await refreshOrLogIn(story);
      expect((await client.have([gone.id, kept.id])).missing).toEqual([gone.id]);
      expect((await client.status()).quota.usedObjects).toBe(1);
    });

    async function refreshOrLogIn({ server, client, email }: Awaited<ReturnType<typeof setup>>): Promise<void> {
      const reply = await refresh(server.address, client.device);
      if (reply.status !== 200) await logIn(server.address, email, client.device);
    }

    it('[S11] takes a large object in parts, goes on where it was cut, and gives it in parts', async () => {
      await using story = await setup();
      const { client } = story;
      const object = anObject(5_000_000);
      const part = (from: number, to: number) =>
        toFrame(object, { offset: from, bytes: object.bytes.subarray(from, to) });
      const put = async (bytes: Uint8Array) =>
        uploadAnswerSchema.parse((await client.send('PUT', 'objects', { bytes })).json).objects[0];

      expect(await put(part(0, 2_000_000))).toMatchObject({ status: 'partial', receivedBytes: 2_000_000 });
      expect(await put(part(3_000_000, 5_000_000))).toMatchObject({
        status: 'refused',
        reason: 'offset',
        receivedBytes: 2_000_000,
      });
      expect((await client.have([object.id])).partial).toMatchObject([{ id: object.id, receivedBytes: 2_000_000 }]);
      expect(await put(part(2_000_000, 5_000_000))).toMatchObject({ status: 'stored', receivedBytes: 5_000_000 });
      const frames = await client.get([object.id]);

      expect(frames.map(({ offset }) => offset)).toEqual([0, 4 * 1024 * 1024]);
      expect(Buffer.concat(frames.map(({ bytes }) => bytes)).equals(object.bytes)).toBe(true);
    });

    it('[S11] stores an object that came whole and could not be stored, with the next part that comes', async () => {
      await using story = await setup({ limits: { bytes: 10_000_000, objects: 1 } });
      const { client } = story;
      const [first, object] = [anObject(), anObject(5_000_000)];
      await client.upload(first);
      const put = async (from: number, to: number) => {
        const bytes = toFrame(object, { offset: from, bytes: object.bytes.subarray(from, to) });
        return uploadAnswerSchema.parse((await client.send('PUT', 'objects', { bytes })).json).objects[0];
      };
      await put(0, 2_000_000);
      expect(await put(2_000_000, 5_000_000)).toMatchObject({ status: 'refused', reason: 'quota' });
      expect((await client.have([object.id])).partial).toMatchObject([{ receivedBytes: 5_000_000 }]);
      expect(await put(2_000_000, 5_000_000)).toMatchObject({ status: 'refused', reason: 'quota' });

      await client.send('POST', 'free', { json: { ids: [first.id] } });

      expect(await put(2_000_000, 5_000_000)).toMatchObject({ status: 'stored', receivedBytes: 5_000_000 });
      expect(Buffer.concat((await client.get([object.id])).map(({ bytes }) => bytes)).equals(object.bytes)).toBe(true);
      expect((await client.have([object.id])).partial).toEqual([]);
    });

    it('[S11] names each object of a question once, and reads no more than an answer may have', async () => {
      await using story = await setup();
      const { client } = story;
      const large = Array.from({ length: 4 }, () => anObject(4_000_000));
      for (const object of large) await client.upload(object);
      const ask = (objects: ReadonlyArray<object>) => client.send('POST', 'getObjects', { json: { objects } });
      const lastBytes = large.map(({ id }) => ({ id, offset: 3_999_999 }));

      expect(refusalOf(await ask([...lastBytes, { id: large[0]?.id }])).code).toBe('bad-request');
      const frames = parseFrames((await ask(lastBytes)).bytes);

      // The third reaches the limit, though only three bytes are sent.
      expect(frames?.map(({ id, bytes }) => [id, bytes.length])).toEqual(large.slice(0, 3).map(({ id }) => [id, 1]));
      expect(frames?.map(({ bytes }) => bytes[0])).toEqual(large.slice(0, 3).map(({ bytes }) => bytes.at(-1)));
    });

    it('[S11] refuses a frame whose bytes are not what it says, and takes the others', async () => {
      await using story = await setup();
      const { client } = story;
      const [bad, good] = [anObject(), anObject()];
      const bytes = Buffer.concat([toFrame(bad, { hash: '00'.repeat(32) }), toFrame(good)]);

      const reply = await client.send('PUT', 'objects', { bytes });

      expect(uploadAnswerSchema.parse(reply.json).objects).toMatchObject([
        { status: 'refused', reason: 'hash' },
        { status: 'stored' },
      ]);
      expect((await client.have([bad.id, good.id])).missing).toEqual([bad.id]);
    });

    it('[S11] asks again for what a device found damaged, and takes it', async () => {
      await using story = await setup();
      const { client } = story;
      const object = anObject();
      await client.upload(object);
      const again = { ...object, bytes: randomBytes(100) };
      expect((await client.upload(again))[0]?.status).toBe('known');

      await client.send('POST', 'damaged', { json: { ids: [object.id] } });

      expect((await client.have([object.id])).missing).toEqual([object.id]);
      expect((await client.get([object.id]))[0]?.bytes.length).toBe(100);
      expect((await client.upload(again))[0]?.status).toBe('stored');
      expect(
        (await client.get([object.id, newObjectId()])).map(({ totalBytes, hash }) => [
          totalBytes,
          hash === sha256(again.bytes),
        ]),
      ).toEqual([
        [100, true],
        [0, false],
      ]);
    });

    it('[S31] finds and frees what was stored before the place of objects was changed', async () => {
      await using folder = makeTemporaryFolder();
      const inDatabase = anObject(20_000);
      const inFiles = anObject();
      const options: Partial<ServerOptions> = { databaseUrl, dataFolder: folder.path };
      const email = newEmail();
      const vault = newVaultId();
      const first = await startTestServer({ ...options, objects: 'database' });
      await signUp(first.address, email);
      const device = await logIn(first.address, email);
      const at = ({ address }: TestServer) => new ReplicaClient(address, device, vault);
      await at(first).createVault();
      await at(first).upload(inDatabase);
      await first.server.close();
      const second = await startTestServer({ ...options, objects: 'files' });
      await at(second).upload(inFiles);
      const stored = [inDatabase, inFiles];
      const bytesIn = (frames: ReadonlyArray<{ readonly bytes: Uint8Array }>) =>
        frames.map(({ bytes }) => Buffer.from(bytes).toString('hex'));

      expect(bytesIn(await at(second).get(stored.map(({ id }) => id)))).toEqual(bytesIn(stored));
      await second.server.close();
      await using third = await startTestServer({ ...options, objects: 'database' });
      expect(bytesIn(await at(third).get(stored.map(({ id }) => id)))).toEqual(bytesIn(stored));
      await at(third).send('POST', 'free', { json: { ids: [inFiles.id] } });

      const left = readdirSync(join(folder.path, 'objects'), { recursive: true, withFileTypes: true });
      expect(left.filter((one) => one.isFile())).toEqual([]);
    });

    it('[S31] takes the same new objects from two devices at once, whatever order each sends them in', async () => {
      await using story = await setup();
      const { client } = story;
      const other = await story.another();
      for (let round = 0; round < 30; round += 1) {
        const objects = Array.from({ length: MAX_BATCH_FRAMES }, () => anObject(10));

        const answers = await Promise.all([client.upload(...objects), other.upload(...objects.toReversed())]);

        const stored = answers.flat().filter(({ status }) => status === 'stored');
        expect(new Set(stored.map(({ id }) => id)).size).toBe(MAX_BATCH_FRAMES);
        expect(answers.flat().filter(({ status }) => status === 'known')).toHaveLength(MAX_BATCH_FRAMES);
      }
    });

    it('[S31] takes away files that no row names after 30 days, and no others', async () => {
      await using folder = makeTemporaryFolder();
      await using story = await setup({ objects: 'files', dataFolder: folder.path });
      const { client, server } = story;
      const object = anObject();
      await client.upload(object);
      await client.push(client.nextEntry([object.id]));
      const files = () =>
        readdirSync(join(folder.path, 'objects'), { recursive: true, withFileTypes: true })
          .filter((one) => one.isFile())
          .map((one) => join(one.parentPath, one.name));
      const [kept = ''] = files();
      const account = dirname(dirname(kept));
      // As a crash between the files of a batch and its rows leaves them, and one of another database's account.
      const left = join(dirname(kept), `${basename(kept).slice(0, 2)}${'0'.repeat(11)}.${'0'.repeat(64)}`);
      const foreign = join(dirname(account), 'ffffffffffffffff', 'ab', 'abcd');
      mkdirSync(dirname(foreign), { recursive: true });
      for (const path of [left, foreign]) writeFileSync(path, 'x');

      await server.server.collect();
      expect(files().toSorted()).toEqual([kept, left, foreign].toSorted());
      server.clock.offsetMs = 31 * 24 * 3_600_000;
      await server.server.collect();

      expect(files().toSorted()).toEqual([kept, foreign].toSorted());
    });

    it('[S8] frees at once what a device wants gone, where no live entry names it', async () => {
      await using story = await setup();
      const { client } = story;
      const other = await story.another();
      const [gone, shared, unsent] = [anObject(), anObject(), anObject()];
      await client.upload(gone, shared, unsent);
      await client.push(client.nextEntry([gone.id, shared.id]));
      await other.push(other.nextEntry([shared.id]));
      const ids = [gone.id, shared.id];
      await client.send('POST', 'free', { json: { ids } });
      expect((await client.have(ids)).missing).toEqual([]);
      await client.push(client.nextEntry([], { kind: 'retire', retires: [{ first: 1, last: 1 }] }));

      expect((await client.send('POST', 'free', { json: { ids } })).status).toBe(200);

      expect((await client.have([...ids, unsent.id])).missing).toEqual([gone.id]);
      expect((await client.status()).quota).toMatchObject({ usedObjects: 2 });
      expect((await client.get([gone.id]))[0]?.totalBytes).toBe(0);
    });

    it('[S11] takes a push of so many entries and ranges, and says how many', async () => {
      await using story = await setup();
      const { client } = story;
      const entries = Array.from({ length: MAX_ENTRIES_PER_BATCH + 1 }, () => client.nextEntry());
      const retires = Array.from({ length: 4_096 }, (_, at) => ({ first: 2 * at + 1, last: 2 * at + 1 }));
      const retiring = (change: object = {}) =>
        client.nextEntry([], { kind: 'retire', index: 10_000, retires, ...change });

      expect(refusalOf(await client.push(...entries))).toMatchObject({ code: 'too-large', limit: 1_000 });
      expect((await client.status()).heads).toEqual([]);
      expect((await client.push(...entries.slice(0, -1))).status).toBe(200);
      expect(refusalOf(await client.push(...Array.from({ length: 65 }, () => retiring())))).toMatchObject({
        code: 'too-large',
        limit: 262_144,
      });
      expect(refusalOf(await client.push(...Array.from({ length: 64 }, () => retiring()))).code).toBe('gap');
    });

    it('[S8] retires what several entries of a push name, however their ranges lie', async () => {
      await using story = await setup();
      const { client } = story;
      const objects = [anObject(), anObject()];
      const [ofRetired, ofLive] = objects.map(({ id }) => id);
      await client.upload(...objects);
      await client.push(...Array.from({ length: 10 }, (_, at) => client.nextEntry([at < 5 ? ofRetired! : ofLive!])));
      const retire = (...ranges: ReadonlyArray<readonly [number, number]>) =>
        client.nextEntry([], { kind: 'retire', retires: ranges.map(([first, last]) => ({ first, last })) });

      await client.push(retire([1, 3], [9, 9]), retire([2, 4]), retire([3, 3], [5, 5]));

      const live = (await client.pull()).flatMap(({ part, body }) => (body === null ? [] : [part.index]));
      expect(live).toEqual([6, 7, 8, 10, 11, 12, 13]);
      await client.send('POST', 'free', { json: { ids: [ofRetired, ofLive] } });
      expect((await client.have([ofRetired!, ofLive!])).missing).toEqual([ofRetired]);
    });

    it('[S8] takes an entry whose device has retired it already', async () => {
      await using story = await setup();
      const { client } = story;
      const retired = { ...client.nextEntry([newObjectId()]), bodyBytes: null };
      const retiring = client.nextEntry([], { kind: 'retire', retires: [{ first: 1, last: 1 }] });

      expect((await client.push(retired, retiring)).status).toBe(200);

      expect((await client.pull({})).map(({ body }) => body === null)).toEqual([true, false]);
    });

    it('keeps an account within its quota, whoever uploads at once', async () => {
      await using story = await setup({ limits: { bytes: 1_000, objects: 100 } });
      const { client } = story;

      const answers = await Promise.all(Array.from({ length: 8 }, () => client.upload(anObject(300))));

      expect(answers.flat().filter(({ status }) => status === 'stored')).toHaveLength(3);
      expect(answers.flat().find(({ status }) => status === 'refused')?.reason).toBe('quota');
      expect((await client.status()).quota).toMatchObject({ usedBytes: 900, usedObjects: 3 });
      expect((await client.push(client.nextEntry([], { kind: 'operation' }))).status).toBe(200);
    });

    it('counts unfinished parts of all devices before it takes another', async () => {
      await using story = await setup({ limits: { bytes: 5_000_000, objects: 100 } });
      const { client } = story;
      const other = await story.another();
      const [one, two] = [anObject(4_000_000), anObject(4_000_000)];
      const put = async (device: ReplicaClient, object: TestObject, from: number, to: number) => {
        const bytes = toFrame(object, { offset: from, bytes: object.bytes.subarray(from, to) });
        return uploadAnswerSchema.parse((await device.send('PUT', 'objects', { bytes })).json).objects[0];
      };

      expect(await put(client, one, 0, 3_000_000)).toMatchObject({ status: 'partial' });
      expect(await put(other, two, 0, 3_000_000)).toMatchObject({
        status: 'refused',
        reason: 'quota',
        receivedBytes: 0,
      });
      expect(await put(client, one, 3_000_000, 4_000_000)).toMatchObject({ status: 'stored' });
      expect(await put(other, two, 0, 900_000)).toMatchObject({ status: 'partial' });
      expect(await put(other, two, 900_000, 1_100_000)).toMatchObject({ status: 'refused', receivedBytes: 900_000 });
      await client.send('POST', 'free', { json: { ids: [one.id] } });
      expect(await put(other, two, 900_000, 4_000_000)).toMatchObject({ status: 'stored' });
    });

    it('counts entries too, and takes some where space is used up, so that a full account can delete', async () => {
      await using story = await setup({ limits: { bytes: 1_000_000, objects: 100 } });
      const { client } = story;
      await client.upload(anObject(900_000));
      const large = () => client.nextEntry([], { kind: 'operation' }, 250_000);
      for (let at = 0; at < 4; at += 1) expect((await client.push(large())).status).toBe(200);
      const { index, hash } = client;

      expect(refusalOf(await client.push(large()))).toMatchObject({ code: 'quota', limit: 1_000_000 });
      const { quota, heads } = await client.status();
      expect(heads).toMatchObject([{ index, hash }]);
      expect(quota.usedBytes).toBeGreaterThan(1_900_000);
      expect(quota.usedBytes).toBeLessThan(1_902_000);
      expect((await client.upload(anObject(10)))[0]).toMatchObject({ status: 'refused', reason: 'quota' });
      Object.assign(client, { index, hash });
      const retiring = client.nextEntry([], { kind: 'retire', retires: [{ first: 1, last: 3 }] });
      expect((await client.push(retiring, large())).status).toBe(200);
      expect((await client.status()).quota.usedBytes).toBeLessThan(1_402_000);
    });

    it('takes from an account beyond every limit what gives back more than it takes', async () => {
      await using folder = makeTemporaryFolder();
      const url = postgres?.createDatabase() ?? null;
      const options = { databaseUrl: url, dataFolder: folder.path };
      const story = await setup({ ...options, limits: { bytes: 20_000_000, objects: 100 } });
      const { client } = story;
      await client.push(...Array.from({ length: 6 }, () => client.nextEntry([], {}, 250_000)));
      await story.server.server.close();
      await using lowered = await startTestServer({ ...options, limits: { bytes: 1_000, objects: 100 } });
      const now = new ReplicaClient(lowered.address, client.device, client.vault);
      const { index, hash } = client;
      const push = (...retires: ReadonlyArray<{ readonly first: number; readonly last: number }>) => {
        Object.assign(now, { index: now.index, hash: now.hash });
        return now.push(now.nextEntry([], { kind: 'retire', retires }));
      };
      Object.assign(now, { index, hash });

      expect(refusalOf(await push()).code).toBe('quota');
      Object.assign(now, { index, hash });
      expect((await push({ first: 1, last: 1 })).status).toBe(200);
      expect(refusalOf(await push({ first: 1, last: 1 })).code).toBe('quota');
      Object.assign(now, { index: index + 1, hash: (await now.status()).heads[0]?.hash });
      expect((await push({ first: 2, last: 5 })).status).toBe(200);
      expect((await push()).status).toBe(200);
    });

    it('counts the entries that were there before they were counted', async () => {
      await using story = await setup({ databaseUrl: postgres?.createDatabase() ?? null });
      const { client, server } = story;
      const first = client.nextEntry();
      await client.push(first, client.nextEntry([], {}, 1_000));
      await client.push(client.nextEntry([], { kind: 'retire', retires: [{ first: 1, last: 1 }] }));
      const { usedBytes } = (await client.status()).quota;
      expect(usedBytes).toBeGreaterThan(1_000);
      const openDatabase = { dataFolder: server.folder, databaseUrl: story.databaseUrl, onTrouble: () => undefined };
      const store = await openStore(openDatabase);

      await store.db.schema.alterTable('users').dropColumn('entry_bytes').execute();
      await countEntryBytes(store.db as unknown as MigrationDb);

      const { entry_bytes } = await store.db.selectFrom('users').select('entry_bytes').executeTakeFirstOrThrow();
      await store.close();
      expect(entry_bytes).toBe(usedBytes);
    });

    it('[S8] takes from a device that was ended what it retires, and nothing else, from whoever has its key', async () => {
      await using story = await setup();
      const { client } = story;
      const heir = await story.another();
      const stranger = await (async () => {
        const email = newEmail();
        await signUp(client.address, email);
        const own = new ReplicaClient(client.address, await logIn(client.address, email), newVaultId());
        await own.createVault();
        return own;
      })();
      const object = anObject();
      await client.upload(object);
      await client.push(client.nextEntry([object.id]), client.nextEntry());
      const { index, hash } = client;
      const lastWord = (change: Parameters<ReplicaClient['nextEntry']>[1] = {}, requires: ObjectId[] = []) => {
        Object.assign(client, { index, hash });
        return client.nextEntry(requires, { kind: 'retire', retires: [{ first: 1, last: 2 }], ...change });
      };
      const endIt = () =>
        call(client.address, 'DELETE', pathOf('device', { device: client.device.deviceId }), {
          token: heir.device.accessToken,
        });

      expect(refusalOf(await heir.push(lastWord())).code).toBe('forbidden');
      await endIt();

      expect(refusalOf(await heir.push(lastWord({ kind: 'operation' }))).code).toBe('forbidden');
      expect(refusalOf(await heir.push(lastWord({}, [object.id]))).code).toBe('forbidden');
      expect(refusalOf(await heir.push(lastWord({ index: index + 2 }))).code).toBe('gap');
      expect(refusalOf(await stranger.push(lastWord({ vaultId: stranger.vault }))).code).toBe('forbidden');
      const forged = { ...lastWord(), signature: heir.nextEntry().signature };
      Object.assign(heir, { index: 0, hash: NO_ENTRY_HASH });
      expect(refusalOf(await heir.push(forged)).code).toBe('forbidden');
      expect((await heir.pull()).map(({ body }) => body !== null)).toEqual([true, true]);

      const said = lastWord();
      expect((await heir.push(said)).json).toMatchObject({
        head: { device: client.device.deviceId, index: index + 1 },
      });
      expect((await heir.push(said)).status).toBe(200);
      expect((await heir.pull()).map(({ body }) => body !== null)).toEqual([false, false, true]);
      await heir.send('POST', 'free', { json: { ids: [object.id] } });
      expect(await heir.have([object.id])).toMatchObject({ missing: [object.id] });
      // Who says it writes in its own log as before.
      expect((await heir.push(heir.nextEntry())).status).toBe(200);
      expect((await client.push(client.nextEntry())).status).toBe(401);
    });

    const newPassword = 'account password 2';
    const changePassword = ({ client }: { readonly client: ReplicaClient }) =>
      call(client.address, 'POST', ROUTES.password, {
        token: client.device.accessToken,
        json: { oldPassword: ACCOUNT_PASSWORD, newPassword },
      });

    it('[S32] a changed password leaves no log-in that was let in with the old one', async () => {
      await using story = await setup();
      const { address } = story.server;
      const device = newDevice();
      const { signingKey, agreementKey } = device;
      const asked = await call(address, 'POST', ROUTES.deviceCode, {
        json: { signingKey, agreementKey, name: 'x', platform: 'linux' },
      });
      const { deviceCode, userCode } = asked.json as { deviceCode: string; userCode: string };
      const json = { userCode, email: story.email, password: ACCOUNT_PASSWORD };
      expect((await call(address, 'POST', ROUTES.approve, { json })).status).toBe(200);

      expect((await changePassword(story)).status).toBe(200);

      const signature = signText(device, `${DEVICE_CODE_PROOF_PREFIX}${deviceCode}`);
      const taken = await call(address, 'POST', ROUTES.deviceToken, { json: { deviceCode, signature } });
      expect(refusalOf(taken).code).toBe('not-found');
      expect((await story.client.status()).heads).toEqual([]);
    });

    it.skipIf(kind === 'sqlite')('[S32] a refresh that meets a change of the password gets no tokens', async () => {
      await using story = await setup();
      const other = await story.another();
      const store = await openStore({ dataFolder: '/nowhere', databaseUrl, onTrouble: () => undefined });
      const { promise: isDone, resolve: done } = Promise.withResolvers<void>();
      const users = store.db.updateTable('users').set({ password_hash: 'another' }).where('email', '=', story.email);
      const { user_id: userId } = await store.db
        .selectFrom('users')
        .select('user_id')
        .where('email', '=', story.email)
        .executeTakeFirstOrThrow();
      // What a change of the password does, stopped before its commit.
      const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
      const change = store.db.transaction().execute(async (tx) => {
        await tx.executeQuery(users.compile());
        await tx.deleteFrom('tokens').where('user_id', '=', userId).execute();
        held();
        await isDone;
      });
      await isHeld;

      const refreshed = refresh(other.address, other.device);
      await vi.waitFor(async () => {
        const { rows } = await sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`.execute(store.db);
        expect(rows).toHaveLength(1);
      });
      done();
      await change;

      expect(refusalOf(await refreshed).code).toBe('unauthenticated');
      const left = await store.db.selectFrom('tokens').select('kind').where('user_id', '=', userId).execute();
      expect(left).toEqual([]);
      await store.close();
    });

    it('[S10] tells other devices at once, and ends the stream of a revoked one', async () => {
      await using story = await setup();
      const { client, server } = story;
      const other = await story.another();
      const stream = await openEvents(other);
      await client.push(client.nextEntry());
      expect(await stream.next('"index":1')).toContain(client.device.deviceId);

      await call(server.address, 'DELETE', pathOf('device', { device: other.device.deviceId }), {
        token: client.device.accessToken,
      });

      await stream.ended;
      expect((await other.push(other.nextEntry())).status).toBe(401);
    });

    it('[S6] carries a join to the new device, and its sealed key to nobody else', async () => {
      await using story = await setup();
      const { client } = story;
      const other = await story.another();
      const third = await story.another();
      await other.send('POST', 'joins', { json: {} });
      const waiting = joinsAnswerSchema.parse((await client.send('GET', 'joins')).json).joins;
      expect(waiting).toMatchObject([
        { device: other.device.deviceId, agreementKey: other.device.agreementKey, sealedKey: null },
      ]);
      expect(refusalOf(await other.send('POST', 'answerJoin', { json: { answer: 'refuse' } })).code).toBe('forbidden');

      const sealedKey = Buffer.from('sealed').toString('base64');
      const path = pathOf('answerJoin', { vault: client.vault, device: other.device.deviceId });
      const answered = await call(client.address, 'POST', path, {
        token: client.device.accessToken,
        json: { answer: 'approve', sealedKey },
      });

      expect(answered.status).toBe(200);
      const joinPath = pathOf('join', { vault: client.vault, device: other.device.deviceId });
      const seenBy = async ({ device }: ReplicaClient) =>
        joinSchema.parse((await call(client.address, 'GET', joinPath, { token: device.accessToken })).json);
      expect(await seenBy(other)).toMatchObject({ status: 'approved', sealedKey, approvedBy: client.device.deviceId });
      expect(await seenBy(third)).toMatchObject({ status: 'approved', sealedKey: null });
    });

    it('[S6] keeps key slots, and lets none be overwritten unseen', async () => {
      await using story = await setup();
      const { client } = story;
      const slots = Buffer.from('wrapped').toString('base64');

      expect((await client.send('PUT', 'slots', { json: { revision: 0, slots } })).json).toEqual({
        revision: 1,
        slots,
      });
      expect(refusalOf(await client.send('PUT', 'slots', { json: { revision: 0, slots } })).code).toBe('conflict');
      expect((await client.send('GET', 'slots')).json).toEqual({ revision: 1, slots });
    });

    it('[S4] changes its generation when it came back from a backup, and only then', async () => {
      await using story = await setup();
      const { client, server } = story;
      const { generation } = await client.status();

      expect((await client.status()).generation).toBe(generation);
      await markRestored({ dataFolder: server.folder, databaseUrl });
      expect((await client.status()).generation).not.toBe(generation);
    });

    it('[S30] pages through a log of any length, in order and without gaps', async () => {
      await using story = await setup();
      const { client } = story;
      await client.push(...Array.from({ length: 300 }, () => client.nextEntry()));
      const seen: number[] = [];
      for (;;) {
        const page = await client.pull({ [client.device.deviceId]: seen.at(-1) ?? 0 }, { maxEntries: 70 });
        if (page.length === 0) break;
        seen.push(...page.map(({ part }) => part.index));
      }

      expect(seen).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
      expect(await client.pull({}, { maxBytes: 1 })).toHaveLength(1);
    });

    it('[S30] pages by bytes where small entries are followed by large ones', async () => {
      await using story = await setup();
      const { client } = story;
      await client.push(...Array.from({ length: 40 }, () => client.nextEntry()));
      for (let at = 0; at < 4; at += 1)
        await client.push(...Array.from({ length: 5 }, () => client.nextEntry([], {}, 100_000)));
      const seen: number[] = [];
      const pages: number[] = [];
      for (;;) {
        const page = await client.pull({ [client.device.deviceId]: seen.at(-1) ?? 0 }, { maxBytes: 350_000 });
        if (page.length === 0) break;
        seen.push(...page.map(({ part }) => part.index));
        pages.push(page.reduce((sum, { body }) => sum + (body?.payload.length ?? 0), 0));
      }

      expect(seen).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
      expect(Math.max(...pages)).toBeLessThan(350_000);
      expect(pages).toHaveLength(7);
    });

    it('opens no door of another account', async () => {
      await using story = await setup();
      const { client, server } = story;
      const object = anObject();
      await client.upload(object);
      await client.push(client.nextEntry([object.id]));
      const email = newEmail();
      await signUp(server.address, email);
      const thief = new ReplicaClient(server.address, await logIn(server.address, email), client.vault);
      const doors: Array<[string, RouteName, object?]> = [
        ['GET', 'status'],
        ['POST', 'pull', { json: { after: [] } }],
        ['POST', 'have', { json: { ids: [object.id] } }],
        ['POST', 'getObjects', { json: { objects: [{ id: object.id }] } }],
        ['POST', 'damaged', { json: { ids: [object.id] } }],
        ['POST', 'free', { json: { ids: [object.id] } }],
        ['PUT', 'objects', { bytes: toFrame(object) }],
        ['POST', 'entries', { bytes: encodeWireEntries([thief.nextEntry()]) }],
        ['GET', 'slots'],
        ['GET', 'joins'],
        ['POST', 'joins', { json: {} }],
        ['GET', 'events'],
      ];

      for (const [method, route, options] of doors) {
        const reply = await thief.send(method, route, options);
        const nothing = await new ReplicaClient(server.address, thief.device, newVaultId()).send(
          method,
          route,
          options,
        );
        // What is somebody else's and what is not there look the same.
        expect([route, reply.status, reply.json]).toEqual([route, 404, nothing.json]);
      }
      const device = pathOf('device', { device: client.device.deviceId });
      expect((await call(server.address, 'DELETE', device, { token: thief.device.accessToken })).status).toBe(404);
      // A vault of the same name in another account is another vault.
      await thief.createVault();
      expect((await thief.have([object.id])).missing).toEqual([object.id]);
      expect(await thief.pull()).toEqual([]);
    });

    it('refuses a hostile client: forged devices, others’ tokens, huge bodies, garbage', async () => {
      await using story = await setup();
      const { client, server } = story;
      const other = await story.another();
      const forged = new ReplicaClient(
        server.address,
        { ...newDevice(), accessToken: client.device.accessToken },
        client.vault,
      );
      expect(refusalOf(await forged.push(forged.nextEntry())).code).toBe('forbidden');
      const asOther = other.nextEntry();
      expect(refusalOf(await client.push(asOther)).code).toBe('forbidden');
      const own = client.nextEntry();
      expect(refusalOf(await client.push({ ...own, signature: randomBytes(64) })).code).toBe('forbidden');
      expect(refusalOf(await client.push({ ...own, bodyBytes: randomBytes(60) })).code).toBe('bad-request');

      for (const token of ['x', `cairn_a_${'0'.repeat(16)}_${'A'.repeat(43)}`, client.device.refreshToken])
        expect((await call(server.address, 'GET', ROUTES.account, { token })).status).toBe(401);
      expect((await client.send('PUT', 'slots', { json: { revision: 0, slots: 'A'.repeat(400_000) } })).status).toBe(
        413,
      );
      const tooMany = Buffer.concat(Array.from({ length: MAX_BATCH_FRAMES + 1 }, () => toFrame(anObject(1))));
      expect((await client.send('PUT', 'objects', { bytes: tooMany })).status).toBe(413);
      for (const bytes of [randomBytes(3), randomBytes(5_000)]) {
        expect((await client.send('PUT', 'objects', { bytes })).status).toBe(400);
        expect((await client.send('POST', 'entries', { bytes })).status).toBe(400);
      }
      const pulls = [
        { after: [{ device: 'x', index: 1 }] },
        { after: [{ device: client.device.deviceId, index: -1 }] },
        { after: 'all' },
        { after: [], maxEntries: 1e9 },
      ];
      for (const json of pulls) expect((await client.send('POST', 'pull', { json })).status).toBe(400);
      const beyond = { after: [{ device: client.device.deviceId, index: Number.MAX_SAFE_INTEGER }] };
      expect((await client.send('POST', 'pull', { json: beyond })).bytes.length).toBe(0);
      expect((await client.send('POST', 'have', { json: { ids: ["' OR 1=1 --" as ObjectId] } })).status).toBe(400);
      for (const path of [
        '/v1/vaults/x/status',
        `/v1/vaults/${'%00'.repeat(64)}/status`,
        '/v1/vaults//status',
        '/../etc/passwd',
      ])
        expect((await call(server.address, 'GET', path, { token: client.device.accessToken })).status).toBe(404);
      // It still stands.
      expect((await client.push(own)).status).toBe(200);
    });
  });
});

interface Events {
  /** The text up to where this stands in it. */
  next(part: string): Promise<string>;
  readonly ended: Promise<void>;
}

async function openEvents(client: ReplicaClient): Promise<Events> {
  const path = pathOf('events', { vault: client.vault });
  const response = await fetch(`${client.address}${path}`, {
    headers: { authorization: `Bearer ${client.device.accessToken}`, 'cairn-protocol': '1' },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('no stream');
  let text = '';
  const read = async (): Promise<boolean> => {
    const { value, done } = await reader.read();
    text += value ?? '';
    return !done;
  };
  await read();
  return {
    next: async (part) => {
      while (!text.includes(part)) if (!(await read())) throw new Error(`the stream ended before ${part}`);
      return text;
    },
    get ended() {
      return (async () => {
        while (await read());
      })();
    },
  };
}
