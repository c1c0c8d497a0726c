// kill -9 at random moments of every operation on a vault. Afterwards the vault must open, verify must pass, and nothing that was
// acknowledged may be missing. CAIRN_FAULT_RUNS sets how many kills each operation gets (2; `npm run faults` takes 66: with
// kill-commands.test.ts 1,000), CAIRN_FAULT_SEED repeats a run.

import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { openVault } from '../../src/core/vault/vault-client.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';
import { Ledger, optionsFor } from './ledger.ts';
import { randomFrom, SEED } from './random.ts';
import { runWorkload } from './run-workload.ts';

const RUNS = Number(process.env['CAIRN_FAULT_RUNS'] ?? 2);
const FIXTURE = join(import.meta.dirname, '../fixtures/vaults/format-1');
const results: string[] = [];

afterAll(() => {
  for (const line of results) process.stdout.write(`${line}\n`);
});

/** Operations, and within how many milliseconds after they are ready the kill falls. */
const OPERATIONS = [
  ['capture', 250],
  ['prune', 250],
  ['forget', 300],
  ['rotation', 250],
  ['password', 250],
  ['sessions', 250],
  ['checkpoint', 250],
  ['redact', 400],
  ['index', 600],
  ['verify', 300],
  ['backup', 500],
  ['repair', 1200],
  ['inbox', 1200],
] as const;

describe.each(OPERATIONS)('kill -9 during %s', (operation, withinMs) => {
  it(
    `${RUNS} times: opens, verifies, lacks nothing acknowledged`,
    async () => {
      await using test = await openTestVault();
      await test.vault.close();
      const random = randomFrom(SEED + operation.length);
      const ledger = new Ledger(TEST_PASSWORD);
      let words = 0;
      let checks = 0;
      for (let run = 0; run < RUNS; run += 1) {
        const kill = { after: 'ready', delayMs: Math.floor(random() ** 2 * withinMs) };
        const common = { operation, path: test.path, password: ledger.password, seed: run };
        const { said, signal, stderr } = await runWorkload({ ...common, kill });
        expect([signal, stderr], said.join('; ')).toEqual(['SIGKILL', '']);
        ledger.add(said);
        words += said.length;
        checks += await expectWhole(test.path, ledger, operation, run);
      }
      // Nothing said means nothing proved; two kills alone may both fall before the first word.
      if (RUNS >= 10) expect(checks).toBeGreaterThan(0);
      results.push(
        `kill -9 during ${operation}: ${RUNS} kills, ${words} words, ${ledger.count} owed at the end, seed ${SEED}`,
      );
    },
    60_000 + RUNS * 8_000,
  );
});

async function expectWhole(path: string, ledger: Ledger, operation: string, run: number): Promise<number> {
  try {
    const password = await ledger.expectOnePassword(path);
    await using vault = await openVault(optionsFor(path, password));
    expect(vault.notices.filter(({ code }) => code === 'rolled-back' || code === 'opened-read-only')).toEqual([]);
    await ledger.expectPaid(vault, path);
    expect((await vault.verify({ isDeep: run % 10 === 9, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
    if (operation === 'rotation') {
      // What a kill interrupted goes on from where it was.
      const { rotation } = await vault.keys(TEST_NOW_MS);
      if (rotation !== null && Math.floor(rotation.total) % 2 === 0) await vault.rotate({ nowMs: TEST_NOW_MS });
    }
    return ledger.count;
  } catch (error) {
    throw new Error(`run ${run} of seed ${SEED}: ${String(error)}`, { cause: error });
  }
}

it(
  `kill -9 while an older format is brought to today's, ${RUNS} times: all of it is there`,
  async () => {
    using folder = makeTemporaryFolder();
    const path = join(folder.path, 'vault.db');
    const expected = JSON.parse(readFileSync(join(FIXTURE, 'expected.json'), 'utf8')) as {
      readonly snapshots: readonly { readonly summary: object }[];
    }; // written by make-vault.ts
    const random = randomFrom(SEED);
    let killed = 0;
    for (let run = 0; run < RUNS; run += 1) {
      for (const suffix of ['', '-wal', '-shm', '.keys', '.lock', '.reserve']) rmSync(path + suffix, { force: true });
      for (const name of ['vault.db', 'vault.db.keys']) cpSync(join(FIXTURE, name), join(folder.path, name));
      const kill = { after: 'starting', delayMs: Math.floor(random() * 250) };
      const common = { operation: 'migrate', path, password: TEST_PASSWORD, seed: run };
      const { signal } = await runWorkload({ ...common, steps: 1, kill });
      if (signal === 'SIGKILL') killed += 1;
      await using vault = await openVault(optionsFor(path, TEST_PASSWORD));
      const listed = (await vault.listSnapshots({ limit: 1000 })).toReversed();
      expect(listed.slice(0, expected.snapshots.length), `run ${run} of seed ${SEED}`).toEqual(
        expected.snapshots.map(({ summary }) => summary),
      );
      expect((await vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
    }
    results.push(
      `kill -9 during migration: ${killed} kills, ${expected.snapshots.length} snapshots owed, seed ${SEED}`,
    );
  },
  60_000 + RUNS * 8_000,
);
