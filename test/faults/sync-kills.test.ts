// kill -9 while devices sync: of a device's process in the middle of a round, of the server, of PostgreSQL under it, of one of two nodes.
// Afterwards devices carry on by themselves, and everything is on every one of them. CAIRN_SYNC_KILLS sets how many kills (1).

import { mkdirSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import BetterSqlite3 from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';

import { openSpawnedCairn, type SpawnedCairn } from '../cli/spawned-cli.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { FaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { startServerProcess, type ServerProcess } from '../support/server-process.ts';
import { startTestServer } from '../support/sync-server.ts';
import {
  ACCOUNT_PASSWORD,
  createServiceDevice,
  EMAIL,
  joinServiceDevice,
  type ServiceDevice,
} from '../support/sync-services.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { TEST_NOW_MS } from '../support/test-vault.ts';
import { randomFrom, SEED } from './random.ts';

const KILLS = Number(process.env['CAIRN_SYNC_KILLS'] ?? 1);
const WITHIN_MS = 180_000 + KILLS * 15_000;
/** Less than the poll that finds what no notice told of. */
const LEVEL_WITHIN_MS = 60_000;
const bin = findPostgres();
const opened: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A line that only takes its time, so that kills fall in the middle of things, to a server that may move. */
async function slowLine(target: () => string): Promise<FaultProxy> {
  const line = await new FaultProxy({
    target: () => ({ host: '127.0.0.1', port: Number(new URL(target()).port) }),
    random: randomFrom(SEED),
    faultShare: 0.4,
    faults: ['slow', 'delayed'],
  }).listen();
  opened.push(() => line[Symbol.asyncDispose]());
  return line;
}

function newFolder(): string {
  const folder = makeTemporaryFolder();
  opened.push(() => folder[Symbol.dispose]());
  return folder.path;
}

async function startNode(folder: string, databaseUrl: string | null): Promise<ServerProcess> {
  const server = await startServerProcess(folder, databaseUrl);
  opened.push(() => server.kill());
  return server;
}

/** Two devices of one vault that are on, and reach the server over this line. */
async function twoDevices(address: string): Promise<readonly [ServiceDevice, ServiceDevice]> {
  const one = await createServiceDevice('one');
  opened.push(() => one[Symbol.asyncDispose]());
  await one.sync.logIn({ server: address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true });
  await one.sync.syncNow({ acceptsDeletions: false });
  const two = await joinServiceDevice('two', address);
  opened.push(() => two[Symbol.asyncDispose]());
  await two.sync.syncNow({ acceptsDeletions: false });
  return [one, two];
}

/** Captures without a pause until it is told to stop, and lets the service sync by itself. */
function captureAlong(device: ServiceDevice, from: number): { stop(): Promise<number> } {
  let isOn = true;
  const work = (async () => {
    let count = 0;
    while (isOn) {
      const text = `${from} ${count} `.repeat(5_000);
      const items = [aTerminal('main', { streams: [aStream({ text })] })];
      await device.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + (from + count) * 1_000 }));
      device.sync.noteChange();
      count += 1;
      await wait(40);
    }
    return count;
  })();
  return {
    stop: () => {
      isOn = false;
      return work;
    },
  };
}

