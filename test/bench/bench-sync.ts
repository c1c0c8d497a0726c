// Sync as two devices have it, each with a vault and the service of the app, over a server of its own process: how long until a capture is on
// the other device, and how fast a whole vault goes up and comes down. In one run on SQLite, and on PostgreSQL with the objects in files, as
// docs/self-hosting.md sets it up, and in the database, as several nodes share them. CAIRN_BENCH_SYNC_MB sets how much (1,024). Without
// PostgreSQL its figures are missing, and fall short.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { MAX_BATCH_BYTES } from '../../src/shared/replication/limits.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { startServerProcess } from '../support/server-process.ts';
import {
  ACCOUNT_PASSWORD,
  createServiceDevice,
  EMAIL,
  joinServiceDevice,
  type ServiceDevice,
} from '../support/sync-services.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { atLeast, atMost, percentile, timeMs, type Figure } from './measure.ts';
import { measureOnEach, type ServerSetting } from './server-settings.ts';
import { measureTransferLimit } from './transfer-limit.ts';

const MB = 1024 * 1024;
const VAULT_MB = Number(process.env['CAIRN_BENCH_SYNC_MB'] ?? 1_024);
const SNAPSHOT_MB = 32;
const CAPTURES = 40;
const CAPTURE_BYTES = 100_000;
const BETWEEN_CAPTURES_MS = 250;
const SMALL_SNAPSHOTS = 2_000;
const UPKEEP_MS = 2_000;
/** What is looked at for the limit. */
const LIMIT_BATCHES = 64;

interface Results {
  readonly arrivalsMs: readonly number[];
  readonly sentMbPerSecond: number;
  /** What loopback and disk allow, the mean of before and after. */
  readonly limitMbPerSecond: number;
  readonly receivedMbPerSecond: number;
  readonly sentSnapshotsPerSecond: number;
  readonly receivedSnapshotsPerSecond: number;
}

await using folder = makeTemporaryFolder();
const batches = Array.from({ length: LIMIT_BATCHES }, () => randomBytes(MAX_BATCH_BYTES));
const figures = await measureOnEach(folder.path, measure, toFigures);
process.stdout.write(JSON.stringify(figures));

async function measure({ dataFolder, databaseUrl, objects }: ServerSetting): Promise<Results> {
  mkdirSync(dataFolder, { recursive: true });
  const server = await startServerProcess(dataFolder, databaseUrl, objects);
  try {
    await using one = await createServiceDevice('one');
    await one.sync.logIn({ server: server.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true });
    await syncNow(one);
    await using two = await joinServiceDevice('two', server.address);
    await syncNow(two);
    const arrivalsMs = await measureArrivals(one, two);
    for (const device of [one, two]) await device.sync.setOn(false);
    let takenAtMs = Date.now();
    for (let saved = 0; saved < SMALL_SNAPSHOTS; saved += 1)
      await one.vault.save(
        aCapture([aTerminal(`small ${saved % 10}`, { title: `${saved}` })], { takenAtMs: (takenAtMs += 1_000) }),
      );
    const small = await measureTransfer(one, two);
    for (let savedMb = 0; savedMb < VAULT_MB; savedMb += SNAPSHOT_MB)
      await one.vault.save(aLargeCapture((takenAtMs += 1_000)));
    await rest(one);
    const before = await measureTransferLimit(batches, dataFolder);
    const large = await measureTransfer(one, two);
    const after = await measureTransferLimit(batches, dataFolder);
    return {
      arrivalsMs,
      limitMbPerSecond: (before + after) / 2,
      sentMbPerSecond: (VAULT_MB / large.sentMs) * 1_000,
      receivedMbPerSecond: (VAULT_MB / large.receivedMs) * 1_000,
      sentSnapshotsPerSecond: (SMALL_SNAPSHOTS / small.sentMs) * 1_000,
      receivedSnapshotsPerSecond: (SMALL_SNAPSHOTS / small.receivedMs) * 1_000,
    };
  } finally {
    await server.kill();
  }
}

