// Copies a vault's database into a new file while saving goes on, by SQLite's online backup: for a backup, and for what a merge writes into.

import { closeSync, openSync } from 'node:fs';

import type { ReadDb } from '../database.ts';
import { assertNotCancelled, type WorkControl } from './slices.ts';

const PAGES_PER_STEP = 512;

/** The file must not be there; only its owner may read it. It is not synced. @throws AppError CANCELLED; what was copied by then stays */
export async function copyDatabase(from: ReadDb, to: string, control: WorkControl): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  await from.backup(to, {
    progress: ({ totalPages, remainingPages }) => {
      assertNotCancelled(control.signal);
      control.onProgress({ done: totalPages - remainingPages, total: totalPages });
      return PAGES_PER_STEP;
    },
  });
}
