// A simulated power cut: all that an operation does to its folder is recorded (disk/disk-shim.c), and after any of it the folder is built
// as a disk could hold it then (disk/recorded-disk.ts). The vault must open, verify and lack nothing acknowledged. Without more,
// one recording of everything gets some cuts; CAIRN_POWER_CUTS sets how many each operation gets (`npm run faults` takes 60; `all` means
// every telling moment in every mode), CAIRN_FAULT_SEED repeats a run.

import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { openVault } from '../../src/core/vault/vault-client.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';
import { buildDiskShim, parseDiskLog } from './disk/disk-shim.ts';
import { CUT_MODES, RecordedDisk, type CutMode } from './disk/recorded-disk.ts';
import { Ledger, optionsFor } from './ledger.ts';
import { randomFrom, SEED } from './random.ts';
import { runWorkload } from './run-workload.ts';

const WANTED = process.env['CAIRN_POWER_CUTS'] ?? 'some';
const SOME = 9;
const FIXTURE = join(import.meta.dirname, '../fixtures/vaults/format-1');
/** Operations and how many steps of each are recorded. */
const OPERATIONS = {
  mixed: 1,
  capture: 7,
  checkpoint: 4,
  prune: 2,
  forget: 2,
  redact: 3,
  rotation: 2,
  password: 3,
  backup: 4,
  repair: 2,
  sessions: 8,
  inbox: 2,
  verify: 2,
  migrate: 1,
} as const;

const built = makeTemporaryFolder();
const library = buildDiskShim(built.path);
const results: string[] = [];

afterAll(() => {
  for (const line of results) process.stdout.write(`${line}\n`);
  built[Symbol.dispose]();
});

/** A closed vault with a little in it, or one of an older format. */
async function prepareVault(
  operation: string,
): Promise<{ readonly folder: string; readonly path: string } & Disposable> {
  const place = makeTemporaryFolder();
  const folder = join(place.path, 'data');
  const path = join(folder, 'vault.db');
  if (operation === 'migrate') cpSync(FIXTURE, folder, { recursive: true });
  else {
    await using test = await openTestVault();
    for (let at = 0; at < 5; at += 1)
      await test.vault.save(
        aCapture([aTerminal('before', { streams: [aStream({ text: `before ${at}\n` })] })], {
          takenAtMs: TEST_NOW_MS - 1_000_000 + at,
        }),
      );
    await test.vault.close();
    cpSync(test.folder, folder, { recursive: true });
  }
  return { folder, path, [Symbol.dispose]: place[Symbol.dispose] };
}

async function record(operation: keyof typeof OPERATIONS, folder: string, path: string): Promise<RecordedDisk> {
  using logs = makeTemporaryFolder();
  const log = join(logs.path, 'log');
  const disk = new RecordedDisk(folder);
  const env = { LD_PRELOAD: library ?? '', CAIRN_SHIM_FOLDER: folder, CAIRN_SHIM_LOG: log };
  const common = { operation, path, password: TEST_PASSWORD, seed: SEED };
  const { exitCode, said, stderr } = await runWorkload({ ...common, steps: OPERATIONS[operation], env });
  expect([exitCode, said.at(-1), stderr]).toEqual([0, 'ended', '']);
  disk.add(parseDiskLog(readFileSync(log)));
  return disk;
}

function planCuts(disk: RecordedDisk, random: () => number): { readonly cut: number; readonly mode: CutMode }[] {
  const telling = disk.telling();
  if (WANTED === 'all') return telling.flatMap((cut) => CUT_MODES.map((mode) => ({ cut, mode })));
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value; // not empty
  return Array.from({ length: WANTED === 'some' ? SOME : Number(WANTED) }, (_, at) => ({
    cut: at % 3 === 0 ? Math.floor(random() * disk.length) : pick(telling),
    mode: pick(CUT_MODES),
  }));
}

/** Cuts the power there, and gives how much was owed. */
async function tryCut(disk: RecordedDisk, cut: number, mode: CutMode, seed: number): Promise<number> {
  using place = makeTemporaryFolder();
  const folder = join(place.path, 'data');
  const path = join(folder, 'vault.db');
  disk.writeCut(cut, mode, randomFrom(seed), folder);
  const ledger = new Ledger(TEST_PASSWORD);
  ledger.add(disk.saidBefore(cut));
  const password = await ledger.expectOnePassword(path);
  await using vault = await openVault(optionsFor(path, password));
  expect(vault.notices.filter(({ code }) => ['rolled-back', 'opened-read-only'].includes(code))).toEqual([]);
  await ledger.expectPaid(vault, path);
  expect((await vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  // And it goes on from there.
  await vault.save(aCapture([aTerminal('after', { streams: [aStream({ text: 'after\n' })] })]));
  return ledger.count;
}

const all = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]; // as written above
const names = WANTED === 'some' ? (['mixed'] as const) : all;
const cutsMs = (WANTED === 'all' ? 5_000 : WANTED === 'some' ? SOME : Number(WANTED)) * 6_000;

describe.skipIf(library === null)('a power cut (needs gcc on Linux)', () => {
  it.each(names)(
    'during %s loses nothing that was acknowledged',
    async (operation) => {
      using place = await prepareVault(operation);
      const disk = await record(operation, place.folder, place.path);
      // A recording without syncs or words would prove nothing.
      expect(disk.telling().length).toBeGreaterThan(10);
      const random = randomFrom(SEED + operation.length);
      const plan = planCuts(disk, random);
      const failures: string[] = [];
      let owed = 0;
      for (const [at, { cut, mode }] of plan.entries()) {
        try {
          owed += await tryCut(disk, cut, mode, SEED + at);
        } catch (error) {
          failures.push(`cut ${cut} of ${disk.length}, ${mode}, seed ${SEED}, number ${at}: ${String(error)}`);
          if (failures.length >= 20) break;
        }
      }
      results.push(
        `power cut during ${operation}: ${disk.length} things recorded, ${plan.length} cuts, ${owed} owed, ${failures.length} failures, seed ${SEED}`,
      );
      expect(failures).toEqual([]);
    },
    60_000 + cutsMs,
  );
});

/** A disk of the test's own, whose cuts are known. */
describe('RecordedDisk', () => {
  it('keeps what was synced, and nothing else where nothing else survives', () => {
    using place = makeTemporaryFolder();
    const disk = new RecordedDisk(place.path);
    const path = join(place.path, 'a');
    disk.add([
      { type: 'create', inode: 7, path },
      { type: 'write', inode: 7, offset: 0, bytes: Buffer.from('one') },
      { type: 'sync', inode: 7 },
      { type: 'sync-folder', path: place.path },
      { type: 'write', inode: 7, offset: 3, bytes: Buffer.from('two') },
      { type: 'rename', from: path, to: join(place.path, 'b') },
      { type: 'say', text: 'done\n' },
    ]);
    const at = (cut: number, mode: CutMode): string => {
      rmSync(path, { force: true });
      disk.writeCut(cut, mode, () => 0.9, place.path);
      return readFileSync(mode === 'everything' ? join(place.path, 'b') : path, 'utf8');
    };

    expect(at(7, 'nothing')).toBe('one');
    expect(at(7, 'everything')).toBe('onetwo');
    expect(disk.saidBefore(7)).toEqual(['done']);
    expect(disk.saidBefore(6)).toEqual([]);
    // The name was synced, and the content of a file that was never synced need not be there.
    expect(at(4, 'nothing')).toBe('one');
  });
});
