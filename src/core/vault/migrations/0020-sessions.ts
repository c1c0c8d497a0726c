// Format 2: sessions and their messages (V21). In the clear stand numbers, keyed ids and box lengths: which messages belong together
// and in which order, not what they say.

import type { WriteDb } from '../database.ts';

export const version = 2;

export function up(db: WriteDb): void {
  db.exec(`
    CREATE TABLE sessions (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE session_parts (
      record_id INTEGER PRIMARY KEY,
      session INTEGER NOT NULL,
      position INTEGER NOT NULL,
      message_key BLOB,
      box BLOB NOT NULL
    ) STRICT;
    CREATE INDEX session_parts_by_position ON session_parts (session, position);
    CREATE UNIQUE INDEX session_parts_by_message ON session_parts (session, message_key);
  `);
}
