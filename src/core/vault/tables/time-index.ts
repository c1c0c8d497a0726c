// Table `time_index`: the sealed blocks of the time index (V12), by the first sequence number they cover.

import type { Statement } from 'better-sqlite3';

import type { ReadDb, WriteDb } from '../database.ts';

export interface TimeIndexRow {
  readonly firstSequence: number;
  readonly recordId: number;
  readonly box: Buffer;
}

interface RawRow {
  first_sequence: number;
  record_id: number;
  box: Buffer;
}

/** All blocks in order, one at a time. */
export function* iterateTimeIndex(db: ReadDb): Generator<TimeIndexRow> {
  const statement: Statement<[], RawRow> = db.prepare(
    'SELECT first_sequence, record_id, box FROM time_index ORDER BY first_sequence',
  );
  for (const row of statement.iterate()) {
    yield { firstSequence: row.first_sequence, recordId: row.record_id, box: row.box };
  }
}

export class TimeIndexWriter {
  readonly #insert: Statement<[number, number, Uint8Array]>;
  readonly #replace: Statement<[Uint8Array, number]>;
  readonly #removeFrom: Statement<[number]>;
  readonly #lastBefore: Statement<[number], number>;

  constructor(db: WriteDb) {
    this.#insert = db.prepare('INSERT INTO time_index (first_sequence, record_id, box) VALUES (?, ?, ?)');
    this.#replace = db.prepare('UPDATE time_index SET box = ? WHERE first_sequence = ?');
    this.#removeFrom = db.prepare('DELETE FROM time_index WHERE first_sequence >= ?');
    this.#lastBefore = db
      .prepare<[number], number>('SELECT max(first_sequence) FROM time_index WHERE first_sequence <= ?')
      .pluck();
  }

  insert(row: TimeIndexRow): void {
    this.#insert.run(row.firstSequence, row.recordId, row.box);
  }

  replaceBox(firstSequence: number, box: Uint8Array): void {
    this.#replace.run(box, firstSequence);
  }

  /** Removes the block that covers a sequence and all later ones; gives the first sequence that was removed. */
  removeFrom(sequence: number): number {
    const first = this.#lastBefore.get(sequence) ?? sequence;
    this.#removeFrom.run(first);
    return first;
  }
}
