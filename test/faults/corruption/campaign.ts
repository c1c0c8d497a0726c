// One damaged file after the other: it is opened, read, repaired and read again, and everything that comes out is judged.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { openVaultFiles } from '../../../src/core/vault/open-vault.ts';
import { repairVault } from '../../../src/core/vault/repair/repair-vault.ts';
import { UNCONTROLLED } from '../../../src/core/vault/repair/salvage.ts';
import type { VaultState } from '../../../src/core/vault/log/vault-state.ts';
import { vaultFiles } from '../../../src/core/vault/vault-files.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';
import { DAMAGES, type Damaged } from './damage.ts';
import { Random } from './random.ts';
import { readAll, type ItemContent, type Specimen, type VaultBytes } from './specimen.ts';

export interface Judgement {
  /** Items of snapshots that came back, of those that could. */
  readonly recovered: number;
  readonly expected: number;
  /** What must never happen, in words. */
  readonly faults: readonly string[];
  readonly ways: string;
}

/** Damages a copy by a class and a seed, and judges what Cairn makes of it. */
export async function judge(specimen: Specimen, className: string, seed: number, parent: string): Promise<Judgement> {
  const damage = DAMAGES[className];
  if (damage === undefined) throw new RangeError('unknown class');
  const damaged = damage(specimen, new Random(seed));
  const folder = mkdtempSync(join(parent, 'case-'));
  try {
    return await judgeFiles(specimen, damaged, join(folder, 'vault.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judgeFiles(specimen: Specimen, damaged: Damaged, path: string): Promise<Judgement> {
  const faults: string[] = [];
  writeVault(path, damaged.bytes);
  await open(specimen, path, faults, 'opening', (state) => faults.push(...findWrong(specimen, state)));
  writeVault(path, damaged.bytes);
  const files = vaultFiles(path);
  const options = { sidecarPath: files.sidecar, random: randomBytes, argon2: ARGON2_FLOOR };
  let ways = 'nothing left';
  try {
    const asked = { ...options, backups: [], nowMs: TEST_NOW_MS, isDryRun: false };
    const report = await repairVault(files, specimen.secret, asked, UNCONTROLLED);
    ways = report.isWhole ? 'whole' : report.tier;
  } catch (error) {
    if (!(error instanceof AppError)) faults.push(`the repair failed: ${String(error)}`);
  }
  let recovered = 0;
  const expected = [...specimen.truth]
    .filter(([id]) => !damaged.gone(id))
    .flatMap(([id, items]) => [...items.keys()].map((key) => `${id} ${key}`));
  const there = new Set<string>();
  await open(specimen, path, faults, 'opening what was repaired', (state) => {
    faults.push(...findWrong(specimen, state));
    faults.push(...findMissing(specimen, damaged, state));
    const { snapshots, stale } = readAll(state);
    for (const name of expected) {
      const [id, key] = split(name);
      const content = snapshots.get(id)?.get(key);
      if (content === undefined || stale.has(name)) continue;
      there.add(name);
      recovered += 1;
    }
  });
  if (damaged.touched !== null) {
    for (const name of expected) {
      if (there.has(name) || !isUntouched(specimen, damaged.touched, name)) continue;
      faults.push(`${name} was not touched and did not come back`);
    }
  }
  return { recovered, expected: expected.length, faults: faults.slice(0, 5), ways };
}

function split(name: string): [string, string] {
  const at = name.indexOf(' ');
  return [name.slice(0, at), name.slice(at + 1)];
}

function isUntouched(specimen: Specimen, touched: ReadonlySet<number>, name: string): boolean {
  return (specimen.needs.get(name) ?? []).every((alternatives) =>
    alternatives.some((pages) => [...pages].every((page) => !touched.has(page))),
  );
}

/** Opens and closes; what is thrown must be one of Cairn's own errors. */
async function open(
  specimen: Specimen,
  path: string,
  faults: string[],
  what: string,
  use: (state: VaultState) => void,
): Promise<void> {
  const files = vaultFiles(path);
  try {
    const opened = await openVaultFiles(files, specimen.secret, {
      sidecarPath: files.sidecar,
      random: randomBytes,
      argon2: ARGON2_FLOOR,
    });
    try {
      use(opened.state);
    } finally {
      opened.state.helper.close();
      opened.state.readDb.close();
      opened.state.writeDb.close();
      opened.lock?.close();
      opened.presence.close();
    }
  } catch (error) {
    if (!(error instanceof AppError))
      faults.push(`${what} failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  }
}

/** Contents that are not what was captured, snapshots that were forgotten, checkpoints that were deleted. */
function findWrong(specimen: Specimen, state: VaultState): string[] {
  const faults: string[] = [];
  const { snapshots, stale } = readAll(state);
  for (const [id, items] of snapshots) {
    if (specimen.forgotten.has(id)) faults.push(`the forgotten snapshot ${id} came back`);
    const truth = specimen.truth.get(id);
    for (const [key, content] of items) {
      const wanted = truth?.get(key);
      if (stale.has(`${id} ${key}`)) {
        if (!wasEver(specimen, key, content)) faults.push(`${id} ${key} is carried and was never so`);
      } else if (truth !== undefined && (wanted === undefined || !isSame(wanted, content)))
        faults.push(`${id} ${key} is wrong`);
    }
  }
  return faults;
}

function findMissing(specimen: Specimen, damaged: Damaged, state: VaultState): string[] {
  const names = new Set(state.records.checkpoints().map(({ checkpoint }) => checkpoint.name));
  const isNewEnough = damaged.bytes.database.length >= specimen.settled.database.length;
  return [
    ...specimen.deletedCheckpoints
      .filter((name) => names.has(name))
      .map((name) => `the deleted checkpoint ${name} came back`),
    ...(damaged.touched?.size === 0 && isNewEnough
      ? specimen.checkpoints.filter((name) => !names.has(name)).map((name) => `the checkpoint ${name} is gone`)
      : []),
  ];
}

function wasEver(specimen: Specimen, key: string, content: ItemContent): boolean {
  return [...specimen.truth.values()].some((items) => {
    const other = items.get(key);
    return other !== undefined && isSame(other, content);
  });
}

function isSame(a: ItemContent, b: ItemContent): boolean {
  return a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
}

function writeVault(path: string, { database, log, sidecar }: VaultBytes): void {
  for (const part of ['', '-wal', '-shm', '.keys', '.lock', '.open']) rmSync(path + part, { force: true });
  writeFileSync(path, database, { mode: 0o600 });
  writeFileSync(`${path}.keys`, sidecar, { mode: 0o600 });
  if (log.length > 0) writeFileSync(`${path}-wal`, log, { mode: 0o600 });
}
