// Every migration in order: forward only, the same on both databases, never edited after a release (style rule 33).

import type { Kysely } from 'kysely';

import type { ColumnTypes } from '../dialects.ts';
import { up as accounts } from './0010-accounts.ts';
import { up as replica } from './0020-replica.ts';
import { up as publishing } from './0030-publishing.ts';
import { up as publishedQuota } from './0040-published-quota.ts';
import { up as objectPieces } from './0050-object-pieces.ts';
import { up as entryBytes } from './0060-entry-bytes.ts';

// A migration knows the tables as they were then, so the database has no table type here.
export type MigrationDb = Kysely<unknown>;
type Up = (db: MigrationDb, types: ColumnTypes) => Promise<void>;

export const MIGRATIONS: Readonly<Record<string, Up>> = {
  '0010-accounts': accounts,
  '0020-replica': replica,
  '0030-publishing': publishing,
  '0040-published-quota': publishedQuota,
  '0050-object-pieces': objectPieces,
  '0060-entry-bytes': entryBytes,
};
