// The one-row tables: three header copies (V6) and two head slots (V13).

import type { ReadDb, WriteDb } from '../database.ts';

const HEADER_TABLES = ['header_a', 'header_b', 'header_c'] as const;
const HEAD_TABLES = ['head_a', 'head_b'] as const;

/** The three copies as they stand; null where a row is missing or its page cannot be read. */
export function readHeaderCopies(db: ReadDb): readonly (Buffer | null)[] {
  return HEADER_TABLES.map((table) => readRow(db, table, 'bytes'));
}

/** Writes all three copies; the caller holds the transaction. Old bytes are overwritten, not just unlinked. */
export function writeHeaderCopies(db: WriteDb, bytes: Uint8Array): void {
  for (const table of HEADER_TABLES) {
    db.prepare(
      `INSERT INTO ${table} (slot, bytes) VALUES (0, ?) ON CONFLICT (slot) DO UPDATE SET bytes = excluded.bytes`,
    ).run(bytes);
  }
}

/** Both head slots; null where a row is missing or its page cannot be read. */
export function readHeadSlots(db: ReadDb): readonly (Buffer | null)[] {
  return HEAD_TABLES.map((table) => readRow(db, table, 'box'));
}

/** Writes one slot: the even and the odd counters alternate, so the older head stays whole. */
export function writeHeadSlot(db: WriteDb, counter: number, box: Uint8Array): void {
  const table = counter % 2 === 0 ? HEAD_TABLES[0] : HEAD_TABLES[1];
  db.prepare(`INSERT INTO ${table} (slot, box) VALUES (0, ?) ON CONFLICT (slot) DO UPDATE SET box = excluded.box`).run(
    box,
  );
}

function readRow(db: ReadDb, table: string, column: string): Buffer | null {
  try {
    const value: unknown = db.prepare(`SELECT ${column} FROM ${table} WHERE slot = 0`).pluck().get();
    return Buffer.isBuffer(value) ? value : null;
  } catch {
    return null; // a damaged page: another copy stands elsewhere, and the opening says that this one had to be mended
  }
}
