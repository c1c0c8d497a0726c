// Opens the tables of a damaged file as far as SQLite can be brought to it: where it lies; else a copy of it with what is missing filled in,
// on disk where there may be one, so that a file of any size wants no memory; else in memory.

import { chmodSync, closeSync, constants, copyFileSync, ftruncateSync, openSync, writeSync } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';
import { openWriteDatabase, PAGE_BYTES, type ReadDb, type WriteDb } from '../database.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { openBeside } from '../open-beside.ts';
import { openReadingCopy } from '../reading-copy.ts';
import { vaultFiles } from '../vault-files.ts';
import { removeLeftovers } from '../vault-place.ts';
import {
  createMemoryDatabase,
  fillCutFile,
  fillCutPages,
  graftFirstPage,
  graftFirstPageOf,
  isCutFile,
} from './first-page.ts';
import { orNull } from './read-rows.ts';
import { listLogFrames } from './scan/log-frames.ts';

export interface OpenedSource {
  readonly db: ReadDb;
  /** False where the bytes had to be changed to be opened. */
  readonly isAsItStood: boolean;
  close(): void;
}

/**
 * Null where SQLite cannot read any of it.
 * @param log the bytes of its log, where there are some
 * @param scratch where a copy may be written; null for none
 */
export function openDamagedSource(path: string, log: Buffer | null, scratch: string | null): OpenedSource | null {
  const inPlace = openInPlace(path);
  if (inPlace !== null) return inPlace;
  const onDisk = scratch === null ? null : orNull(() => openOnDisk(path, log, scratch));
  if (onDisk !== null) return onDisk;
  try {
    return openInMemory(path);
  } catch (error) {
    // Too large for the memory, or a disk that fails: then the bytes alone are left.
    if (!(error instanceof AppError) || (error.code !== 'VAULT_READ_ONLY' && error.code !== 'VAULT_DAMAGED'))
      throw error;
    return null;
  }
}

/** One moment of it, also while somebody writes. */
function openInPlace(path: string): OpenedSource | null {
  if (orNull(() => isCutFile(path)) !== false) return null;
  const db = orNull(() => openBeside(path));
  if (db === null) return null;
  if (hasTables(db) && orNull(() => db.exec('BEGIN')) !== null)
    return { db, isAsItStood: true, close: () => db.close() };
  db.close();
  return null;
}

function openOnDisk(path: string, log: Buffer | null, scratch: string): OpenedSource | null {
  const files = vaultFiles(scratch);
  removeLeftovers(files);
  const close = (db: WriteDb): void => {
    db.close();
    removeLeftovers(files);
  };
  try {
    copyFileSync(path, scratch, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    chmodSync(scratch, 0o600);
    change(scratch, (file) => applyLog(file, log));
    for (const prepare of [fillCutFile, graftFirstPageOf]) {
      change(scratch, prepare);
      const db = orNull(() => openWriteDatabase(scratch));
      if (db === null) continue;
      if (orNull(() => runMigrations(db)) !== null && hasTables(db))
        return { db, isAsItStood: false, close: () => close(db) };
      db.close();
    }
  } catch (error) {
    removeLeftovers(files);
    throw error;
  }
  removeLeftovers(files);
  return null;
}

function change(path: string, work: (file: number) => void): void {
  const file = openSync(path, 'r+');
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}

/** What the log committed, in its place. */
function applyLog(file: number, log: Buffer | null): void {
  const { frames, pageBytes, pages } = listLogFrames(log ?? Buffer.alloc(0));
  if (log === null || pages === 0 || pageBytes !== PAGE_BYTES) return;
  for (const { page, at, isCommitted } of frames)
    if (isCommitted && page >= 1 && page <= pages) writeSync(file, log, at, PAGE_BYTES, (page - 1) * PAGE_BYTES);
  ftruncateSync(file, pages * PAGE_BYTES);
}

function openInMemory(path: string): OpenedSource | null {
  for (const prepare of [fillCutPages, graftFirstPage]) {
    let isAsItStood = prepare !== graftFirstPage;
    const db = openWith(path, (bytes) => {
      const prepared = prepare(bytes);
      isAsItStood &&= prepared.length === bytes.length;
      return prepared;
    });
    if (db === null) continue;
    if (orNull(() => runMigrations(db)) !== null && hasTables(db)) return { db, isAsItStood, close: () => db.close() };
    db.close();
  }
  return null;
}

function openWith(path: string, prepare: (bytes: Buffer) => Buffer): WriteDb | null {
  try {
    return openReadingCopy(path, prepare);
  } catch (error) {
    if (error instanceof AppError && (error.code === 'VAULT_DAMAGED' || error.code === 'VAULT_NOT_A_VAULT'))
      return null;
    throw error;
  }
}

/** Whether the tables are those of a vault, each beginning where it should. */
function hasTables(db: ReadDb): boolean {
  const schema = (of: ReadDb): string =>
    JSON.stringify(of.prepare('SELECT name, rootpage, sql FROM sqlite_schema ORDER BY rootpage').all());
  const template = createMemoryDatabase();
  try {
    return orNull(() => schema(db)) === schema(template);
  } finally {
    template.close();
  }
}
