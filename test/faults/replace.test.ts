// A kill, or a power cut, at each step of putting another file in the vault's place: by a repair, by a merge (a
// backup that is put back takes the same way). The vault has a log that was not yet written into its file. At each point the vault must open as it was or as it was to be, with all that
// was acknowledged, and nothing may lie beside it but what docs/recovery.md names. CAIRN_POWER_CUTS=all tries every way of a power cut.

import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import type { SnapshotId } from '../../src/shared/model/ids.ts';
import { aCapture, aStream, aTerminal, key } from '../support/captures.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';
import { buildDiskShim, parseDiskLog, type DiskEvent } from './disk/disk-shim.ts';
import { CUT_MODES, RecordedDisk, type CutMode } from './disk/recorded-disk.ts';
import { optionsFor } from './ledger.ts';
import { randomFrom, SEED } from './random.ts';
import { findOperation } from './operations.ts';
import { runWorkload } from './run-workload.ts';

/** A kill leaves everything that was done; a power cut what the disk happens to have. */
const MODES: readonly CutMode[] = process.env['CAIRN_POWER_CUTS'] === 'all' ? CUT_MODES : ['everything', 'any'];
const WAYS = ['replace by a repair', 'replace by a merge'] as const;
const HOUR_MS = 3_600_000;
const USUAL = /^vault\.db(?:\.keys|\.(?:lock|open)(?:-journal)?|\.reserve|-wal|-shm)?$/;
const KEPT = /^vault\.db\.(?:damaged|before-merge)-\w+(?:\.keys|-wal|-shm)?$/;

const built = makeTemporaryFolder();
const library = buildDiskShim(built.path);
afterAll(() => built[Symbol.dispose]());

interface Prepared {
  readonly folder: string;
  readonly path: string;
  readonly recoveryKey: string;
  /** Snapshots as they are, the newest of them in the log alone, and as they are to be. */
  readonly before: readonly SnapshotId[];
  readonly after: readonly SnapshotId[];
}

async function save(vault: Vault, text: string, at: number): Promise<SnapshotId> {
  const items = [aTerminal('a', { streams: [aStream({ kind: 'blob', text: text.repeat(200) })] })];
  return (await vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + at * HOUR_MS }))).summary.id;
}

async function listIds(vault: Vault): Promise<SnapshotId[]> {
  return (await vault.listSnapshots({ limit: 100 })).map(({ id }) => id).toReversed();
}

/** A folder as a killed app leaves it: some of what it has saved stands in the log alone. */
async function prepare(way: (typeof WAYS)[number], place: string): Promise<Prepared> {
  await using test = await openTestVault();
  const early = [await save(test.vault, 'early\n', 0), await save(test.vault, 'damaged\n', 1)];
  const backups = join(place, 'backups');
  mkdirSync(backups);
  const { name } = await test.vault.backup({ folder: backups, keep: 1, nowMs: TEST_NOW_MS });
  copyFileSync(join(backups, name), join(place, 'other.db'));
  if (way === 'replace by a merge') await test.vault.forget(TEST_NOW_MS - 1, {});
  await test.vault.close();
  if (way === 'replace by a repair') damageLastChunk(test.path);
  await test.reopen();
  const reader = new BetterSqlite3(test.path, { readonly: true });
  // Who reads an old state keeps the log from being written back.
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM snapshots').get();
  const hot = await save(test.vault, 'in the log alone\n', 9);
  const folder = join(place, 'data');
  cpSync(test.folder, folder, { recursive: true });
  reader.close();
  const before = await listIds(test.vault);
  const { recoveryKey } = test;
  return { folder, path: join(folder, 'vault.db'), recoveryKey, before, after: [...early, hot] };
}

function damageLastChunk(path: string): void {
  const db = new BetterSqlite3(path);
  const row = db.prepare('SELECT record_id AS id, box FROM chunks ORDER BY record_id DESC LIMIT 1').get() as {
    id: number;
    box: Buffer;
  };
  row.box[60] = (row.box[60] ?? 0) ^ 0xff;
  row.box[61] = (row.box[61] ?? 0) ^ 0xff;
  db.prepare('UPDATE chunks SET box = ? WHERE record_id = ?').run(row.box, row.id);
  db.close();
}

/** From the first second name on to the end: before and after each change of names and each sync of them. */
function stepsOf(events: readonly DiskEvent[]): number[] {
  const first = events.findIndex(({ type }) => type === 'link');
  const moments = events.flatMap(({ type }, at) =>
    at >= first && ['link', 'rename', 'unlink', 'sync-folder'].includes(type) ? [at, at + 1] : [],
  );
  return first < 0 ? [] : [...new Set(moments)];
}

