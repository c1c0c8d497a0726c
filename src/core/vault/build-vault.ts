// Makes the files of a new vault. They are built beside their place and linked there when they are whole: a crash leaves nothing half.

import { chmodSync, linkSync } from 'node:fs';

import { createDatabase } from './database.ts';
import { withStorageErrors } from './errors.ts';
import { createKeyring, type Keyring, type KeyringOptions, type VaultSecret } from './keyring/keyring.ts';
import { openSharedHeader, type JoinedVault } from './keyring/share-keyring.ts';
import { syncFolder } from './keyring/sidecar.ts';
import { FIRST_HEAD, sealHead } from './log/head.ts';
import { runMigrations } from './migrations/run-migrations.ts';
import { writeHeadSlot } from './tables/single-rows.ts';
import { vaultFiles, type VaultFiles } from './vault-files.ts';
import { assertNoVault, assertWritable, removeLeftovers } from './vault-place.ts';

/** Makes an empty vault where nothing is. Gives its recovery key, which is kept nowhere. @throws AppError VAULT_EXISTS */
export function buildVault(
  files: VaultFiles,
  password: string,
  nowMs: number,
  options: KeyringOptions,
): Promise<string> {
  return buildBeside(files, options, async (beside) => {
    const { keyring, recoveryKey } = await createKeyring(password, nowMs, beside);
    return { keyring, result: recoveryKey };
  });
}

/** The file of a vault that another device has. Gives what opens it. @throws AppError VAULT_EXISTS, VAULT_WRONG_PASSWORD, SYNC_TAMPERED */
export function joinVault(
  files: VaultFiles,
  shared: JoinedVault,
  nowMs: number,
  options: KeyringOptions,
): Promise<VaultSecret> {
  return buildBeside(files, options, async (beside) => {
    const { keyring, secret } = await openSharedHeader(shared, nowMs, beside);
    return { keyring, result: secret };
  });
}

/** Writes the files of a vault without any snapshot; its keys are wiped then. */
export function writeVaultFiles(files: VaultFiles, keyring: Keyring): void {
  const db = createDatabase(files.database);
  try {
    chmodSync(files.database, 0o600);
    withStorageErrors('Creating the vault', () => {
      runMigrations(db);
      db.transaction(() => {
        writeHeadSlot(db, 0, sealHead(keyring.keys, { ...FIRST_HEAD, counter: 1 }));
        writeHeadSlot(db, 1, sealHead(keyring.keys, { ...FIRST_HEAD, counter: 2 }));
      })();
      keyring.mend(db);
    });
  } finally {
    db.close();
    keyring.keys.wipe();
  }
}

async function buildBeside<Result>(
  files: VaultFiles,
  options: KeyringOptions,
  make: (options: KeyringOptions) => Promise<{ readonly keyring: Keyring; readonly result: Result }>,
): Promise<Result> {
  assertNoVault(files);
  assertWritable('Creating the vault', [files.folder]);
  const temporary = vaultFiles(`${files.database}.new-${process.pid}`);
  removeLeftovers(temporary);
  try {
    const { keyring, result } = await make({ ...options, sidecarPath: temporary.sidecar });
    writeVaultFiles(temporary, keyring);
    withStorageErrors('Creating the vault', () => {
      linkSync(temporary.sidecar, files.sidecar);
      linkSync(temporary.database, files.database);
      syncFolder(files.folder);
    });
    return result;
  } finally {
    removeLeftovers(temporary);
  }
}