/** A vault of so much is not a second old: its search index has followed, and parity is built. */
async function rest({ vault }: ServiceDevice): Promise<void> {
  for (let tookMs = Infinity; tookMs >= UPKEEP_MS / 2;) {
    const startMs = performance.now();
    await vault.upkeep(UPKEEP_MS);
    tookMs = performance.now() - startMs;
  }
}

/** From the commit on one device until the other can read it; nobody asks for a round. */
async function measureArrivals(one: ServiceDevice, two: ServiceDevice): Promise<number[]> {
  const arrivals: number[] = [];
  const { device } = await one.sync.status();
  const { id } = device ?? { id: '' };
  for (let capture = 0; capture < CAPTURES; capture += 1) {
    const text = randomBytes(CAPTURE_BYTES / 2).toString('hex');
    const items = [aTerminal('main', { streams: [aStream({ text })] })];
    const { summary } = await one.vault.save(aCapture(items, { takenAtMs: Date.now() }));
    const committedAtMs = performance.now();
    one.sync.noteChange();
    while (!(await has(two, id, summary.takenAtMs))) await wait(5);
    arrivals.push(performance.now() - committedAtMs);
    await wait(BETWEEN_CAPTURES_MS);
  }
  return arrivals;
}

async function has({ sync }: ServiceDevice, device: string, takenAtMs: number): Promise<boolean> {
  const lane = sync.lanes.list().find((known) => known === device);
  return lane !== undefined && ((await sync.lanes.facts(lane)).newestAtMs ?? 0) >= takenAtMs;
}

async function measureTransfer(
  one: ServiceDevice,
  two: ServiceDevice,
): Promise<{ readonly sentMs: number; readonly receivedMs: number }> {
  await one.sync.setOn(true);
  const sent = await timeMs(() => syncNow(one));
  await one.sync.setOn(false);
  await two.sync.setOn(true);
  const received = await timeMs(() => syncNow(two));
  await two.sync.setOn(false);
  return { sentMs: sent.ms, receivedMs: received.ms };
}

function syncNow(device: ServiceDevice): Promise<void> {
  return device.sync.syncNow({ acceptsDeletions: false });
}

/** Of content that does not compress, none of it seen before. */
function aLargeCapture(takenAtMs: number): ReturnType<typeof aCapture> {
  const streams = [aStream({ content: { type: 'whole', bytes: Uint8Array.from(randomBytes(SNAPSHOT_MB * MB)) } })];
  return aCapture([aTerminal('large', { streams })], { takenAtMs });
}

function toFigures(name: string, results: Results | null): Figure[] {
  const share = results === null ? null : (results.sentMbPerSecond / results.limitMbPerSecond) * 100;
  const upload = `${name}: first upload of ${VAULT_MB} MB by a device, of the loopback and disk limit`;
  return [
    {
      name: `${name}: a capture is on the second device after its commit, p50`,
      value: results === null ? null : percentile(results.arrivalsMs, 0.5),
      unit: 'ms',
      ...atMost(2_000),
    },
    {
      name: `${name}: the same, p99`,
      value: results === null ? null : percentile(results.arrivalsMs, 0.99),
      unit: 'ms',
    },
    { name: upload, value: share, unit: '%', ...atLeast(50) },
    { name: `${name}: the same, MB a second`, value: results?.sentMbPerSecond ?? null, unit: 'MB' },
    { name: `${name}: the limit, MB a second`, value: results?.limitMbPerSecond ?? null, unit: 'MB' },
    { name: `${name}: another device takes it, MB a second`, value: results?.receivedMbPerSecond ?? null, unit: 'MB' },
    {
      name: `${name}: small snapshots a second, sent`,
      value: results?.sentSnapshotsPerSecond ?? null,
      unit: 'count',
    },
    {
      name: `${name}: small snapshots a second, received`,
      value: results?.receivedSnapshotsPerSecond ?? null,
      unit: 'count',
    },
  ];
}
