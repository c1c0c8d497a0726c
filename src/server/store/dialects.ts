// What SQLite and PostgreSQL do not share: how they are opened, what a column of bytes is called, and how notices cross between nodes.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { Kysely, PostgresDialect, SqliteDialect, type ColumnDataType } from 'kysely';
import pg from 'pg';

import { AppError } from '../../shared/model/app-error.ts';
import { withCopy } from './copy-rows.ts';
import { createLocalNotices, createPostgresNotices, type NoticeBus } from './notice-bus.ts';
import type { ServerTables } from './tables.ts';

const DATABASE_FILE = 'cairn-server.db';
/** One node's connections; PostgreSQL allows 100 in all by default. */
const MAX_CONNECTIONS = 10;
const BUSY_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** PostgreSQL's own number of the type bigint. */
const INT8_TYPE = 20;

export type DatabaseKind = 'sqlite' | 'postgres';

/** Types of columns that have other names in the other database. */
export interface ColumnTypes {
  readonly bytes: ColumnDataType;
  readonly kind: DatabaseKind;
}

export interface OpenedDatabase {
  readonly db: Kysely<ServerTables>;
  readonly kind: DatabaseKind;
  readonly columnTypes: ColumnTypes;
  readonly notices: NoticeBus;
  close(): Promise<void>;
}

/** True where a server has kept its data in this folder. */
export function hasSqlite(folder: string): boolean {
  return existsSync(join(folder, DATABASE_FILE));
}

/** Opens the one file of a small server. @throws AppError SERVER_DATABASE */
export function openSqlite(folder: string): OpenedDatabase {
  const database = openFile(folder);
  const db = new Kysely<ServerTables>({ dialect: new SqliteDialect({ database }) });
  return {
    db,
    kind: 'sqlite',
    columnTypes: { bytes: 'blob', kind: 'sqlite' },
    notices: createLocalNotices(),
    close: async () => {
      await db.destroy();
      database.close(); // Kysely leaves one alone that it never used
    },
  };
}

function openFile(folder: string): Database.Database {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const database = new Database(join(folder, DATABASE_FILE), { timeout: BUSY_TIMEOUT_MS });
    // Objects are large: few pages, and a log that holds several batches before it is carried over.
    database.pragma('page_size = 16384');
    database.pragma('journal_mode = WAL');
    database.pragma('wal_autocheckpoint = 2048');
    // What was acknowledged is on disk, whatever ends the machine.
    database.pragma('synchronous = FULL');
    // What was freed leaves no bytes behind in the file.
    database.pragma('secure_delete = ON');
    database.pragma('foreign_keys = ON');
    database.pragma('trusted_schema = OFF');
    database.pragma('cell_size_check = ON');
    database.pragma('cache_size = -32000');
    return database;
  } catch (cause) {
    throw new AppError('SERVER_DATABASE', 'The database file cannot be opened.', {
      hint: 'Check that the folder of --data-dir can be written, and that no other program holds the file.',
      cause,
    });
  }
}

/** Connects to PostgreSQL. @throws whatever the first connection meets */
export async function openPostgres(url: string, onTrouble: (what: string) => void): Promise<OpenedDatabase> {
  const types = new pg.TypeOverrides();
  // Counters stay far below 2^53, so numbers hold them.
  types.setTypeParser(INT8_TYPE, Number);
  const config = { connectionString: url, types, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true };
  const pool = new pg.Pool({ ...config, max: MAX_CONNECTIONS });
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', () => onTrouble('a database connection broke'));
  // One that breaks while it is lent out, between two queries, is nobody's either. The next query on it says so.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw error;
  }
  const db = new Kysely<ServerTables>({ dialect: new PostgresDialect({ pool: withCopy(pool) }) });
  const notices = createPostgresNotices(() => new pg.Client(config), pool, onTrouble);
  let isClosed = false;
  return {
    db,
    kind: 'postgres',
    columnTypes: { bytes: 'bytea', kind: 'postgres' },
    notices,
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await notices.close();
      await pool.end();
    },
  };
}
