// The backups of vaults that lie in a folder, and the way back to one of them.

import { copyFileSync, chmodSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { withStorageErrors } from '../errors.ts';
import { syncFile } from '../keyring/sidecar.ts';
import { openVault, type VaultSecret } from '../vault-client.ts';
import type { LongWorkOptions } from '../vault.ts';
import { vaultFiles } from '../vault-files.ts';
import { removeLeftovers } from '../vault-place.ts';
import { replaceVault, whileAlone } from '../replace-vault.ts';
import { orNull } from './read-rows.ts';

const NAME = /^vault-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{32}\.db$/;

export interface BackupFile {
  readonly name: string;
  readonly madeAtMs: number;
  readonly sizeBytes: number;
}

/** The newest first; nothing where there is no such folder, or it cannot be read. */
export function listBackupFiles(folder: string): BackupFile[] {
  if (!existsSync(folder)) return [];
  return withStorageErrors('Looking for backups', () =>
    readdirSync(folder)
      .flatMap((name) => {
        const [, ...parts] = NAME.exec(name) ?? [];
        const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = parts.map(Number);
        const facts = parts.length === 0 ? undefined : statSync(join(folder, name), { throwIfNoEntry: false });
        if (facts?.isFile() !== true) return [];
        return { name, madeAtMs: Date.UTC(year, month - 1, day, hour, minute, second, ms), sizeBytes: facts.size };
      })
      .toSorted((a, b) => b.madeAtMs - a.madeAtMs),
  );
}

/** The newest backups are looked through for whole copies of damaged records. */
const BACKUPS_SEARCHED = 3;

/** Where a repair may look for whole copies, the newest first; nothing where the folder cannot be read. */
export function backupsToSearch(folder: string): string[] {
  return (orNull(() => listBackupFiles(folder)) ?? []).slice(0, BACKUPS_SEARCHED).map(({ name }) => join(folder, name));
}

export interface RestoreBackupOptions extends LongWorkOptions {
  /** `vault.db` in the data folder; closed. */
  readonly path: string;
  readonly folder: string;
  readonly name: string;
  /** The secret that held when the backup was made. */
  readonly secret: VaultSecret;
  readonly nowMs: number;
}

/**
 * Puts a copy of a backup in the place of the vault, once it was opened and every seal of it was checked; the vault that was there is
 * kept under the name that this gives. @throws AppError USAGE_INVALID where there is no such backup, and as `openVault`; until then a
 * cancel changes nothing
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<{ readonly keptAs: string }> {
  const { path, folder, name, secret, nowMs, signal, onProgress } = options;
  if (!listBackupFiles(folder).some((backup) => backup.name === name))
    throw new AppError('USAGE_INVALID', 'There is no such backup.', { hint: 'Choose one of those that are listed.' });
  const files = vaultFiles(path);
  const fresh = vaultFiles(`${path}.new-${process.pid}`);
  return whileAlone(files, async () => {
    try {
      withStorageErrors('Copying the backup', () => {
        copyFileSync(join(folder, name), fresh.database, constants.COPYFILE_EXCL);
        chmodSync(fresh.database, 0o600);
      });
      const vault = await openVault({ path: fresh.database, secret, nowMs });
      try {
        const { ok } = await vault.verify({
          isDeep: false,
          nowMs,
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress }),
        });
        signal?.throwIfAborted();
        // A file that had to be rebuilt to be read is no whole backup, however whole what was read of it is.
        if (!ok || vault.notices.some((notice) => notice.code === 'opened-read-only'))
          throw new AppError('VAULT_DAMAGED', 'This backup is damaged itself, so it was not put in place.', {
            hint: 'Nothing was changed. Choose another backup, or repair the vault.',
          });
      } finally {
        await vault.close();
      }
      withStorageErrors('Copying the backup', () => syncFile(fresh.database));
      return { keptAs: withStorageErrors('Putting the backup in place', () => replaceVault(files, fresh, { nowMs })) };
    } finally {
      removeLeftovers(fresh);
    }
  });
}
