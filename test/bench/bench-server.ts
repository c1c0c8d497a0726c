// The sync server, each time as a process of its own, on SQLite and on PostgreSQL with the objects in files and in it: entries of a first sync, a
// pull with nothing new over a long log, the upload of objects as a share of what loopback and disk allow, memory with connected devices.
// CAIRN_BENCH_ENTRIES (1,000,000), CAIRN_BENCH_UPLOAD_MB (1,024) and CAIRN_BENCH_DEVICES (1,000) set how much. Without PostgreSQL its figures are
// missing, and fall short.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';

import { openStore } from '../../src/server/store/store.ts';
import { MAX_BATCH_FRAMES } from '../../src/shared/replication/limits.ts';
import { pathOf } from '../../src/shared/replication/routes.ts';
import { anObject, newVaultId, ReplicaClient, toFrame } from '../support/replica-client.ts';
import { startServerProcess, type ServerProcess } from '../support/server-process.ts';
import { newDevice, type TestDevice } from '../support/sync-server.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { atLeast, atMost, percentile, timeMs, type Figure } from './measure.ts';
import { measureOnEach, type ServerSetting } from './server-settings.ts';
import { measureTransferLimit } from './transfer-limit.ts';

const LOG_ENTRIES = Number(process.env['CAIRN_BENCH_ENTRIES'] ?? 1_000_000);
const UPLOAD_MB = Number(process.env['CAIRN_BENCH_UPLOAD_MB'] ?? 1_024);
const DEVICES = Number(process.env['CAIRN_BENCH_DEVICES'] ?? 1_000);
const PUSHED = 4_000;
const PUSHED_AT_ONCE = 500;
const PULLS = 200;
const OBJECT_BYTES = 128 * 1024;
/** As a device does. */
const MAX_CONCURRENT_UPLOADS = 3;
const MB = 1024 * 1024;
const USER = '0123456789abcdef';

interface Results {
  readonly entriesPerSecond: number;
  readonly pullMs: number;
  readonly uploadShare: number;
  readonly memoryMb: number;
}

await using folder = makeTemporaryFolder();
const batches = Array.from({ length: Math.ceil((UPLOAD_MB * MB) / (OBJECT_BYTES * MAX_BATCH_FRAMES)) }, () =>
  Buffer.concat(Array.from({ length: MAX_BATCH_FRAMES }, () => toFrame(anObject(OBJECT_BYTES)))),
);
const uploadedMb = (batches.length * MAX_BATCH_FRAMES * OBJECT_BYTES) / MB;
const figures = await measureOnEach(folder.path, runServer, toFigures);
process.stdout.write(JSON.stringify(figures));

function toFigures(name: string, results: Results | null): Figure[] {
  return [
    {
      name: `${name}: entries a second on a first sync`,
      value: results?.entriesPerSecond ?? null,
      unit: 'count',
      ...atLeast(2_000),
    },
    {
      name: `${name}: pull, nothing new in ${LOG_ENTRIES} entries, p50`,
      value: results?.pullMs ?? null,
      unit: 'ms',
      ...atMost(10),
    },
    {
      name: `${name}: upload of ${uploadedMb} MB, of the loopback and disk limit`,
      value: results?.uploadShare ?? null,
      unit: '%',
      ...atLeast(50),
    },
    {
      name: `${name}: memory with ${DEVICES} connected devices`,
      value: results?.memoryMb ?? null,
      unit: 'MB',
      ...atMost(200),
    },
  ];
}

async function runServer({ dataFolder, databaseUrl, objects }: ServerSetting): Promise<Results> {
  mkdirSync(dataFolder, { recursive: true });
  const devices = await seed(dataFolder, databaseUrl);
  const vault = newVaultId();
  const server = await startServerProcess(dataFolder, databaseUrl, objects);
  try {
    const client = new ReplicaClient(server.address, devices[0]!, vault);
    await client.createVault();
    const memoryMb = await measureMemory(server, devices, client);
    const before = client.index;
    const entries = Array.from({ length: PUSHED }, () => client.nextEntry());
    const pushed = await timeMs(async () => {
      for (let at = 0; at < PUSHED; at += PUSHED_AT_ONCE)
        assertOk(await client.push(...entries.slice(at, at + PUSHED_AT_ONCE)));
    });
    const limitBefore = await measureTransferLimit(batches, dataFolder);
    const uploaded = await timeMs(async () => {
      const left = batches.values();
      const send = async (): Promise<void> => {
        for (const bytes of left) assertOk(await client.send('PUT', 'objects', { bytes }));
      };
      await Promise.all(Array.from({ length: MAX_CONCURRENT_UPLOADS }, send));
    });
    const limitAfter = await measureTransferLimit(batches, dataFolder);
    await lengthenLog(dataFolder, databaseUrl, before + PUSHED);
    const reader = new ReplicaClient(server.address, devices[1]!, vault);
    // The server has closed connections that nobody used meanwhile.
    await reader.status().catch(() => reader.status());
    const pulls: number[] = [];
    for (let pull = 0; pull < PULLS; pull += 1) {
      const { ms, result } = await timeMs(() => reader.pull({ [client.device.deviceId]: LOG_ENTRIES }));
      if (result.length > 0) throw new Error('something was new');
      pulls.push(ms);
    }
    return {
      entriesPerSecond: (PUSHED / pushed.ms) * 1_000,
      pullMs: percentile(pulls, 0.5),
      uploadShare: ((uploadedMb / uploaded.ms) * 1_000 * 100) / ((limitBefore + limitAfter) / 2),
      memoryMb,
    };
  } finally {
    await server.kill();
  }
}

