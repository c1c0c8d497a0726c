// Calls of the disk that fail at random moments of everything a vault does (EIO, ENOSPC, EROFS, EMFILE), and two processes at once, one of
// which is stopped in the middle. Each failure must come out as an error of the product, and afterwards nothing acknowledged may be missing.
// CAIRN_FAULT_RUNS sets how many runs each kind gets (1; `npm run faults` takes 66), CAIRN_FAULT_SEED repeats a run.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';

import { afterAll, describe, expect, it } from 'vitest';

import { openVault } from '../../src/core/vault/vault-client.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../support/test-vault.ts';
import { bundledPath } from '../support/worker-path.ts';
import { buildDiskShim } from './disk/disk-shim.ts';
import { Ledger, optionsFor } from './ledger.ts';
import { randomFrom, SEED } from './random.ts';
import { runWorkload } from './run-workload.ts';

const RUNS = Number(process.env['CAIRN_FAULT_RUNS'] ?? 1);
/** Longer than anybody waits for the writer's lock, where there is time for it. */
const STOPPED_MS = RUNS > 10 ? 20_000 : 1_500;
const built = makeTemporaryFolder();
const library = buildDiskShim(built.path);
const results: string[] = [];

afterAll(() => {
  for (const line of results) process.stdout.write(`${line}\n`);
  built[Symbol.dispose]();
});

/** The call, what it fails with, and of about how many such calls in a run it is one. */
const KINDS = [
  ['write', 'EIO', 400],
  ['write', 'ENOSPC', 400],
  ['write', 'EROFS', 400],
  ['sync', 'EIO', 120],
  ['read', 'EIO', 600],
  ['open', 'EMFILE', 60],
] as const;

async function expectWhole(test: TestVault, ledger: Ledger): Promise<void> {
  const password = await ledger.expectOnePassword(test.path);
  await using vault = await openVault(optionsFor(test.path, password));
  expect(vault.notices.filter(({ code }) => code === 'rolled-back' || code === 'opened-read-only')).toEqual([]);
  await ledger.expectPaid(vault, test.path);
  expect((await vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
}

describe.skipIf(library === null)('a disk that fails (needs gcc on Linux)', () => {
  it.each(KINDS)(
    'at %s with %s: is told as what it is, and takes nothing that was acknowledged',
    async (call, name, calls) => {
      const random = randomFrom(SEED + name.length + call.length);
      let refusals = 0;
      for (let run = 0; run < RUNS; run += 1) {
        await using test = await openTestVault();
        await test.vault.close();
        const after = Math.floor(random() * calls);
        // Once, or from then on.
        const count = random() < 0.5 ? 1 : 0;
        const fail = `${call},${constants.errno[name]},${after},${count},vault`;
        const env = {
          LD_PRELOAD: library ?? '',
          CAIRN_SHIM_FOLDER: test.folder,
          CAIRN_SHIM_FAIL: fail,
          CAIRN_WORKLOAD_GOES_ON: '1',
        };
        const common = { operation: 'mixed', path: test.path, password: TEST_PASSWORD, seed: run };
        const end = await runWorkload({ ...common, steps: 2, env });
        const where = `${fail}, run ${run} of seed ${SEED}: ${end.said.slice(-3).join('; ')}`;
        expect([end.exitCode, end.said.at(-1), end.stderr], where).toEqual([0, 'ended', '']);
        refusals += end.said.filter((line) => line.startsWith('refused ')).length;
        const ledger = new Ledger(TEST_PASSWORD);
        ledger.add(end.said);
        await expectWhole(test, ledger).catch((error: unknown) => {
          throw new Error(`${where}: ${String(error)}`, { cause: error });
        });
      }
      results.push(`${call} fails with ${name}: ${RUNS} runs, ${refusals} errors told, seed ${SEED}`);
    },
    60_000 + RUNS * 20_000,
  );
});

/** Saves so many times; `onLine` sees each word as it comes. */
function startCapturing(
  path: string,
  seed: number,
  steps: number,
  onLine: (line: string) => void,
): { readonly pid: number; readonly ended: Promise<{ said: string[]; exitCode: number | null }> } {
  const argv = ['--no-memory-protection-keys', bundledPath('workload'), 'capture', path, TEST_PASSWORD];
  const child = spawn(process.execPath, [...argv, String(seed), String(steps)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CAIRN_WORKLOAD_GOES_ON: '1' },
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    onLine(line);
  });
  const ended = new Promise<{ said: string[]; exitCode: number | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ said, exitCode }));
  });
  return { pid: child.pid ?? 0, ended };
}

it('two processes write at once, one of them stopped in the middle and woken: both keep what they acknowledged', async () => {
  await using test = await openTestVault();
  await test.vault.close();
  const random = randomFrom(SEED);
  const stopAfter = 2 + Math.floor(random() * 6);
  let words = 0;
  const first = startCapturing(test.path, 1, 30, () => {
    words += 1;
    if (words !== stopAfter) return;
    // As a laptop's lid: nothing of this process runs, and it may hold the writer's lock.
    process.kill(first.pid, 'SIGSTOP');
    setTimeout(() => process.kill(first.pid, 'SIGCONT'), STOPPED_MS);
  });
  const second = startCapturing(test.path, 2, 30, () => undefined);

  const ends = await Promise.all([first.ended, second.ended]);

  const ledger = new Ledger(TEST_PASSWORD);
  for (const { said, exitCode } of ends) {
    expect([exitCode, said.at(-1)]).toEqual([0, 'ended']);
    expect(said.filter((line) => line.startsWith('refused ') && line !== 'refused VAULT_BUSY')).toEqual([]);
    expect(said.filter((line) => line.startsWith('saved ')).length).toBeGreaterThan(10);
    ledger.add(said);
  }
  await expectWhole(test, ledger);
  results.push(`two processes, one stopped for ${STOPPED_MS} ms: ${ledger.count} snapshots owed, seed ${SEED}`);
}, 120_000);
