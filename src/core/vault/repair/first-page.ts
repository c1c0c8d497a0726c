// Makes the bytes of a damaged database openable. The first page holds the schema and where each table begins; with automatic vacuum
// tables begin at the front of the file in the order in which they were made, whatever they hold, so the first page of an empty vault
// serves any other. What was cut off is filled with empty pages, which read as damage and not as an end.

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';

import { APPLICATION_ID, PAGE_BYTES, type WriteDb } from '../database.ts';
import { runMigrations } from '../migrations/run-migrations.ts';

const MAGIC = 'SQLite format 3\u0000';
const PAGE_SIZE_AT = 16;
const PAGES_AT = 28;
const FREE_LIST_AT = 32;
const APPLICATION_ID_AT = 68;
/** The length that a header says is believed up to this: more was never read into memory. */
const MAX_PAGES = 131_072;
/** The same of a file, in which pages that were never written take no space: 64 GB. */
const MAX_FILE_PAGES = 8_388_608;

/** The bytes with an end, where they were cut off. The first page is believed where it is one. */
export function fillCutPages(bytes: Buffer): Buffer {
  if (!isFirstPage(bytes)) return padded(bytes, Math.ceil(bytes.length / PAGE_BYTES));
  const pages = bytes.readUInt32BE(PAGES_AT);
  return padded(bytes, pages > MAX_PAGES ? 0 : Math.max(pages, Math.ceil(bytes.length / PAGE_BYTES)));
}

/** The bytes with the first page of an empty vault of today's format. */
export function graftFirstPage(bytes: Buffer): Buffer {
  const grafted = padded(bytes, Math.max(1, Math.ceil(bytes.length / PAGE_BYTES)));
  emptyVault().copy(grafted, 0, 0, PAGE_BYTES);
  grafted.writeUInt32BE(grafted.length / PAGE_BYTES, PAGES_AT);
  grafted.fill(0, FREE_LIST_AT, FREE_LIST_AT + 8);
  return grafted;
}

/** The same as `fillCutPages` for a file, which is grown where it was cut off. */
export function fillCutFile(file: number): void {
  const start = Buffer.alloc(PAGE_BYTES);
  readSync(file, start, 0, start.length, 0);
  const { size } = fstatSync(file);
  const pages = isFirstPage(start) ? start.readUInt32BE(PAGES_AT) : 0;
  const wanted = Math.max(Math.ceil(size / PAGE_BYTES), pages > MAX_FILE_PAGES ? 0 : pages);
  if (wanted * PAGE_BYTES > size) ftruncateSync(file, wanted * PAGE_BYTES);
}

/** The same as `graftFirstPage` for a file. */
export function graftFirstPageOf(file: number): void {
  fillCutFile(file);
  const pages = Math.max(1, fstatSync(file).size / PAGE_BYTES);
  const page = Buffer.from(emptyVault().subarray(0, PAGE_BYTES));
  page.writeUInt32BE(pages, PAGES_AT);
  page.fill(0, FREE_LIST_AT, FREE_LIST_AT + 8);
  writeSync(file, page, 0, page.length, 0);
}

/** True for a file that is shorter than its first page says. */
export function isCutFile(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(PAGE_BYTES);
    readSync(file, start, 0, start.length, 0);
    const { size } = fstatSync(file);
    return size % PAGE_BYTES !== 0 || (isFirstPage(start) && start.readUInt32BE(PAGES_AT) * PAGE_BYTES > size);
  } finally {
    closeSync(file);
  }
}

/** An empty database in memory with the tables of a vault. */
export function createMemoryDatabase(): WriteDb {
  const db = new BetterSqlite3(':memory:');
  db.pragma(`page_size = ${PAGE_BYTES}`);
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma(`application_id = ${APPLICATION_ID}`);
  const empty = db as WriteDb; // in memory: nobody else has it
  runMigrations(empty);
  return empty;
}

function emptyVault(): Buffer {
  const db = createMemoryDatabase();
  try {
    return db.serialize();
  } finally {
    db.close();
  }
}

function isFirstPage(bytes: Buffer): boolean {
  return (
    bytes.length >= 100 &&
    bytes.toString('latin1', 0, MAGIC.length) === MAGIC &&
    bytes.readUInt16BE(PAGE_SIZE_AT) === PAGE_BYTES &&
    bytes.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID
  );
}

function padded(bytes: Buffer, pages: number): Buffer {
  const length = Math.max(bytes.length, pages * PAGE_BYTES);
  return length === bytes.length ? Buffer.from(bytes) : Buffer.concat([bytes], length);
}