/** An account with its devices and their tokens: a thousand log-ins would meet the rate limit, as they should. */
async function seed(dataFolder: string, databaseUrl: string | null): Promise<TestDevice[]> {
  const store = await openStore({ dataFolder, databaseUrl, onTrouble: () => undefined });
  const devices = Array.from({ length: DEVICES }, () => ({
    ...newDevice(),
    accessToken: `cairn_a_${USER}_${randomBytes(32).toString('base64url')}`,
  }));
  const nowMs = Date.now();
  await store.db
    .insertInto('users')
    .values({ user_id: USER, email: 'a@example.org', password_hash: '', created_at_ms: nowMs, device_count: DEVICES })
    .execute();
  for (const [at, device] of devices.entries()) {
    const owner = { user_id: USER, device_no: at + 1 };
    await store.db
      .insertInto('devices')
      .values({
        ...owner,
        device_id: Buffer.from(device.deviceId, 'hex'),
        signing_key: Buffer.from(device.signingKey, 'hex'),
        agreement_key: Buffer.from(device.agreementKey, 'hex'),
        name: 'device',
        platform: 'linux',
        created_at_ms: nowMs,
        last_seen_at_ms: nowMs,
      })
      .execute();
    await store.db
      .insertInto('tokens')
      .values({
        ...owner,
        token_hash: createHash('sha256').update(device.accessToken).digest(),
        kind: 'access',
        expires_at_ms: nowMs + 3_600_000,
        parent_hash: null,
      })
      .execute();
  }
  await store.close();
  return devices;
}

/** The log grows beside the server, by rows of the usual size; what is measured is only how a long log is asked. */
async function lengthenLog(dataFolder: string, databaseUrl: string | null, from: number): Promise<void> {
  const store = await openStore({ dataFolder, databaseUrl, onTrouble: () => undefined });
  const row = {
    user_id: USER,
    vault_no: 1,
    device_no: 1,
    entry_hash: randomBytes(32),
    signed_bytes: randomBytes(180),
    signature: randomBytes(64),
    body_bytes: randomBytes(100),
    stored_at_ms: Date.now(),
  };
  for (let index = from + 1; index <= LOG_ENTRIES; index += 1_000) {
    const count = Math.min(1_000, LOG_ENTRIES - index + 1);
    const rows = Array.from({ length: count }, (_, at) => ({ ...row, entry_index: index + at }));
    await store.db.insertInto('entries').values(rows).execute();
  }
  await store.db.updateTable('heads').set({ entry_index: LOG_ENTRIES }).where('user_id', '=', USER).execute();
  await store.close();
}

async function measureMemory(
  server: ServerProcess,
  devices: ReadonlyArray<TestDevice>,
  client: ReplicaClient,
): Promise<number> {
  const path = pathOf('events', { vault: client.vault });
  const streams = devices.map(
    (device) =>
      new Promise<() => void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${device.accessToken}`, 'cairn-protocol': '1' };
        const request = get(`${server.address}${path}`, { headers, agent: false }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`events: ${response.statusCode}`));
          response.once('data', () => resolve(() => request.destroy()));
        });
        request.on('error', reject);
      }),
  );
  const closers = await Promise.all(streams);
  for (let push = 0; push < 20; push += 1) assertOk(await client.push(client.nextEntry()));
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  for (const close of closers) close();
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

function assertOk({ status, bytes }: { readonly status: number; readonly bytes: Buffer }): void {
  if (status !== 200) throw new Error(`${status}: ${bytes.toString('utf8').slice(0, 200)}`);
}
