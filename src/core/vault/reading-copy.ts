// The vault where its disk cannot be written: not even a reader of a database with a write-ahead log does without an index file beside
// it, so file and log are read into memory and opened there. Nothing is written, and what is read authenticates as ever.

import { readFileSync, statSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';

import { AppError } from '../../shared/model/app-error.ts';
import { prepareReader, type WriteDb } from './database.ts';
import { notAVault, withStorageErrors } from './errors.ts';
import { listLogFrames } from './repair/scan/log-frames.ts';

/** The copy is in memory, twice for a moment. */
const MAX_BYTES = 1024 * 1024 * 1024;
const ATTEMPTS = 5;
/** Where the header says how the file is written and read: 1 with a rollback journal, 2 with a write-ahead log. */
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;

/**
 * @param prepare makes the bytes openable that are not
 * @throws AppError VAULT_READ_ONLY where the vault is too large to be read that way, VAULT_BUSY where somebody keeps writing to it
 */
export function openReadingCopy(path: string, prepare: (bytes: Buffer) => Buffer = asItIs): WriteDb {
  return withStorageErrors('Opening the vault', () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const before = stampOf(path);
      if (before.sizeBytes > MAX_BYTES) throw tooLarge();
      const bytes = applyLog(readFileSync(path), readIfThere(`${path}-wal`));
      if (before.text === stampOf(path).text) return open(prepare(bytes));
    }
    throw new AppError('VAULT_BUSY', 'The vault changes while it is read.', {
      hint: 'Try again in a moment.',
      isRetryable: true,
    });
  });
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

function open(bytes: Buffer): WriteDb {
  if (bytes.length <= READ_VERSION_AT) throw notAVault();
  bytes[WRITE_VERSION_AT] = 1;
  bytes[READ_VERSION_AT] = 1;
  const db = new BetterSqlite3(bytes);
  try {
    prepareReader(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db as WriteDb; // what is changed here is changed in memory alone
}

/** The database with all that the log committed. */
export function applyLog(database: Buffer, log: Buffer): Buffer {
  const { frames, pageBytes, pages } = listLogFrames(log);
  if (pages === 0 || pages * pageBytes > MAX_BYTES) return database;
  const result = Buffer.alloc(pages * pageBytes);
  database.copy(result);
  for (const { page, at, isCommitted } of frames)
    if (isCommitted && page >= 1 && page <= pages) log.copy(result, (page - 1) * pageBytes, at, at + pageBytes);
  return result;
}

function stampOf(path: string): { readonly sizeBytes: number; readonly text: string } {
  const files = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false }));
  return {
    sizeBytes: files.reduce((sum, file) => sum + (file?.size ?? 0), 0),
    text: files.map((file) => `${file?.ino} ${file?.size} ${file?.mtimeMs}`).join(', '),
  };
}

function readIfThere(path: string): Buffer {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? Buffer.alloc(0) : readFileSync(path);
}

function tooLarge(): AppError {
  return new AppError('VAULT_READ_ONLY', 'The vault is too large to be read where its disk cannot be written.', {
    hint: 'Copy `vault.db` and `vault.db.keys` to a disk that can be written, and name that folder with --home.',
  });
}
