// Makes the files of a new vault.

import { chmodSync } from 'node:fs';

import { createDatabase } from './database.ts';
import { withStorageErrors } from './errors.ts';
import { createKeyring, type KeyringOptions } from './keyring/keyring.ts';
import { FIRST_HEAD, sealHead } from './log/head.ts';
import { runMigrations } from './migrations/run-migrations.ts';
import { writeHeadSlot } from './tables/single-rows.ts';
import type { VaultFiles } from './vault-files.ts';

/** Makes an empty vault where nothing is. Gives its recovery key, which is kept nowhere. */
export async function buildVault(
  files: VaultFiles,
  password: string,
  nowMs: number,
  options: KeyringOptions,
): Promise<string> {
  const { keyring, recoveryKey } = await createKeyring(password, nowMs, options);
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
  return recoveryKey;
}
