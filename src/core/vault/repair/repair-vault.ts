// Repairs a vault that is closed: rebuilds it into a new file beside it, checks that file, and only then puts it in the place of the
// damaged one, which is kept under another name. Until then nothing is changed, so it can be cancelled or killed at any time.

import { chmodSync, existsSync, linkSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { createDatabase } from '../database.ts';
import { damaged, withAsyncStorageErrors, withStorageErrors } from '../errors.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { syncFolder } from '../keyring/sidecar.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { rememberHead } from '../upkeep/remember-head.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import { countSeals } from '../upkeep/verify.ts';
import { vaultFiles, type VaultFiles } from '../vault-files.ts';
import { removeLeftovers } from '../vault-place.ts';
import { WriterLock } from '../writer-lock.ts';
import { salvage } from './salvage.ts';

export interface RepairReport {
  /** Snapshots in the repaired vault. */
  readonly snapshots: number;
  /** Snapshots of which no whole copy was found; what is left of them is in the kept file. */
  readonly lostSnapshots: number;
  /** Records that came back from another copy. */
  readonly healed: number;
  /** Records of which no whole copy was found. */
  readonly lost: number;
  /** The name of the damaged file, in the same folder. */
  readonly keptAs: string;
}

/** @throws AppError VAULT_DAMAGED where nothing is left to be repaired, VAULT_BUSY, VAULT_WRONG_PASSWORD, CANCELLED */
export async function repairVault(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions & { readonly backups: readonly string[]; readonly nowMs: number },
  control: WorkControl,
): Promise<RepairReport> {
  const lock = new WriterLock(files.lock);
  try {
    return await lock.hold(() => repairHeld(files, secret, options, control));
  } finally {
    lock.close();
  }
}

async function repairHeld(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions & { readonly backups: readonly string[]; readonly nowMs: number },
  control: WorkControl,
): Promise<RepairReport> {
  removeUnfinished(files);
  const fresh = vaultFiles(`${files.database}.new-${process.pid}`);
  const target = () => {
    const db = createDatabase(fresh.database);
    chmodSync(fresh.database, 0o600);
    runMigrations(db);
    return db;
  };
  try {
    const rebuilt = await withAsyncStorageErrors('Repairing the vault', () =>
      salvage(files, secret, options, { target, backups: options.backups }, control),
    );
    if (rebuilt === null)
      throw new AppError('VAULT_DAMAGED', 'Nothing in the file can be read any more, so there is nothing to repair.', {
        hint: 'Nothing was changed. Go back to a backup, or put back a copy of the data folder that lies elsewhere.',
      });
    const { state, ...counts } = rebuilt;
    try {
      await countSeals(state, control);
      if (state.lastingFindings.length > 0) throw damaged(state.lastingFindings[0] ?? '');
      rememberHead(state, fresh.sidecar);
      state.writeDb.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      state.helper.close();
      state.writeDb.close();
      state.keys.wipe();
    }
    const keptAs = withStorageErrors('Putting the repaired vault in place', () =>
      putInPlace(files, fresh, options.nowMs),
    );
    return { ...counts, keptAs };
  } finally {
    removeLeftovers(fresh);
  }
}

/**
 * Puts another vault's files in the place of this one's, which are kept under the name that this gives. At no moment is there no vault: a
 * kill in between leaves the old one or the new one, never a folder that looks as if a vault were still to be made.
 */
export function putInPlace(files: VaultFiles, fresh: VaultFiles, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '');
  let kept = `${files.database}.damaged-${stamp}`;
  for (let count = 2; existsSync(kept); count += 1) kept = `${files.database}.damaged-${stamp}-${count}`;
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

/** What a killed repair left; nobody else holds the writer's lock now. */
function removeUnfinished(files: VaultFiles): void {
  const start = `${basename(files.database)}.new-`;
  for (const name of readdirSync(files.folder))
    if (name.startsWith(start) && /^\d{1,10}$/.test(name.slice(start.length)))
      removeLeftovers(vaultFiles(join(files.folder, name)));
}
