// Reads a table as far as it can be read: where a page is damaged, each number that may lie on it is asked for by itself.

import type { ReadDb } from '../database.ts';
import { inOrder } from '../tables/boxes.ts';

const PAGE_ROWS = 64;
/** Numbers that are asked for one by one before the next page is tried again. */
const PROBED = 256;
/** Where none of those can be told, so many of the rest are tried: where none of these can either, the table's tree is gone. */
const SAMPLES = 64;

export interface RowsQuery {
  readonly table: string;
  readonly key: string;
  /** Columns beside the key, by the names of the row. */
  readonly columns: string;
  /** The largest number that may be there. */
  readonly last: number;
}

/** What stands under a number: a row, or `null` where it cannot be told whether there is one. */
export type FoundRow<Row> = { readonly number: number; readonly row: Row | null };

/** All rows in the order of their numbers, in pages between which the caller may rest. */
export function* readRows<Row extends { readonly number: number }>(
  db: ReadDb,
  { table, key, columns, last }: RowsQuery,
): Generator<FoundRow<Row>[]> {
  const select = `SELECT ${key} AS number, ${columns} FROM ${table}`;
  const page = db.prepare<[number, number], Row>(`${select} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`);
  const one = db.prepare<[number], Row>(`${select} WHERE ${key} = ?`);
  let after = 0;
  while (after < Number.MAX_SAFE_INTEGER) {
    const read = orNull(() => page.all(after, PAGE_ROWS));
    // Numbers that do not rise are damage too: asked for by itself, each is what it is.
    const rows = read !== null && inOrder(read, after, ({ number }) => number).length === read.length ? read : null;
    if (rows !== null) {
      if (rows.length > 0) yield rows.map((row) => ({ number: row.number, row }));
      if (rows.length < PAGE_ROWS) return;
      after = rows.at(-1)?.number ?? last;
      continue;
    }
    if (after >= last) return;
    const until = Math.min(last, after + PROBED);
    const ask = (number: number): Row | 'none' | null => orNull(() => one.get(number) ?? 'none');
    const found: FoundRow<Row>[] = [];
    for (let number = after + 1; number <= until; number += 1) {
      const row = ask(number);
      if (row !== 'none') found.push({ number, row });
    }
    yield found;
    after = until;
    const isGone = found.length === PROBED && found.every(({ row }) => row === null) && isGoneAfter(ask, after, last);
    // Asking for a million numbers, one error each, takes a minute and tells nothing.
    if (isGone) return yield* untold(after, last);
  }
}

function isGoneAfter(ask: (number: number) => unknown, after: number, last: number): boolean {
  const step = Math.max(1, Math.floor((last - after) / SAMPLES));
  for (let number = after + step; number <= last; number += step) if (ask(number) !== null) return false;
  return true;
}

function* untold(after: number, last: number): Generator<{ readonly number: number; readonly row: null }[]> {
  for (let first = after + 1; first <= last; first += PROBED) {
    const length = Math.min(PROBED, last - first + 1);
    yield Array.from({ length }, (_, at) => ({ number: first + at, row: null }));
  }
}

/** Null where SQLite cannot read a page. */
export function orNull<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch {
    return null; // damage: whoever asks looks elsewhere
  }
}
