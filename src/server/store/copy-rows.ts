// Many rows with large values into one table of PostgreSQL, by COPY: their bytes are copied once. As parameters of INSERT the driver copies
// them three times, and the database takes twice as long.

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
  readonly rows: Iterable<readonly CopyValue[]>;

  constructor(rows: Iterable<readonly CopyValue[]>) {
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
  rows: Iterable<readonly CopyValue[]>,
): Promise<void> {
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
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    await pipeline(encode(rows, block), stream);
    // Only where all of it is written: of a connection that broke, the kernel's part may be under way. Left to the collector, it would look
    // through the whole heap for each 64 MB.
    releaseOwner(block);
    return { command: 'INSERT', rowCount: stream.rowCount, rows: [] };
  }
}

/**
 * The binary format, however values lie across the ends of blocks. Each block is the same memory: the next is made when the stream has asked
 * for more, and a stream whose limit is lower than a block does so when the socket has taken it.
 */
function* encode(rows: Iterable<readonly CopyValue[]>, memory: Buffer): Generator<Buffer, void, undefined> {
  const block = new Block(memory);
  yield* block.addBytes(HEADER);
  for (const row of rows) {
    if (block.freeBytes < INT16_BYTES) yield block.take();
    block.addInt16(row.length);
    for (const value of row) {
      if (block.freeBytes < 2 * INT32_BYTES) yield block.take();
      block.addInt32(typeof value === 'number' ? INT32_BYTES : value.length);
      if (typeof value === 'number') block.addInt32(value);
      else yield* block.addBytes(value);
    }
  }
  yield* block.addBytes(TRAILER);
  yield block.take();
}

/** Memory that fills up; numbers are written into it directly, since a buffer for each costs more than the bytes do. */
class Block {
  readonly #memory: Buffer;
  #usedBytes = 0;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  get freeBytes(): number {
    return this.#memory.length - this.#usedBytes;
  }

  addInt16(value: number): void {
    this.#usedBytes = this.#memory.writeInt16BE(value, this.#usedBytes);
  }

  addInt32(value: number): void {
    this.#usedBytes = this.#memory.writeInt32BE(value, this.#usedBytes);
  }

  *addBytes(bytes: Uint8Array): Generator<Buffer, void, undefined> {
    for (let at = 0; at < bytes.length;) {
      if (this.freeBytes === 0) yield this.take();
      const part = bytes.subarray(at, at + this.freeBytes);
      this.#memory.set(part, this.#usedBytes);
      this.#usedBytes += part.length;
      at += part.length;
    }
  }

  /** What it holds; afterwards it is empty. */
  take(): Buffer {
    const used = this.#memory.subarray(0, this.#usedBytes);
    this.#usedBytes = 0;
    return used;
  }
}
