// The server's database: SQLite in a file, or PostgreSQL. Both are spoken to through Kysely in the SQL that both understand; what they do not
// share is in dialects.ts, and nowhere else.

import { setTimeout as wait } from 'node:timers/promises';

import type { Kysely, Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';

import { AppError } from '../../shared/model/app-error.ts';
import { openPostgres, openSqlite, type ColumnTypes, type DatabaseKind } from './dialects.ts';
import { MIGRATIONS, type MigrationDb } from './migrations/list.ts';
import type { NoticeBus } from './notice-bus.ts';
import type { ServerTables } from './tables.ts';

/** Whoever asks whether a server is ready does not wait much longer. */
const MAX_READY_MS = 3_000;

export type Db = Kysely<ServerTables>;
/** A transaction, or the database where none is needed. */
export type Executor = Db | Transaction<ServerTables>;

export interface StoreOptions {
  /** Where SQLite keeps its file; ignored with a database URL. */
  readonly dataFolder: string;
  /** `postgres://...`, or null for SQLite. */
  readonly databaseUrl: string | null;
  /** Told of what goes wrong beside any request: a connection that broke. */
  readonly onTrouble: (what: string) => void;
}

export interface Store {
  readonly db: Db;
  readonly kind: DatabaseKind;
  /** Carries notices between the nodes that share the database (S30). */
  readonly notices: NoticeBus;
  /** True where the database answers, within seconds. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens the database and brings it up to date. @throws AppError SERVER_DATABASE */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataFolder, onTrouble } = options;
  const opened =
    databaseUrl === null ? openSqlite(dataFolder) : await openPostgres(databaseUrl, onTrouble).catch(databaseFailed);
  const { db, kind, notices, columnTypes } = opened;
  try {
    await migrate(db, columnTypes);
  } catch (error) {
    await opened.close();
    throw error instanceof AppError ? error : databaseFailed(error);
  }
  return {
    db,
    kind,
    notices,
    isReady: createReadiness(db),
    close: () => opened.close(),
  };
}

/** Asks the database, for all who wait at once by one query: one that hangs must not take up a connection for each of them. */
function createReadiness(db: Db): () => Promise<boolean> {
  let asked: Promise<boolean> | null = null;
  return async () => {
    asked ??= db
      .selectFrom('server_state')
      .select('name')
      .limit(1)
      .execute()
      .then(
        () => true,
        () => false, // that is the answer
      )
      .finally(() => (asked = null));
    const late = new AbortController();
    const isLate = wait(MAX_READY_MS, false, { signal: late.signal }).catch(() => false); // answered in time
    const answer = await Promise.race([asked, isLate]);
    late.abort();
    return answer;
  };
}

async function migrate(db: Db, columnTypes: ColumnTypes): Promise<void> {
  const migrations = Object.fromEntries(
    Object.entries(MIGRATIONS).map(([name, up]) => [
      name,
      { up: (migrated: MigrationDb) => up(migrated, columnTypes) },
    ]),
  );
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const isNewer = error instanceof Error && error.message.includes('corrupted migrations');
  throw new AppError(
    'SERVER_DATABASE',
    isNewer ? 'The database was written by a newer server.' : 'The database could not be brought up to date.',
    {
      hint: isNewer
        ? 'Start the newer server, or restore a backup from before.'
        : 'Nothing was changed; look at the log of the database.',
      cause: error,
    },
  );
}

function databaseFailed(cause: unknown): never {
  throw new AppError('SERVER_DATABASE', 'The database cannot be reached.', {
    hint: 'Check DATABASE_URL, and whether the database runs and lets this user in.',
    isRetryable: true,
    cause,
  });
}
