// Many large values into one table of PostgreSQL, by COPY: their bytes go to the socket as they are. As parameters of INSERT the driver
// copies them three times, and the database takes twice as long.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import {
  CompiledQuery,
  type Kysely,
  type PostgresCursor,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import type { ServerTables } from './tables.ts';

/** "PGCOPY\n\xff\r\n\0", no flags, no extension (PostgreSQL's documentation of COPY, binary format). */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = Buffer.from('ffff', 'hex');
const LENGTH_BYTES = 4;
const COUNT_BYTES = 2;
/** Smaller values go with what stands before them: each piece is a write of its own. */
const MAX_JOINED_BYTES = 1_024;

/** A text, as UTF-8, or the bytes of a `bytea`; they must stay as they are until the rows are in. */
export type CopyValue = string | Uint8Array;

/** What stands as the one parameter of a COPY. */
class CopyInput {
  readonly rows: ReadonlyArray<readonly CopyValue[]>;

  constructor(rows: ReadonlyArray<readonly CopyValue[]>) {
    this.rows = rows;
  }
}

/**
 * Adds rows, as far as the transaction is committed. The names are the program's own, never a user's.
 * @param db one of a pool that `withCopy` made
 * @throws whatever the database refuses; nothing is added then
 */
export async function copyRows(
  db: Kysely<ServerTables>,
  table: string,
  columns: readonly string[],
  rows: ReadonlyArray<readonly CopyValue[]>,
): Promise<void> {
  if (rows.length === 0) return;
  const statement = `COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT binary)`;
  await db.executeQuery(CompiledQuery.raw(statement, [new CopyInput(rows)]));
}

/** The same pool, which `copyRows` can be used with: Kysely itself has no COPY. */
export function withCopy(pool: pg.Pool): PostgresPool {
  // Kysely knows a connection by its client.
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    connect: async () => {
      const client = await pool.connect();
      const wrapped = known.get(client) ?? new CopyingClient(client);
      known.set(client, wrapped);
      return wrapped;
    },
    end: () => pool.end(),
  };
}

class CopyingClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: ReadonlyArray<unknown>): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: ReadonlyArray<unknown> = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    const client: PostgresPoolClient = this.#client;
    if (typeof statement !== 'string') return client.query(statement);
    const [input] = parameters;
    return input instanceof CopyInput ? this.#copy(statement, input) : client.query(statement, parameters);
  }

  release(destroy?: boolean): void {
    this.#client.release(destroy);
  }

  async #copy(statement: string, { rows }: CopyInput): Promise<PostgresQueryResult<never>> {
    const stream = this.#client.query(copyFrom(statement));
    await pipeline(Readable.from(encode(rows)), stream);
    return { command: 'INSERT', rowCount: stream.rowCount, rows: [] };
  }
}

/** Values as they are, and what stands between them. */
function* encode(rows: ReadonlyArray<readonly CopyValue[]>): Generator<Uint8Array, void, undefined> {
  yield HEADER;
  for (const row of rows) {
    let before = Buffer.alloc(COUNT_BYTES);
    before.writeInt16BE(row.length);
    for (const value of row) {
      const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeInt32BE(bytes.byteLength);
      before = Buffer.concat([before, length]);
      if (bytes.byteLength <= MAX_JOINED_BYTES) before = Buffer.concat([before, bytes]);
      else {
        yield before;
        yield bytes;
        before = Buffer.alloc(0);
      }
    }
    if (before.length > 0) yield before;
  }
  yield TRAILER;
}
