// Format 1. In the clear stand record numbers, keyed ids and box lengths only (V8). Small single rows that must not be lost
// together lie in tables of their own, so that they lie on pages of their own (V6, V13).

import type { WriteDb } from '../database.ts';

export const version = 1;

export function up(db: WriteDb): void {
  db.exec(`
    CREATE TABLE header_a (slot INTEGER PRIMARY KEY CHECK (slot = 0), bytes BLOB NOT NULL) STRICT;
    CREATE TABLE header_b (slot INTEGER PRIMARY KEY CHECK (slot = 0), bytes BLOB NOT NULL) STRICT;
    CREATE TABLE header_c (slot INTEGER PRIMARY KEY CHECK (slot = 0), bytes BLOB NOT NULL) STRICT;
    CREATE TABLE head_a (slot INTEGER PRIMARY KEY CHECK (slot = 0), box BLOB NOT NULL) STRICT;
    CREATE TABLE head_b (slot INTEGER PRIMARY KEY CHECK (slot = 0), box BLOB NOT NULL) STRICT;
    CREATE TABLE chunks (
      record_id INTEGER PRIMARY KEY,
      content_id BLOB NOT NULL UNIQUE,
      box BLOB NOT NULL
    ) STRICT;
    CREATE TABLE keyframes (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE keyframe_copies (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE snapshots (sequence INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE time_index (first_sequence INTEGER PRIMARY KEY, record_id INTEGER NOT NULL, box BLOB NOT NULL) STRICT;
    CREATE TABLE records (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE parity (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE parity_members (chunk_id INTEGER PRIMARY KEY, parity_id INTEGER NOT NULL) STRICT;
    CREATE INDEX parity_members_by_parity ON parity_members (parity_id);
    CREATE TABLE inbox (deposit INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  `);
}
