// Random histories over TCP: devices as they ship, a real server, a line that cuts, delays, repeats, reorders and cuts short. Whatever was
// captured is in the end on every device, once, and nothing else is; what was acknowledged outlives its device; the server, its files, its
// log and the line never saw a word. `CAIRN_SYNC_HISTORIES=500` runs many; `CAIRN_SYNC_SEED=N` begins at that one.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ROUTES } from '../../src/shared/replication/routes.ts';
import { FaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTestServer } from '../support/sync-server.ts';
import { ACCOUNT_PASSWORD } from '../support/sync-services.ts';
import { TEST_PASSWORD } from '../support/test-vault.ts';
import { randomFrom } from './random.ts';
import { CANARY, runStory } from './sync-story.ts';

const HISTORIES = Number(process.env['CAIRN_SYNC_HISTORIES'] ?? '2');
const FIRST_SEED = Number(process.env['CAIRN_SYNC_SEED'] ?? '1');
/** One in so many is on PostgreSQL, where that is installed. */
const POSTGRES_EVERY = 5;
const WITHIN_MS = 120_000;

const bin = findPostgres();
const counts = new Map<string, number>();
let postgres: TestPostgres | null = null;

beforeAll(() => {
  if (bin !== null && HISTORIES >= POSTGRES_EVERY) postgres = startPostgres(bin);
});

afterAll(() => {
  const told = [...counts].map(([name, count]) => `${name} ${count}`).toSorted();
  process.stdout.write(`${HISTORIES} histories from seed ${FIRST_SEED}: ${told.join(', ')}\n`);
  postgres?.close();
});

/** Names of files below the folder in which a word stands. */
function filesWith(folder: string, words: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return words.some((word) => bytes.includes(word));
    })
    .map((entry) => entry.name);
}

async function runHistory(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const databaseUrl = postgres !== null && seed % POSTGRES_EVERY === 0 ? postgres.createDatabase() : null;
  await using server = await startTestServer({ databaseUrl, objects: seed % 2 === 0 ? 'files' : 'database' });
  await using line = await new FaultProxy({
    target: () => ({ host: '127.0.0.1', port: server.server.port }),
    random,
    faultShare: 0.04 + random() * 0.16,
    // What is good once: a code, and a refresh token, which ends the device's log-in where it comes again later. TLS lets no line repeat them.
    isOnceOnly: ({ path }) => path === ROUTES.refresh || path === ROUTES.deviceToken,
    canaries: [CANARY, TEST_PASSWORD],
  }).listen();

  await runStory({ seed, random, server, line });

  for (const [name, count] of line.counts) counts.set(name, (counts.get(name) ?? 0) + count);
  expect(line.leaks).toEqual([]);
  expect(filesWith(server.folder, [CANARY, TEST_PASSWORD, ACCOUNT_PASSWORD])).toEqual([]);
  const log = server.log.join('\n');
  for (const word of [CANARY, TEST_PASSWORD, ACCOUNT_PASSWORD, 'example.org']) expect(log).not.toContain(word);
}

describe('devices and a server over a bad line', () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed += 1)
    it(`[S3, S9] end alike, lose and double nothing, show nothing (seed ${seed})`, { timeout: WITHIN_MS }, () =>
      runHistory(seed),
    );

  it('leave no word in the files of PostgreSQL', ({ skip }) => {
    if (postgres === null) skip('no history ran on PostgreSQL');
    else expect(filesWith(postgres.stop(), [CANARY, TEST_PASSWORD, ACCOUNT_PASSWORD])).toEqual([]);
  });
});
