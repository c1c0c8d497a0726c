// Opens the SQLite file with the settings of V14 and tells a vault from everything else. Branded handles keep readers from
// writing. Schema and migrations: migrations/.

import { closeSync, openSync, readSync, statSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';

import { AppError } from '../../shared/model/app-error.ts';
import { notAVault, withStorageErrors } from './errors.ts';

/** "CRN1" */
export const APPLICATION_ID = 0x43524e31;
export const FORMAT_VERSION = 4;
/** Older versions can corrupt a WAL database that two connections checkpoint at once. */
const MIN_SQLITE = [3, 51, 3] as const;
const BUSY_TIMEOUT_MS = 10_000;
export const PAGE_BYTES = 8192;
/** SQLite's header, and where in it formats stand. */
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;

declare const access: unique symbol;
/** A connection that only reads. */
export type ReadDb = BetterSqlite3.Database & { readonly [access]: 'read' | 'write' };
/** The writer's connection; at most one a process. */
export type WriteDb = BetterSqlite3.Database & { readonly [access]: 'write' };

/** Creates an empty database file for a new vault. The file must not exist. */
export function createDatabase(path: string): WriteDb {
  return withStorageErrors('Creating the vault', () => {
    const db = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MS });
    assertSqliteVersion(db);
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('auto_vacuum = INCREMENTAL');
    configure(db);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    return db as WriteDb; // the brand's only source beside openWriteDatabase
  });
}

/** @throws AppError VAULT_MISSING, VAULT_NOT_A_VAULT, VAULT_NEWER_FORMAT, VAULT_READ_ONLY, VAULT_DAMAGED */
export function openWriteDatabase(path: string): WriteDb {
  assertVaultFile(path);
  return withStorageErrors('Opening the vault', () => {
    const db = new BetterSqlite3(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      assertSqliteVersion(db);
      assertFormat(db);
      configure(db);
    } catch (error) {
      db.close();
      throw error;
    }
    return db as WriteDb; // the brand's only source beside createDatabase
  });
}

/** A second connection for reading, so that a long read never holds a write back. */
export function openReadDatabase(path: string): ReadDb {
  assertVaultFile(path);
  return withStorageErrors('Opening the vault', () => {
    const db = new BetterSqlite3(path, { fileMustExist: true, readonly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      prepareReader(db);
    } catch (error) {
      db.close();
      throw error;
    }
    return db as ReadDb; // opened read-only above
  });
}

/**
 * A reader that is opened as a writer is: where nobody else has the file open, SQLite then takes away again, at its closing, the files that
 * even a reader needs beside it. It writes nothing; but what a log beside the file holds would go into the file at its closing.
 */
export function openTidyReader(path: string): ReadDb {
  assertVaultFile(path);
  return withStorageErrors('Opening the vault', () => {
    const db = new BetterSqlite3(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      db.pragma('query_only = ON');
      prepareReader(db);
    } catch (error) {
      db.close();
      throw error;
    }
    return db as ReadDb; // it only reads
  });
}

/** Looks whether it is a vault of a format that is known, and sets up a connection that only reads. */
export function prepareReader(db: BetterSqlite3.Database): void {
  assertFormat(db);
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  db.pragma('mmap_size = 0');
  db.pragma('temp_store = MEMORY');
  db.pragma('cache_size = -4000');
}

/** Empties the write-ahead log where that can be; what a reader or a full disk holds back is done at the next checkpoint. */
export function tryTruncateLog(db: WriteDb): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error;
  }
}

/** Bytes of the file, of its free pages and of the write-ahead log. */
export function readFileSizes(path: string): { readonly fileBytes: number; readonly walBytes: number } {
  return { fileBytes: sizeOf(path), walBytes: sizeOf(`${path}-wal`) };
}

function configure(db: BetterSqlite3.Database): void {
  db.pragma('journal_mode = WAL');
  // After journal_mode: better-sqlite3 is built with NORMAL for WAL, which loses acknowledged snapshots at a power cut.
  db.pragma('synchronous = FULL');
  if (process.platform === 'darwin') {
    db.pragma('fullfsync = ON');
    db.pragma('checkpoint_fullfsync = ON');
  }
  db.pragma('wal_autocheckpoint = 0');
  db.pragma('journal_size_limit = 67108864');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  db.pragma('mmap_size = 0');
  db.pragma('temp_store = MEMORY');
  db.pragma('cache_size = -4000');
}

/** Looks at the first bytes before SQLite does, which would happily make a database out of an empty file. */
function assertVaultFile(path: string): void {
  const start = readStart(path);
  if (start.toString('latin1', 0, 16) !== 'SQLite format 3\u0000') throw notAVault();
}

/** The first bytes; zeros where the file has fewer. */
function readStart(path: string): Buffer {
  const start = Buffer.alloc(HEADER_BYTES);
  withStorageErrors('Opening the vault', () => {
    const file = openSync(path, 'r');
    try {
      const sizeBytes = readSync(file, start, 0, start.length, 0);
      if (sizeBytes < start.length) start.fill(0);
    } finally {
      closeSync(file);
    }
  });
  return start;
}

function assertFormat(db: BetterSqlite3.Database): void {
  if (readNumber(db, 'application_id') !== APPLICATION_ID) throw notAVault();
  const version = readNumber(db, 'user_version');
  if (version > FORMAT_VERSION) {
    throw new AppError(
      'VAULT_NEWER_FORMAT',
      `This vault has format ${version}; this Cairn reads formats up to ${FORMAT_VERSION}.`,
      {
        hint: `Update Cairn to a version that knows format ${version}. The vault was not touched.`,
      },
    );
  }
}

export function readNumber(db: BetterSqlite3.Database, pragma: string): number {
  const value: unknown = db.pragma(pragma, { simple: true });
  return typeof value === 'number' ? value : -1;
}

function assertSqliteVersion(db: BetterSqlite3.Database): void {
  const version = String(db.prepare('SELECT sqlite_version()').pluck().get());
  if (isSqliteNewEnough(version)) return;
  throw new AppError(
    'BUG',
    `SQLite ${version} is too old to write a vault safely (${MIN_SQLITE.join('.')} at least).`,
    {
      hint: 'Reinstall Cairn with the SQLite that it ships.',
    },
  );
}

/** The version of SQLite that this Cairn writes with. */
export function sqliteVersion(): string {
  const db = new BetterSqlite3(':memory:');
  try {
    return String(db.prepare('SELECT sqlite_version()').pluck().get());
  } finally {
    db.close();
  }
}

/** The format that a vault's first page says it has; null where that page is none of a vault. Touches nothing. */
export function readFormat(path: string): number | null {
  const start = readStart(path);
  const isVault =
    start.toString('latin1', 0, 16) === 'SQLite format 3\u0000' &&
    start.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID;
  return isVault ? start.readUInt32BE(USER_VERSION_AT) : null;
}

/** Whether this version of SQLite may write a vault. */
export function isSqliteNewEnough(version: string): boolean {
  const found = version.split('.').map(Number);
  for (const [index, needed] of MIN_SQLITE.entries()) {
    const part = found[index] ?? 0;
    if (part !== needed) return part > needed;
  }
  return true;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
