// Rolling backups (V18): SQLite's online backup while saving goes on, then every seal of the copy is checked, and only then an
// older backup is let go.

import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { openReadDatabase, openWriteDatabase } from '../database.ts';
import { damaged, withStorageErrors } from '../errors.ts';
import { VaultState } from '../log/vault-state.ts';
import type { BackupReport } from '../vault.ts';
import type { VaultFiles } from '../vault-files.ts';
import type { WorkControl } from './slices.ts';
import { countSeals } from './verify.ts';

const PAGES_PER_STEP = 512;
const BACKUP_NAME = /^vault-\d{8}T\d{9}Z\.db$/;

export interface BackupDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

/** @param keep how many verified backups stay, this one included */
export async function backupVault(
  deps: BackupDeps,
  folder: string,
  keep: number,
  nowMs: number,
  control: WorkControl,
): Promise<BackupReport> {
  const { state } = deps;
  if (keep < 1)
    throw new AppError('USAGE_INVALID', 'At least one backup must be kept.', { hint: 'Set backup.keep to 1 or more.' });
  withStorageErrors('Making the backup folder', () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  removeUnfinished(folder);
  const name = `vault-${new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '')}.db`;
  const unfinished = join(folder, `${name}.unfinished`);
  try {
    await copy(state, unfinished, control);
    const checked = withStorageErrors('Checking the backup', () => check(state, unfinished));
    withStorageErrors('Finishing the backup', () => finish(unfinished, join(folder, name)));
    const removed = letGo(folder, keep);
    await deps.withLock(() => state.commit('Noting the backup', { lastBackupAtMs: nowMs }, () => undefined));
    return { name, sizeBytes: statSync(join(folder, name)).size, checked, removed };
  } catch (error) {
    unlinkAll(unfinished);
    throw error;
  }
}

/** Names of the finished backups in a folder, oldest first. */
export function listBackups(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => BACKUP_NAME.test(name))
    .toSorted();
}

async function copy(state: VaultState, to: string, control: WorkControl): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  await state.readDb.backup(to, {
    progress: ({ totalPages, remainingPages }) => {
      control.signal.throwIfAborted();
      control.onProgress({ done: totalPages - remainingPages, total: totalPages });
      return PAGES_PER_STEP;
    },
  });
}

/** Opens the copy with the keys at hand and every box in it. */
function check(state: VaultState, path: string): number {
  const writeDb = openWriteDatabase(path);
  const readDb = openReadDatabase(path);
  try {
    const { checked, failed } = countSeals(new VaultState(state.keyring, writeDb, readDb));
    if (failed > 0)
      throw damaged(
        `${failed} of ${checked} records of the new backup do not authenticate, so older backups were kept`,
      );
    return checked;
  } finally {
    readDb.close();
    writeDb.pragma('wal_checkpoint(TRUNCATE)');
    writeDb.close();
  }
}

function finish(from: string, to: string): void {
  chmodSync(from, 0o600);
  const file = openSync(from, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(from, to);
}

function letGo(folder: string, keep: number): string[] {
  const names = listBackups(folder);
  const gone = names.slice(0, Math.max(0, names.length - keep));
  for (const name of gone) unlinkAll(join(folder, name));
  return gone;
}

function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith('.unfinished')) unlinkAll(join(folder, name));
}

function unlinkAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    if (statSync(path + suffix, { throwIfNoEntry: false }) !== undefined) unlinkSync(path + suffix);
  }
}
