// Who has a vault open: each holds a shared lock on a tiny SQLite file beside it, which the operating system releases when its holder dies.
// Whoever changes the vault's files under their names (a repair, a merge, a backup that is put back) must be alone.

import { chmodSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';

import { AppError } from '../../shared/model/app-error.ts';
import type { VaultFiles } from './vault-files.ts';
import { findHolder } from './writer-lock.ts';

export interface Presence {
  close(): void;
}

const NOBODY: Presence = { close: () => undefined };

/** Says that the vault is open here. Where no file can be made nobody can be told, and nobody could change the files either. */
export function announce(files: VaultFiles): Presence {
  const db = open(files);
  if (db === null) return NOBODY;
  try {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db.close();
    if (!isBusy(error)) return NOBODY;
    throw new AppError('VAULT_BUSY', 'The files of the vault are being replaced, as by a repair.', {
      hint: 'Try again when that has ended.',
      isRetryable: true,
    });
  }
}

/** Makes sure that nobody has the vault open, and that nobody opens it meanwhile. @throws AppError VAULT_BUSY, naming the holder */
export function holdAlone(files: VaultFiles): Presence {
  const db = open(files);
  if (db === null) return NOBODY;
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    const holder = findHolder(files.presence);
    throw new AppError(
      'VAULT_BUSY',
      `The vault is open in ${holder === null ? 'another process' : `process ${holder}`}.`,
      {
        hint: 'Quit Cairn and end `cairn run`, then try again; or repair it on the Recovery screen of the window that is open.',
        isRetryable: true,
      },
    );
  }
}

function open({ presence }: VaultFiles): BetterSqlite3.Database | null {
  try {
    const db = new BetterSqlite3(presence, { timeout: 0 });
    chmodSync(presence, 0o600);
    return db;
  } catch {
    return null; // a folder that cannot be written
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof BetterSqlite3.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
