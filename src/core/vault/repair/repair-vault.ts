// Repairs a vault that is closed: rebuilds it into a new file beside it, checks that file, and only then puts it in the place of the
// damaged one, which is kept under another name. Until then nothing is changed, so it can be cancelled or killed at any time.

import { chmodSync } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';
import { createDatabase } from '../database.ts';
import { damaged, withAsyncStorageErrors, withStorageErrors } from '../errors.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { syncFile } from '../keyring/sidecar.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { rememberHead } from '../upkeep/remember-head.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { countSeals } from '../upkeep/count-seals.ts';
import { vaultFiles, type VaultFiles } from '../vault-files.ts';
import { removeLeftovers } from '../vault-place.ts';
import { replaceVault, whileAlone, whileEntered } from '../replace-vault.ts';
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
  const beside = `${files.database}.${options.isDryRun ? 'look' : 'new'}-${process.pid}`;
  const work = (): Promise<RepairReport> => rebuildBeside(files, beside, secret, options, control);
  return options.isDryRun ? whileEntered(files, work) : whileAlone(files, work);
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
        : withStorageErrors('Putting the repaired vault in place', () => replaceVault(files, fresh, options));
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
