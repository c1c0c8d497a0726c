// The vault's files as files: are they there, may they be written, who else may read them.

import { accessSync, chmodSync, constants, existsSync, statSync, unlinkSync } from 'node:fs';

import { AppError } from '../../shared/model/app-error.ts';
import { withStorageErrors } from './errors.ts';
import type { OpeningNotice } from './vault.ts';
import type { VaultFiles } from './vault-files.ts';

/** @throws AppError VAULT_EXISTS */
export function assertNoVault(files: VaultFiles): void {
  if (!existsSync(files.database) && !existsSync(files.sidecar)) return;
  throw new AppError(
    'VAULT_EXISTS',
    existsSync(files.database)
      ? 'There is a vault here already.'
      : 'The keys of an earlier vault lie here, without its data.',
    {
      hint: 'It was left as it is. Choose another folder with --home, or move the old files away first.',
    },
  );
}

/** @throws AppError VAULT_MISSING */
export function assertVaultExists(files: VaultFiles): void {
  if (existsSync(files.database)) return;
  throw new AppError('VAULT_MISSING', 'There is no vault here.', {
    hint: existsSync(files.sidecar)
      ? 'Its key file is there, so the vault file was moved or deleted: put it back, or take the newest file from `backups/`.'
      : 'Make one with `cairn init`, or name its folder with --home.',
  });
}

/** SQLite would only say that it cannot open the file. @throws AppError VAULT_READ_ONLY */
export function assertWritable(what: string, paths: readonly string[]): void {
  withStorageErrors(what, () => {
    for (const path of paths) accessSync(path, constants.R_OK | constants.W_OK);
  });
}

/** True where all of these may be written. */
export function isWritable(paths: readonly string[]): boolean {
  try {
    for (const path of paths) accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false; // whatever the reason: they are read then
  }
}

/** @throws AppError VAULT_READ_ONLY */
export function assertReadable(paths: readonly string[]): void {
  try {
    for (const path of paths) accessSync(path, constants.R_OK);
  } catch (error) {
    throw new AppError('VAULT_READ_ONLY', "Opening the vault failed: the vault's folder or file cannot be read.", {
      hint: 'Give your user permission to read and write the data folder, or choose another one with --home.',
      cause: error,
    });
  }
}

/** Closes files to others that were open to them, and says so. */
export function mendPermissions(files: VaultFiles): OpeningNotice[] {
  if (process.platform === 'win32') return [];
  const wrong = [files.database, files.sidecar].filter(
    (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
  );
  for (const path of wrong) withStorageErrors('Closing the vault to other users', () => chmodSync(path, 0o600));
  return wrong.length === 0
    ? []
    : [
        {
          code: 'permissions-mended',
          message: 'The vault could be read by other users of this machine; it no longer can.',
        },
      ];
}

/** What an interrupted creation left beside the place of the vault. */
export function removeLeftovers(files: VaultFiles): void {
  for (const path of [
    files.database,
    files.sidecar,
    files.lock,
    files.presence,
    `${files.database}-wal`,
    `${files.database}-shm`,
  ]) {
    if (existsSync(path)) unlinkSync(path);
  }
}
