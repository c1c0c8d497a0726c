// The tables that hold one box a row under a number: keyframes and their copies, snapshots, records, parity, sessions, replica. Their
// SQL differs in names only, which are constants.

import type { Statement } from 'better-sqlite3';

import type { ReadDb, WriteDb } from '../database.ts';

export const BOX_TABLES = {
  keyframes: 'record_id',
  keyframe_copies: 'record_id',
  snapshots: 'sequence',
  records: 'record_id',
  parity: 'record_id',
  sessions: 'record_id',
  session_parts: 'record_id',
  search_segments: 'record_id',
  search_pages: 'record_id',
  replica_log: 'number',
  replica_fields: 'record_id',
} as const;
export type BoxTable = keyof typeof BOX_TABLES;
/** Messages have more columns, and a writer of their own. */
export type WritableBoxTable = Exclude<BoxTable, 'session_parts'>;

export interface BoxRow {
  readonly number: number;
  readonly box: Buffer;
}

const NO_BYTES = Buffer.alloc(0);

/** A column that holds bytes, whatever a damaged page gives for it: what is no bytes is not there. */
export function blobOf(value: unknown): Buffer | undefined {
  return Buffer.isBuffer(value) ? value : undefined;
}

/**
 * The rows as far as their numbers rise: in a damaged table they may not, and whoever goes on behind the last one must come to an end.
 */
export function inOrder<Row>(rows: Row[], after: number, numberOf: (row: Row) => number): Row[] {
  let last = after;
  for (const [at, row] of rows.entries()) {
    if (!(numberOf(row) > last)) return rows.slice(0, at);
    last = numberOf(row);
  }
  return rows;
}

export class BoxReader {
  readonly #one: Statement<[number], Buffer>;
  readonly #after: Statement<[number, number], BoxRow>;
  readonly #lengthsAfter: Statement<[number, number], { number: number; storedBytes: number }>;
  readonly #count: Statement<[], number>;

  constructor(db: ReadDb, table: BoxTable) {
    const key = BOX_TABLES[table];
    this.#one = db.prepare<[number], Buffer>(`SELECT box FROM ${table} WHERE ${key} = ?`).pluck();
    this.#after = db.prepare(`SELECT ${key} AS number, box FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`);
    this.#lengthsAfter = db.prepare(
      `SELECT ${key} AS number, length(box) AS storedBytes FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`,
    );
    this.#count = db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck();
  }

  read(number: number): Buffer | undefined {
    return blobOf(this.#one.get(number));
  }

  /** The next rows after a number, in order. */
  listAfter(number: number, limit: number): BoxRow[] {
    const rows = inOrder(this.#after.all(number, limit), number, (row) => row.number);
    return rows.map((row) => ({ ...row, box: blobOf(row.box) ?? NO_BYTES }));
  }

  listLengthsAfter(number: number, limit: number): { number: number; storedBytes: number }[] {
    return inOrder(this.#lengthsAfter.all(number, limit), number, (row) => row.number);
  }

  count(): number {
    return this.#count.get() ?? 0;
  }
}

export class BoxWriter {
  readonly #insert: Statement<[number, Uint8Array]>;
  readonly #replace: Statement<[Uint8Array, number]>;
  readonly #remove: Statement<[number]>;

  constructor(db: WriteDb, table: WritableBoxTable) {
    const key = BOX_TABLES[table];
    this.#insert = db.prepare(`INSERT INTO ${table} (${key}, box) VALUES (?, ?)`);
    this.#replace = db.prepare(`UPDATE ${table} SET box = ? WHERE ${key} = ?`);
    this.#remove = db.prepare(`DELETE FROM ${table} WHERE ${key} = ?`);
  }

  insert(number: number, box: Uint8Array): void {
    this.#insert.run(number, box);
  }

  replace(number: number, box: Uint8Array): void {
    this.#replace.run(box, number);
  }

  remove(number: number): void {
    this.#remove.run(number);
  }
}
