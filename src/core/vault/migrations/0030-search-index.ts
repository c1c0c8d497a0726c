// Format 3: the search index (V22). Only adds tables; they stay empty until the log has been followed.

import type { WriteDb } from '../database.ts';

export const version = 3;

export function up(db: WriteDb): void {
  db.exec(`
    CREATE TABLE search_segments (record_id INTEGER PRIMARY KEY, box BLOB NOT NULL) STRICT;
    CREATE TABLE search_pages (record_id INTEGER PRIMARY KEY, segment INTEGER NOT NULL, box BLOB NOT NULL) STRICT;
    CREATE INDEX search_pages_by_segment ON search_pages (segment);
  `);
}
