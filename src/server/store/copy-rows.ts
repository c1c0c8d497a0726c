// Many rows with large values into one table of PostgreSQL, by COPY: their bytes are copied once. As parameters of INSERT the driver copies
// them three times, and the database takes twice as long.

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

import { releaseOwner } from '../../shared/memory/release.ts';
import type { ServerTables } from './tables.ts';

/** "PGCOPY\n\xff\r\n\0", no flags, no extension (PostgreSQL's documentation of COPY, binary format). */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = Buffer.from('ffff', 'hex');
/** What one write to the socket takes. */
const BLOCK_BYTES = 256 * 1024;
const INT16_BYTES = 2;
const INT32_BYTES = 4;

/** An `integer`, the bytes of a `bytea`, or of a `text` in UTF-8. */
export type CopyValue = number | Uint8Array;

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
    const blocks = encode(rows);
    await pipeline(Readable.from(blocks), stream);
    // They are written. Left to the collector, it would look through the whole heap for each 64 MB.
    for (const block of blocks) releaseOwner(block);
    return { command: 'INSERT', rowCount: stream.rowCount, rows: [] };
  }
}

/** The binary format, however values lie across the ends of blocks. */
function encode(rows: ReadonlyArray<readonly CopyValue[]>): Uint8Array[] {
  const blocks = new Blocks();
  blocks.addBytes(HEADER);
  for (const row of rows) {
    blocks.addInt16(row.length);
    for (const value of row) {
      blocks.addInt32(typeof value === 'number' ? INT32_BYTES : value.length);
      if (typeof value === 'number') blocks.addInt32(value);
      else blocks.addBytes(value);
    }
  }
  blocks.addBytes(TRAILER);
  return blocks.end();
}

/** Buffers that fill up; numbers are written into them directly, since a buffer for each costs more than the bytes do. */
class Blocks {
  readonly #full: Uint8Array[] = [];
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #usedBytes = 0;

  addInt16(value: number): void {
    if (BLOCK_BYTES - this.#usedBytes < INT16_BYTES) this.#next();
    this.#usedBytes = this.#block.writeInt16BE(value, this.#usedBytes);
  }

  addInt32(value: number): void {
    if (BLOCK_BYTES - this.#usedBytes < INT32_BYTES) this.#next();
    this.#usedBytes = this.#block.writeInt32BE(value, this.#usedBytes);
  }

  addBytes(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#usedBytes === BLOCK_BYTES) this.#next();
      const part = bytes.subarray(at, at + BLOCK_BYTES - this.#usedBytes);
      this.#block.set(part, this.#usedBytes);
      this.#usedBytes += part.length;
      at += part.length;
    }
  }

  end(): Uint8Array[] {
    return [...this.#full, this.#used()];
  }

  #used(): Uint8Array {
    return this.#block.subarray(0, this.#usedBytes);
  }

  #next(): void {
    this.#full.push(this.#used());
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#usedBytes = 0;
  }
}