describe.skipIf(library === null)('putting another file in the place of a vault (needs gcc on Linux)', () => {
  it.each(WAYS)(
    '%s: a kill at any step leaves the vault as it was or as it is to be',
    async (way) => {
      using place = makeTemporaryFolder();
      const prepared = await prepare(way, place.path);
      const disk = new RecordedDisk(prepared.folder);
      const log = join(place.path, 'log');
      const env = { LD_PRELOAD: library ?? '', CAIRN_SHIM_FOLDER: prepared.folder, CAIRN_SHIM_LOG: log };
      const common = { operation: way, path: prepared.path, password: TEST_PASSWORD, seed: SEED, steps: 1, env };
      expect(await runWorkload(common)).toMatchObject({ exitCode: 0, stderr: '' });
      const events = parseDiskLog(readFileSync(log));
      disk.add(events);
      const steps = stepsOf(events);
      // Two links, three renames, and a sync after each kind of step.
      expect(steps.length).toBeGreaterThan(8);
      const failures: string[] = [];
      let asBefore = 0;
      const tried = new Set<string>();
      for (const cut of steps)
        for (const mode of MODES) {
          using left = makeTemporaryFolder();
          const data = join(left.path, 'data');
          disk.writeCut(cut, mode, randomFrom(SEED + cut), data);
          // A sync changes nothing that a kill leaves, and much of the rest is left alike by several cuts: each state is tried once.
          const state = fingerprint(data);
          if (tried.has(state)) continue;
          tried.add(state);
          try {
            if (await tryFolder(prepared, way, data, join(disk.root, '..', 'other.db'))) asBefore += 1;
          } catch (error) {
            failures.push(`${mode}, after ${JSON.stringify(events[cut - 1])}: ${String(error)}`);
          }
        }
      expect(failures).toEqual([]);
      // Else no cut fell before the moment that decides, or none after.
      expect(asBefore).toBeGreaterThan(0);
      expect(asBefore).toBeLessThan(tried.size);
    },
    300_000,
  );
});

/** What a folder holds: names, contents, and which names are of one file. */
function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  const first = new Map<number, string>();
  for (const name of readdirSync(folder).toSorted()) {
    const path = join(folder, name);
    const { ino } = statSync(path);
    if (!first.has(ino)) first.set(ino, name);
    hash.update(JSON.stringify([name, first.get(ino), readFileSync(path, 'base64')]));
  }
  return hash.digest('hex');
}

/** What a cut has left opens. True where the vault is as it was. */
async function tryFolder(
  { recoveryKey, before, after }: Prepared,
  way: (typeof WAYS)[number],
  folder: string,
  backup: string,
): Promise<boolean> {
  const path = join(folder, 'vault.db');
  const vault = await openVault(optionsFor(path, TEST_PASSWORD));
  let isBefore: boolean;
  try {
    expect(vault.notices.filter(({ code }) => ['rolled-back', 'opened-read-only'].includes(code))).toEqual([]);
    const ids = await listIds(vault);
    isBefore = JSON.stringify(ids) === JSON.stringify(before) && (way !== 'replace by a repair' || !isKept(folder));
    if (!isBefore) expect(ids).toEqual(after);
    const newest = ids.at(-1) as SnapshotId; // both have some
    await vault.readStream(newest, key('tmux:a'), 'scrollback');
    const { ok } = await vault.verify({ isDeep: true, nowMs: TEST_NOW_MS });
    if (way !== 'replace by a repair') expect(ok).toBe(true);
  } finally {
    await vault.close();
  }
  // The other way in leads to the same vault; it needs no hard derivation.
  const secret = { type: 'recovery', text: recoveryKey } as const;
  const beside = readdirSync(folder).filter((name) => !USUAL.test(name));
  expect(beside.filter((name) => !KEPT.test(name) && !name.includes('.new-'))).toEqual([]);
  if (isBefore) {
    expect(beside.filter((name) => KEPT.test(name))).toEqual([]);
    // And the same once more does the rest, and leaves nothing else.
    copyFileSync(backup, join(folder, '..', 'other.db'));
    await findOperation(way).step({ path, password: TEST_PASSWORD, seed: SEED, startMs: TEST_NOW_MS, vault: null }, 0);
    expect(readdirSync(folder).filter((name) => !USUAL.test(name) && !KEPT.test(name))).toEqual([]);
    await using again = await openVault({ ...optionsFor(path, ''), secret });
    expect(await listIds(again)).toEqual(after);
  } else {
    // What is kept is whole too: the old vault with its log and its keys.
    const kept = beside.find((name) => KEPT.test(name) && !/(?:keys|-wal|-shm)$/.test(name)) ?? '';
    await using old = await openVault({ ...optionsFor(join(folder, kept), ''), secret });
    expect(await listIds(old)).toEqual(before);
  }
  return isBefore;
}

function isKept(folder: string): boolean {
  return readdirSync(folder).some((name) => KEPT.test(name));
}
