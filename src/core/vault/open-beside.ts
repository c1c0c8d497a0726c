// Opens a vault's file that is not this process' own, to read it where it lies: a backup, or another vault.

import { statSync } from 'node:fs';
import { dirname } from 'node:path';

import { openReadDatabase, openTidyReader, type ReadDb, type WriteDb } from './database.ts';
import type { Keyring } from './keyring/keyring.ts';
import { VaultState } from './log/vault-state.ts';
import { isWritable } from './vault-place.ts';

/** Nothing of it is changed, and nothing is left beside it. @throws AppError as `openReadDatabase` */
export function openBeside(path: string): ReadDb {
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  return hasLog || !isWritable([path, dirname(path)]) ? openReadDatabase(path) : openTidyReader(path);
}

/** What a vault holds, over a connection that only reads: whatever would write fails. */
export function readState(keyring: Keyring, db: ReadDb): VaultState {
  return new VaultState(keyring, db as WriteDb, db); // its statements to write are prepared and never run
}
