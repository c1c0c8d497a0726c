// Files of objects that no row names: a crash between the files of a batch and its rows leaves them, and so does a commit of which nobody knows
// whether it was one. They are kept for as long as what no entry names: there is no hurry, and whoever restored too old a backup finds what is younger.

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { FREE_AFTER_DAYS } from '../../shared/replication/limits.ts';
import type { Db } from '../store/store.ts';
import { pathOfObject } from './file-objects.ts';

const KEPT_MS = FREE_AFTER_DAYS * 24 * 3_600_000;
/** Names held at once, some ten megabytes; for each so many the rows of their account are gone through once. */
const NAMES_AT_ONCE = 50_000;
const ROWS_AT_ONCE = 2_000;

export interface SweepDeps {
  readonly db: Db;
  /** As `objectFolderIn` gives it. */
  readonly folder: string;
  readonly nowMs: () => number;
}

/**
 * Gives how many files were taken away. Only what lies there of accounts that the database has: with another database, everything would be
 * without a name. Safe on several nodes at once.
 */
export async function sweepFiles({ db, folder, nowMs }: SweepDeps, signal: AbortSignal): Promise<number> {
  const before = nowMs() - KEPT_MS;
  let swept = 0;
  for (const { user_id: userId } of await db.selectFrom('users').select('user_id').execute())
    for await (const names of listNames(join(folder, userId))) {
      if (!(await dropNamed(db, userId, names, signal))) return swept;
      for (const place of names) {
        const path = pathOfObject(folder, userId, place);
        if (!(await isOlder(path, before))) continue;
        await rm(path, { force: true });
        swept += 1;
      }
    }
  return swept;
}

async function* listNames(account: string): AsyncGenerator<Set<string>> {
  let names = new Set<string>();
  for (const folder of await namesIn(account)) {
    for (const name of await namesIn(join(account, folder))) names.add(name);
    if (names.size < NAMES_AT_ONCE) continue;
    yield names;
    names = new Set();
  }
  if (names.size > 0) yield names;
}

/** Leaves those that no row names; false where it was cut short. */
async function dropNamed(db: Db, userId: string, names: Set<string>, signal: AbortSignal): Promise<boolean> {
  const vaults = await db.selectFrom('vaults').select('vault_no').where('user_id', '=', userId).execute();
  for (const { vault_no } of vaults) {
    let after = Buffer.alloc(0);
    while (names.size > 0) {
      if (signal.aborted) return false;
      const rows = await db
        .selectFrom('objects')
        .select(['object_id', 'place'])
        .where('user_id', '=', userId)
        .where('vault_no', '=', vault_no)
        .where('object_id', '>', after)
        .orderBy('object_id')
        .limit(ROWS_AT_ONCE)
        .execute();
      for (const { place } of rows) names.delete(place);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = Buffer.from(last.object_id);
    }
  }
  return true;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // every error of fs has one
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** False for what is gone already: another node sweeps too. */
async function isOlder(path: string, before: number): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && found.isFile() && found.mtimeMs < before;
}
