// Repairs a vault that is closed: rebuilds it into a new file beside it, checks that file, and only then puts it in the place of the
// damaged one, which is kept under another name. Until then nothing is changed, so it can be cancelled or killed at any time.

import { chmodSync, existsSync, linkSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { createDatabase } from '../database.ts';
import { damaged, withAsyncStorageErrors, withStorageErrors } from '../errors.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { syncFile, syncFolder } from '../keyring/sidecar.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { rememberHead } from '../upkeep/remember-head.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { countSeals } from '../upkeep/count-seals.ts';
import { vaultFiles, type VaultFiles } from '../vault-files.ts';
import { removeLeftovers } from '../vault-place.ts';
import { holdAlone } from '../presence.ts';
import { WriterLock } from '../writer-lock.ts';
import { findCauses, type Cause } from './causes.ts';
import type { ItemLosses } from './losses.ts';
import type { PutTogetherSnapshot } from './put-together.ts';
import type { Rebuilt } from './rebuild.ts';
import { salvage } from './salvage.ts';
import { describeTiers, tierNeeded, type RepairTier, type RepairTierName } from './tiers.ts';

const MAX_LISTED = 200;

export interface RepairReport {
  /** Snapshots in the repaired vault. */
  readonly snapshots: number;
  /** Snapshots of which nothing is left but what is in the kept file. */
  readonly lostSnapshots: number;
  /** Records that came back from another copy. */
  readonly healed: number;
  /** Records of which no whole copy was found. */
  readonly lost: number;
  /** Records that authenticate, but may have been deleted on purpose: they stay in the kept file alone. */
  readonly unproven: number;
  /** True where nothing at all is damaged: then nothing was changed. */
  readonly isWhole: boolean;
  /** How far the repair had to go, and what each way wins and loses, in the order in which they are tried. */
  readonly tier: RepairTierName;
  readonly tiers: readonly RepairTier[];
  /** Snapshots that were put together from an older one and what changed since. */
  readonly together: readonly PutTogetherSnapshot[];
  /** What is lost, to the item. */
  readonly losses: ItemLosses;
  /** What may have damaged it. */
  readonly causes: readonly Cause[];
  /** The name of the damaged file, in the same folder; null where nothing was changed. */
  readonly keptAs: string | null;
}

export type RepairVaultOptions = KeyringOptions & {
  readonly backups: readonly string[];
  readonly nowMs: number;
  /** Finds out what a repair would win and lose, and leaves everything as it is. */
  readonly isDryRun: boolean;
};

/** @throws AppError VAULT_DAMAGED where nothing is left to be repaired, VAULT_BUSY while somebody has it open, VAULT_WRONG_PASSWORD, CANCELLED */
export async function repairVault(
  files: VaultFiles,
  secret: VaultSecret,
  options: RepairVaultOptions,
  control: WorkControl,
): Promise<RepairReport> {
  // Looking takes nothing away from anybody: captures go on.
  if (options.isDryRun) return rebuildBeside(files, `${files.database}.look-${process.pid}`, secret, options, control);
  return whileAlone(files, () =>
    rebuildBeside(files, `${files.database}.new-${process.pid}`, secret, options, control),
  );
}

/** Does what puts another file in the vault's place while nobody has the vault open or writes. @throws AppError VAULT_BUSY */
export async function whileAlone<Result>(files: VaultFiles, work: () => Promise<Result>): Promise<Result> {
  const alone = holdAlone(files);
  try {
    const lock = new WriterLock(files.lock);
    try {
      return await lock.hold(() => {
        removeUnfinished(files);
        return work();
      });
    } finally {
      lock.close();
    }
  } finally {
    alone.close();
  }
}

async function rebuildBeside(
  files: VaultFiles,
  path: string,
  secret: VaultSecret,
  options: RepairVaultOptions,
  control: WorkControl,
): Promise<RepairReport> {
  const fresh = vaultFiles(path);
  removeLeftovers(fresh);
  const target = () => {
    const db = createDatabase(fresh.database);
    chmodSync(fresh.database, 0o600);
    runMigrations(db);
    // Nothing depends on it before it is whole: it is made durable at once at the end, and written once, without a log.
    db.pragma('journal_mode = MEMORY');
    db.pragma('synchronous = OFF');
    return db;
  };
  const { backups } = options;
  const scratch = `${files.database}.part-${process.pid}`;
  const into = { target, backups, scratch, mayUseKeyFileAlone: true, maxScanBytes: Number.MAX_SAFE_INTEGER };
  try {
    const rebuilt = await withAsyncStorageErrors('Repairing the vault', () =>
      salvage(files, secret, options, into, control),
    );
    if (rebuilt === null)
      throw new AppError('VAULT_DAMAGED', 'Nothing in the file can be read any more, so there is nothing to repair.', {
        hint: 'Nothing was changed. Go back to a backup, or put back a copy of the data folder that lies elsewhere.',
      });
    const { state } = rebuilt;
    try {
      await countSeals(state, control);
      if (state.lastingFindings.length > 0) throw damaged(state.lastingFindings[0] ?? '');
      rememberHead(state, fresh.sidecar);
      state.writeDb.pragma('synchronous = FULL');
      state.writeDb.pragma('journal_mode = WAL');
      state.writeDb.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      state.helper.close();
      state.writeDb.close();
      state.keys.wipe();
    }
    withStorageErrors('Finishing the repaired vault', () => syncFile(fresh.database));
    const keptAs =
      options.isDryRun || rebuilt.isWhole
        ? null
        : withStorageErrors('Putting the repaired vault in place', () => putInPlace(files, fresh, options));
    return { ...reportOf(rebuilt, findCauses(files, rebuilt.unreadableBytes)), keptAs };
  } finally {
    removeLeftovers(fresh);
  }
}

function reportOf(rebuilt: Rebuilt, causes: readonly Cause[]): Omit<RepairReport, 'keptAs'> {
  const { snapshots, lostSnapshots, healed, lost, unproven, isWhole, together, losses } = rebuilt;
  const tiers = describeTiers(rebuilt);
  const counts = { snapshots, lostSnapshots, healed, lost, unproven, isWhole };
  return {
    ...counts,
    tier: tierNeeded(tiers),
    tiers,
    together: together.snapshots.slice(0, MAX_LISTED),
    losses,
    causes,
  };
}

/**
 * Puts another vault's files in the place of this one's, which are kept under the name that this gives. At no moment is there no vault: a
 * kill in between leaves the old one or the new one, never a folder that looks as if a vault were still to be made.
 */
export function putInPlace(
  files: VaultFiles,
  fresh: VaultFiles,
  { nowMs, keptAs = 'damaged' }: { readonly nowMs: number; readonly keptAs?: 'damaged' | 'before-merge' },
): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '');
  let kept = `${files.database}.${keptAs}-${stamp}`;
  for (let count = 2; existsSync(kept); count += 1) kept = `${files.database}.${keptAs}-${stamp}-${count}`;
  for (const [from, to] of [
    [files.sidecar, `${kept}.keys`],
    [files.database, kept],
  ] as const)
    if (existsSync(from)) linkSync(from, to);
  // Before the database is replaced: a log beside one that it is not of would be worse than one that lies elsewhere.
  for (const part of ['-wal', '-shm'])
    if (existsSync(files.database + part)) renameSync(files.database + part, kept + part);
  renameSync(fresh.sidecar, files.sidecar);
  renameSync(fresh.database, files.database);
  syncFolder(files.folder);
  return basename(kept);
}

/** What a killed repair or merge left; nobody else holds the writer's lock now. */
function removeUnfinished(files: VaultFiles): void {
  const start = basename(files.database);
  for (const name of readdirSync(files.folder))
    if (name.startsWith(start) && /^\.(?:new|look|part)-\d{1,10}$/.test(name.slice(start.length)))
      removeLeftovers(vaultFiles(join(files.folder, name)));
}