/** By itself: nobody asks for a round here. */
async function expectLevel(writer: ServiceDevice, name: string, reader: ServiceDevice): Promise<void> {
  const idsOf = async (device: ServiceDevice) =>
    (await device.vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
  const there = (): Promise<unknown> =>
    reader.sync.withDevice(name, async (lane) => (await lane.listSnapshots({ limit: 1_000 })).map(({ id }) => id));
  const expected = await idsOf(writer);
  await expect.poll(() => there().catch(() => null), { timeout: LEVEL_WITHIN_MS, interval: 200 }).toEqual(expected);
  await reader.sync.withDevice(name, async (lane) => {
    expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
  });
}

describe('kill -9 while devices sync', () => {
  it.each(['sqlite', 'postgres'] as const)(
    `[S9] of the server on %s, ${KILLS} times: devices carry on, nothing is lost or double`,
    { timeout: WITHIN_MS },
    async (kind) => {
      if (kind === 'postgres' && bin === null) return;
      const postgres = kind === 'postgres' && bin !== null ? startPostgres(bin) : null;
      if (postgres !== null) opened.push(() => postgres.close());
      const url = postgres?.createDatabase() ?? null;
      const random = randomFrom(SEED);
      const folder = newFolder();
      let server = await startNode(folder, url);
      const line = await slowLine(() => server.address);
      const [one, two] = await twoDevices(line.address);
      let count = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const along = captureAlong(one, count);
        await wait(100 + random() * 600);
        await server.kill();
        await wait(random() * 300);
        server = await startNode(folder, url);
        await wait(random() * 300);
        count += await along.stop();
      }
      one.sync.noteChange();

      await expectLevel(one, 'one', two);
    },
  );

  it.skipIf(bin === null)(
    `[S30] of PostgreSQL, ${KILLS} times: server and devices carry on, nothing is lost or double`,
    { timeout: WITHIN_MS },
    async () => {
      const postgres = startPostgres(bin ?? '');
      opened.push(() => postgres.close());
      const random = randomFrom(SEED + 1);
      const server = await startNode(newFolder(), postgres.createDatabase());
      const line = await slowLine(() => server.address);
      const [one, two] = await twoDevices(line.address);
      let count = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const along = captureAlong(one, count);
        await wait(100 + random() * 600);
        await postgres.kill();
        await wait(random() * 300);
        await postgres.start();
        count += await along.stop();
      }
      one.sync.noteChange();

      await expectLevel(one, 'one', two);
    },
  );

  it.skipIf(bin === null)(
    '[S30] of one of two nodes: both devices carry on, whichever they were at',
    { timeout: WITHIN_MS },
    async () => {
      const postgres = startPostgres(bin ?? '');
      opened.push(() => postgres.close());
      const url = postgres.createDatabase();
      const first = await startNode(newFolder(), url);
      const second = await startNode(newFolder(), url);
      // As a balancer that takes turns, and learns late that a node is gone.
      let nodes = [first, second];
      let turn = 0;
      const line = await slowLine(() => nodes[(turn += 1) % nodes.length]?.address ?? second.address);
      const [one, two] = await twoDevices(line.address);
      const along = captureAlong(one, 0);
      await wait(300);
      await first.kill();
      await wait(500);
      nodes = [second];
      await wait(200);
      await along.stop();
      one.sync.noteChange();

      await expectLevel(one, 'one', two);
      // And the other way.
      await two.vault.save(aCapture([aTerminal('answer')], { takenAtMs: TEST_NOW_MS }));
      two.sync.noteChange();
      await expectLevel(two, 'two', one);
    },
  );

  it(
    `[S9] of \`cairn run\` in the middle of a round, ${KILLS} times: another one sends the rest`,
    { timeout: WITHIN_MS },
    async () => {
      await using server = await startTestServer();
      const line = await slowLine(() => server.address);
      using cairn = openSpawnedCairn();
      const env = { CAIRN_ACCOUNT_PASSWORD: ACCOUNT_PASSWORD };
      const run = async (...argv: string[]): Promise<string> => {
        const { exitCode, stdout, stderr } = await cairn.run(argv, { env });
        expect(exitCode, `${argv.join(' ')}: ${stderr}`).toBe(0);
        return stdout;
      };
      await run('init', '--sources', 'claude-code', '--recovery-key-file', join(cairn.folder, 'recovery.txt'));
      await run('sync', 'login', line.address, '--sign-up', '--email', EMAIL, '--name', 'runner');
      const random = randomFrom(SEED + 2);
      for (let kill = 0; kill < KILLS; kill += 1) await runAndKill(cairn, random() * 1_600);

      // What was captured and not sent goes with the next one.
      const status = JSON.parse(await run('sync', 'now', '--json')) as {
        readonly waiting: { readonly snapshots: number };
      };
      const list = JSON.parse(await run('list', '--json', '--limit', '1000')) as {
        readonly snapshots: readonly { readonly id: string }[];
      };
      await using other = await joinServiceDevice('other', server.address);
      await other.sync.syncNow({ acceptsDeletions: false });
      const there = await other.sync.withDevice('runner', async (lane) => {
        expect(await lane.verify({ isDeep: true, nowMs: Date.now() })).toMatchObject({ ok: true });
        return (await lane.listSnapshots({ limit: 1_000 })).map(({ id }) => String(id));
      });
      expect(status.waiting.snapshots).toBe(0);
      expect(list.snapshots.length).toBeGreaterThan(0);
      expect(there).toEqual(list.snapshots.map(({ id }) => id));
      await run('verify', '--deep');
    },
  );
});

/** Kills it so long after it has captured for the first time. A conversation grows beside it, so that every capture has something to send. */
async function runAndKill(cairn: SpawnedCairn, afterMs: number): Promise<void> {
  const folder = join(cairn.folder, '.claude/projects/-work');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, '00000000-1111-2222-3333-444444444444.jsonl');
  const grow = (): void => appendFileSync(file, `{"type":"user","text":"${'word '.repeat(2_000)}${Math.random()}"}\n`);
  grow();
  const growing = setInterval(grow, 50);
  const before = countSnapshots(cairn);
  const { exitCode } = await cairn.run(['run', '--interval', '0.5'], {
    onStart: (child) => {
      const looking = setInterval(() => {
        if (countSnapshots(cairn) === before) return;
        clearInterval(looking);
        setTimeout(() => child.kill('SIGKILL'), afterMs);
      }, 20);
    },
  });
  clearInterval(growing);
  expect(exitCode).toBeNull();
}

function countSnapshots(cairn: SpawnedCairn): number {
  const db = new BetterSqlite3(join(cairn.home, 'vault.db'), { readonly: true });
  try {
    return Number(db.prepare('SELECT count(*) FROM snapshots').pluck().get());
  } finally {
    db.close();
  }
}
