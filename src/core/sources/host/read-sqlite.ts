// Reads SQLite databases of other programs, which may be running and writing. Strictly a reader: it takes no lock for longer than a
// query, waits 200 ms at most for one, writes nothing, and leaves no file behind. The bytes are hostile: only true tables are read (a
// view could compute for ever), and rows and values are bounded before they are in memory.

import { existsSync, statSync } from 'node:fs';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import BetterSqlite3 from 'better-sqlite3';

import { AppError } from '../../../shared/model/app-error.ts';
import { assertRegularFile, readRegularFile } from './read-file.ts';

const BUSY_TIMEOUT_MS = 200;
const MEGABYTE = 1024 * 1024;
/** A closed database in WAL mode is read into memory, twice for a moment. */
const MAX_CLOSED_BYTES = 96 * MEGABYTE;
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
/** Where the header says how the file is written and read: 1 with a rollback journal, 2 with a write-ahead log. */
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;

export type SqliteValue = string | number | Uint8Array | null;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

export interface SqliteRows {
  readonly rows: readonly SqliteRow[];
  /** True where the limits left something out: rows after the last one, or a value that was too long and is null here. */
  readonly isCut: boolean;
}

export interface ReadSqliteOptions {
  /** The tables that the queries read. One that is missing, a view or computed refuses the file. */
  readonly tables: readonly string[];
  /** Rows of one query. */
  readonly maxRows: number;
  /** Bytes of one value. */
  readonly maxValueBytes: number;
  /** Bytes of all values of one query. */
  readonly maxBytes: number;
}

export interface SqliteReader {
  /** Runs one `SELECT` of ours with its `?` parameters. The columns need names of their own. */
  rows(sql: string, parameters?: readonly (string | number)[]): SqliteRows;
}

/**
 * Opens the database for the time of `read`, which must not keep the reader.
 * @throws AppError SOURCE_UNREADABLE where it is no database, damaged, busy (then retryable) or of another format, with why as half a
 * sentence; NodeJS.ErrnoException where the file cannot be opened
 */
export function readSqlite<T>(path: string, options: ReadSqliteOptions, read: (reader: SqliteReader) => T): T {
  return withReasons(() => {
    const db = open(path);
    try {
      harden(db);
      for (const table of options.tables) assertPlainTable(db, table);
      return read({ rows: (sql, parameters = []) => readRows(db, { sql, parameters, ...options }) });
    } finally {
      db.close();
    }
  });
}

function open(path: string): BetterSqlite3.Database {
  const header = readHeader(path);
  const isLogged = header[WRITE_VERSION_AT] === 2 || header[READ_VERSION_AT] === 2;
  if (isLogged && sizeOf(`${path}-wal`) === 0) return openClosed(path);
  // Without its index SQLite would make one beside the file, and leave it there.
  if (isLogged && !existsSync(`${path}-shm`)) throw unreadable('the index of its write-ahead log is missing');
  return new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * Nobody has it open: no log lies beside it. Even a connection that only reads would make log and index there, so the file is read
 * into memory and opened as one that never had a log.
 */
function openClosed(path: string): BetterSqlite3.Database {
  const before = statSync(path);
  const bytes = readRegularFile(path, MAX_CLOSED_BYTES);
  const after = statSync(path);
  if (after.mtimeMs !== before.mtimeMs || after.size !== bytes.length || sizeOf(`${path}-wal`) > 0) {
    throw unreadable('it changed while it was read', true);
  }
  bytes[WRITE_VERSION_AT] = 1;
  bytes[READ_VERSION_AT] = 1;
  return new BetterSqlite3(bytes, { readonly: true });
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    assertRegularFile(fstatSync(file));
    const length = readSync(file, header, 0, HEADER_BYTES, 0);
    if (length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC)
      throw unreadable('it is no database');
  } finally {
    closeSync(file);
  }
  return header;
}

function harden(db: BetterSqlite3.Database): void {
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  db.pragma('query_only = ON');
  db.pragma('mmap_size = 0');
  db.pragma('temp_store = MEMORY');
  db.pragma('cache_size = -2000');
}

function assertPlainTable(db: BetterSqlite3.Database, table: string): void {
  // A view has no pages of its own, nor has a virtual table.
  const root: unknown = db
    .prepare("SELECT rootpage FROM main.sqlite_schema WHERE type = 'table' AND name = ?")
    .pluck()
    .get(table);
  if (typeof root !== 'number' || root <= 0) throw unreadable('its format is not known');
  const computed: unknown = db
    .prepare('SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden <> 0')
    .pluck()
    .get(table);
  if (computed !== 0) throw unreadable('its format is not known');
}

interface Query extends ReadSqliteOptions {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

function readRows(db: BetterSqlite3.Database, query: Query): SqliteRows {
  const inner = db.prepare(query.sql);
  if (!inner.readonly) throw unreadable('only reading is allowed');
  const names = inner.columns().map(({ name }) => name);
  const limit = Math.trunc(query.maxValueBytes);
  // The length is looked at first: a value that is too long never comes into memory.
  const columns = names.flatMap((name, index) => {
    const column = `"${name.replaceAll('"', '""')}"`;
    return [
      `CASE WHEN octet_length(${column}) > ${limit} THEN NULL ELSE ${column} END`,
      `octet_length(${column}) AS l${index}`,
    ];
  });
  const statement = db.prepare(`SELECT ${columns.join(', ')} FROM (${query.sql})`).raw();
  const rows: SqliteRow[] = [];
  let isCut = false;
  let bytes = 0;
  for (const values of statement.iterate(...query.parameters) as IterableIterator<SqliteValue[]>) {
    const lengths = names.map((_, index) => Number(values[index * 2 + 1] ?? 0));
    bytes += lengths.reduce((sum, length) => sum + (length > limit ? 0 : length), 0);
    if (rows.length >= query.maxRows || bytes > query.maxBytes) return { rows, isCut: true };
    isCut ||= lengths.some((length) => length > limit);
    rows.push(Object.fromEntries(names.map((name, index) => [name, values[index * 2] ?? null])));
  }
  return { rows, isCut };
}

function withReasons<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error;
    // SQLite's own texts may name tables, values and paths.
    if (/^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(error.code)) throw unreadable('the program is writing to it', true);
    if (/^SQLITE_READONLY|^SQLITE_CANTOPEN/.test(error.code)) {
      throw unreadable('the program that owns it must mend it first');
    }
    if (error.code === 'SQLITE_ERROR') throw unreadable('its format is not known');
    throw unreadable(`it is damaged (${error.code})`);
  }
}

function unreadable(why: string, isRetryable = false): AppError {
  return new AppError('SOURCE_UNREADABLE', why, { isRetryable });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
