// Opens a vault's file that is not this process' own, to read it where it lies: a backup, or another vault.

import { dirname } from 'node:path';

import { openReadDatabase, openWriteDatabase, type ReadDb, type WriteDb } from './database.ts';
import type { Keyring } from './keyring/keyring.ts';
import { VaultState } from './log/vault-state.ts';
import { isWritable } from './vault-place.ts';

/**
 * Nothing of it is changed. Opened as if to write where that can be: only then does SQLite take away again, when nobody else has it open, the
 * files that even a reader needs beside it. @throws AppError as `openReadDatabase`
 */
export function openBeside(path: string): ReadDb {
  if (!isWritable([path, dirname(path)])) return openReadDatabase(path);
  const db = openWriteDatabase(path);
  db.pragma('query_only = ON');
  return db;
}

/** What a vault holds, over a connection that only reads: whatever would write fails. */
export function readState(keyring: Keyring, db: ReadDb): VaultState {
  return new VaultState(keyring, db as WriteDb, db); // its statements to write are prepared and never run
}
