// Format 4: the replica (V29, V31). Only adds tables: own log entries as they were signed, by their place in the log, and the versions of
// what several devices may edit. Both stay empty until sync is turned on.

import type { WriteDb } from '../database.ts';

export const version = 4;

export function up(db: WriteDb): void {
  db.exec(`
    CREATE TABLE replica_log (number INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE replica_fields (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
  `);
}
