// The vault where its disk cannot be written: not even a reader of a database with a write-ahead log does without an index file beside
// it, so file and log are read into memory and opened there. Nothing is written, and what is read authenticates as ever.

import { readFileSync, statSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';

import { AppError } from '../../shared/model/app-error.ts';
import { prepareReader, type WriteDb } from './database.ts';
import { notAVault, withStorageErrors } from './errors.ts';

/** The copy is in memory, twice for a moment. */
const MAX_BYTES = 1024 * 1024 * 1024;
const ATTEMPTS = 5;
/** Where the header says how the file is written and read: 1 with a rollback journal, 2 with a write-ahead log. */
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

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

/**
 * The database with all that the log committed. Frames count as long as salts and the running checksum fit, up to the last that ends a
 * transaction, as SQLite has it.
 */
export function applyLog(database: Buffer, log: Buffer): Buffer {
  const magic = log.length >= LOG_HEADER_BYTES ? log.readUInt32BE(0) : 0;
  if (magic !== MAGIC_LITTLE_ENDIAN && magic !== MAGIC_BIG_ENDIAN) return database;
  const isBigEndian = magic === MAGIC_BIG_ENDIAN;
  const pageBytes = log.readUInt32BE(8);
  if (pageBytes < 512 || pageBytes > 65_536) return database;
  let sum = checksum(log.subarray(0, 24), isBigEndian, [0, 0]);
  if (sum[0] !== log.readUInt32BE(24) || sum[1] !== log.readUInt32BE(28)) return database;
  const salts = log.subarray(16, 24);
  const pending = new Map<number, Buffer>();
  const committed = new Map<number, Buffer>();
  let pages = 0;
  for (
    let at = LOG_HEADER_BYTES;
    at + FRAME_HEADER_BYTES + pageBytes <= log.length;
    at += FRAME_HEADER_BYTES + pageBytes
  ) {
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + pageBytes);
    if (!salts.equals(log.subarray(at + 8, at + 16))) break;
    sum = checksum(page, isBigEndian, checksum(log.subarray(at, at + 8), isBigEndian, sum));
    if (sum[0] !== log.readUInt32BE(at + 16) || sum[1] !== log.readUInt32BE(at + 20)) break;
    pending.set(log.readUInt32BE(at), page);
    const pagesAfter = log.readUInt32BE(at + 4);
    if (pagesAfter === 0) continue;
    pages = pagesAfter;
    for (const [number, content] of pending) committed.set(number, content);
    pending.clear();
  }
  if (pages === 0 || pages * pageBytes > MAX_BYTES) return database;
  const result = Buffer.alloc(pages * pageBytes);
  database.copy(result);
  for (const [number, content] of committed)
    if (number >= 1 && number <= pages) content.copy(result, (number - 1) * pageBytes);
  return result;
}

/** SQLite's checksum of a log: Fibonacci-weighted sums of words, two at a time. */
function checksum(bytes: Buffer, isBigEndian: boolean, [first, second]: readonly [number, number]): [number, number] {
  let a = first;
  let b = second;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const x = isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const y = isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    a = (a + x + b) >>> 0;
    b = (b + y + a) >>> 0;
  }
  return [a, b];
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
