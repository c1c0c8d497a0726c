// From the files of a damaged vault and a secret to a whole one: opens what can be opened of the file, and rebuilds from it.

import { AppError } from '../../../shared/model/app-error.ts';
import { openReadDatabase, type ReadDb, type WriteDb } from '../database.ts';
import { withAsyncStorageErrors } from '../errors.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { openKeyring } from '../keyring/open-keyring.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { openReadingCopy } from '../reading-copy.ts';
import type { WorkControl } from '../upkeep/slices.ts';
import type { VaultFiles } from '../vault-files.ts';
import { createMemoryDatabase, fillCutPages, graftFirstPage } from './first-page.ts';
import { orNull } from './read-rows.ts';
import { rebuildVault, type Rebuilt } from './rebuild.ts';
import { Spares } from './spares.ts';

/** Work that nobody watches or ends. */
export const UNCONTROLLED: WorkControl = { signal: new AbortController().signal, onProgress: () => undefined };

export interface SalvageInto {
  /** Makes the empty vault that is filled; closed again where nothing comes of it. */
  readonly target: () => WriteDb;
  /** Backups of this vault, the newest first. */
  readonly backups: readonly string[];
}

/**
 * Null where nothing of a vault is left.
 * @throws AppError VAULT_WRONG_PASSWORD, VAULT_SLOT_DAMAGED, CANCELLED, VAULT_READ_ONLY where the file is too large to be read so
 */
export async function salvage(
  files: VaultFiles,
  secret: VaultSecret,
  options: KeyringOptions,
  into: SalvageInto,
  control: WorkControl,
): Promise<Rebuilt | null> {
  const source = openSource(files.database);
  if (source === null) return null;
  try {
    const keyring = await openKeys(source, secret, options);
    if (keyring === null) return null;
    const spares = new Spares(keyring.keys, files.sidecar, into.backups);
    const target = into.target();
    try {
      const rebuilt = await withAsyncStorageErrors('Rebuilding the vault', () =>
        rebuildVault({ source, target, keyring, spares }, control),
      );
      if (rebuilt === null) target.close();
      return rebuilt;
    } catch (error) {
      target.close();
      throw error;
    } finally {
      spares.close();
    }
  } finally {
    source.close();
  }
}

/** Null where no copy of the header is left: there is no way in. */
async function openKeys(source: ReadDb, secret: VaultSecret, options: KeyringOptions) {
  try {
    return (await openKeyring(source, secret, options)).keyring;
  } catch (error) {
    if (error instanceof AppError && error.code === 'VAULT_DAMAGED') return null;
    throw error;
  }
}

/** The file in memory with a schema that fits; null where it cannot be opened whatever its first page says. */
function openSource(path: string): ReadDb | null {
  try {
    return openCopy(path);
  } catch (error) {
    // Too large for the memory: read where it lies, as far as it can be opened as it stands.
    if (!(error instanceof AppError) || error.code !== 'VAULT_READ_ONLY') throw error;
  }
  const db = openReadDatabase(path);
  if (hasTables(db)) return db;
  db.close();
  return null;
}

function openCopy(path: string): WriteDb | null {
  for (const prepare of [fillCutPages, graftFirstPage]) {
    const db = openWith(path, prepare);
    if (db === null) continue;
    if (orNull(() => runMigrations(db)) !== null && hasTables(db)) return db;
    db.close();
  }
  return null;
}

function openWith(path: string, prepare: (bytes: Buffer) => Buffer): WriteDb | null {
  try {
    return openReadingCopy(path, prepare);
  } catch (error) {
    if (error instanceof AppError && (error.code === 'VAULT_DAMAGED' || error.code === 'VAULT_NOT_A_VAULT'))
      return null;
    throw error;
  }
}

/** Whether the tables are those of a vault, each beginning where it should. */
function hasTables(db: ReadDb): boolean {
  const schema = (of: ReadDb): string =>
    JSON.stringify(of.prepare('SELECT name, rootpage, sql FROM sqlite_schema ORDER BY rootpage').all());
  const template = createMemoryDatabase();
  try {
    return orNull(() => schema(db)) === schema(template);
  } finally {
    template.close();
  }
}
