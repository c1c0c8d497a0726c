// Table `session_parts`: the messages of sessions, and the pieces of answers that are still coming in (V21).

import type { Statement } from 'better-sqlite3';

import type { ReadDb, WriteDb } from '../database.ts';

export interface SessionPartRow {
  readonly recordId: number;
  readonly position: number;
  readonly box: Buffer;
}

export interface NewSessionPart extends SessionPartRow {
  readonly session: number;
  /** Null for a piece of an answer. */
  readonly messageKey: Buffer | null;
}

export class SessionPartReader {
  readonly #range: Statement<[number, number, number], SessionPartRow>;
  readonly #byMessage: Statement<[number, Buffer], SessionPartRow>;
  readonly #newer: Statement<[number, number, number], { readonly one: 1 }>;
  readonly #counts: Statement<[], { readonly session: number; readonly messages: number }>;

  constructor(db: ReadDb) {
    const columns = 'record_id AS recordId, position, box';
    this.#range = db.prepare(
      `SELECT ${columns} FROM session_parts
       WHERE session = ? AND position >= ? AND position < ?
       ORDER BY position, record_id`,
    );
    this.#byMessage = db.prepare(`SELECT ${columns} FROM session_parts WHERE session = ? AND message_key = ?`);
    this.#newer = db.prepare(
      'SELECT 1 AS one FROM session_parts WHERE session = ? AND position < ? AND record_id > ? LIMIT 1',
    );
    this.#counts = db.prepare('SELECT session, count(message_key) AS messages FROM session_parts GROUP BY session');
  }

  /** The rows of the messages from one position to another (left out), in order. */
  listRange(session: number, from: number, to: number): SessionPartRow[] {
    return this.#range.all(session, from, to);
  }

  findMessage(session: number, messageKey: Buffer): SessionPartRow | undefined {
    return this.#byMessage.get(session, messageKey);
  }

  /** True where one of the messages before a position was written after a record. */
  hasNewer(session: number, position: number, recordId: number): boolean {
    return this.#newer.get(session, position, recordId) !== undefined;
  }

  /** How many messages each session has, by its number. */
  countMessages(): Map<number, number> {
    return new Map(this.#counts.all().map(({ session, messages }) => [session, messages]));
  }
}

export class SessionPartWriter {
  readonly #insert: Statement<[number, number, number, Buffer | null, Uint8Array]>;
  readonly #replace: Statement<[Uint8Array, number]>;
  readonly #removeFrom: Statement<[number, number]>;
  readonly #removeAt: Statement<[number, number]>;

  constructor(db: WriteDb) {
    this.#insert = db.prepare(
      'INSERT INTO session_parts (record_id, session, position, message_key, box) VALUES (?, ?, ?, ?, ?)',
    );
    this.#replace = db.prepare('UPDATE session_parts SET box = ? WHERE record_id = ?');
    this.#removeFrom = db.prepare('DELETE FROM session_parts WHERE session = ? AND position >= ?');
    this.#removeAt = db.prepare('DELETE FROM session_parts WHERE session = ? AND position = ?');
  }

  insert({ recordId, session, position, messageKey, box }: NewSessionPart): void {
    this.#insert.run(recordId, session, position, messageKey, box);
  }

  replace(recordId: number, box: Uint8Array): void {
    this.#replace.run(box, recordId);
  }

  /** Removes the messages from a position on, with all their pieces. */
  removeFrom(session: number, position: number): void {
    this.#removeFrom.run(session, position);
  }

  /** Removes one message with all its pieces. */
  removeAt(session: number, position: number): void {
    this.#removeAt.run(session, position);
  }
}
