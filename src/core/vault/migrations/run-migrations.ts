// Brings a vault to today's format: forward only, each step in its own transaction, the version written with it (V20). A step
// that rewrites data would first need a verified backup; none does so far.

import { FORMAT_VERSION, readNumber, type WriteDb } from '../database.ts';
import * as firstFormat from './0010-first-format.ts';
import * as sessions from './0020-sessions.ts';
import * as searchIndex from './0030-search-index.ts';
import * as replica from './0040-replica.ts';

const MIGRATIONS = [firstFormat, sessions, searchIndex, replica] as const;

/** Call with the writer's lock held. Nothing is written where the format is today's. */
export function runMigrations(db: WriteDb): void {
  for (const migration of MIGRATIONS) {
    if (readNumber(db, 'user_version') >= migration.version) continue;
    db.transaction(() => {
      migration.up(db);
      db.pragma(`user_version = ${migration.version}`);
    }).immediate();
  }
  if (readNumber(db, 'user_version') !== FORMAT_VERSION)
    throw new RangeError('the last migration does not reach the format version');
}
