// Rolling backups (V18): SQLite's online backup while saving goes on, then every seal of the copy is checked, and only then an
// older backup is let go.

import { chmodSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { makeFoldersSync } from '../../system/make-folders.ts';
import { isProcessAlive } from '../../system/process-alive.ts';
import { openReadDatabase, openWriteDatabase } from '../database.ts';
import { damaged, toStorageError, withAsyncStorageErrors, withStorageErrors } from '../errors.ts';
import { syncFile, syncFolder } from '../keyring/sidecar.ts';
import { VaultState } from '../log/vault-state.ts';
import type { BackupReport } from '../vault.ts';
import type { VaultFiles } from '../vault-files.ts';
import { copyDatabase } from './copy-database.ts';
import { countSeals } from './count-seals.ts';
import type { WorkControl } from './slices.ts';

/** An unfinished copy of a dead process that nobody has written to for so long is left over. */
const LEFT_AFTER_MS = 10 * 60_000;
/** Nor does any copy pause for a day, even where its process number is in use again. */
const LEFT_ANYWAY_AFTER_MS = 24 * 3_600_000;

export interface BackupDeps {
  readonly state: VaultState;
  readonly files: VaultFiles;
  withLock<Result>(work: () => Promise<Result> | Result): Promise<Result>;
}

/** @param keep how many verified backups of this vault stay, this one included */
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
  makeBackupFolder(folder);
  const owner = state.keys.vaultId.toString('hex');
  withStorageErrors('Tidying the backup folder', () => removeUnfinished(folder, owner));
  const name = `vault-${new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '')}-${owner}.db`;
  const unfinished = join(folder, `${name}.unfinished-${process.pid}`);
  try {
    await copyDatabase(state.readDb, unfinished, control);
    const checked = await withAsyncStorageErrors('Checking the backup', () => check(state, unfinished, control));
    withStorageErrors('Finishing the backup', () => finish(unfinished, folder, name));
    const removed = letGo(folder, owner, keep, name);
    await deps.withLock(() => state.commit('Noting the backup', { lastBackupAtMs: nowMs }, () => undefined));
    return { name, sizeBytes: statSync(join(folder, name)).size, checked, removed };
  } catch (error) {
    unlinkAll(unfinished);
    throw error;
  }
}

/** Names of the finished backups of one vault in a folder, oldest first: others' files, and other vaults' backups, are not ours to count. */
function listBackups(folder: string, owner: string): string[] {
  const pattern = new RegExp(`^vault-\\d{8}T\\d{9}Z-${owner}\\.db$`);
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .toSorted();
}

function makeBackupFolder(folder: string): void {
  try {
    makeFoldersSync(folder);
  } catch (error) {
    const typed = toStorageError('Making the backup folder', error);
    // What the system says of a place like /proc would read as if the vault were missing.
    throw typed instanceof AppError && typed.code === 'VAULT_DISK_FULL'
      ? typed
      : new AppError('VAULT_READ_ONLY', 'The backup folder cannot be made.', {
          hint: 'Name another one: `cairn backup --folder`, or `cairn config set backup.folder`.',
          cause: error,
        });
  }
}

/** Opens the copy with the keys at hand and every box in it, in slices between which captures go on. */
async function check(state: VaultState, path: string, control: WorkControl): Promise<number> {
  const { oldestEpoch } = state.keyring;
  const writeDb = openWriteDatabase(path);
  const readDb = openReadDatabase(path);
  try {
    const { checked, failed } = await countSeals(new VaultState(state.keyring, writeDb, readDb), control);
    if (failed > 0 && state.keyring.oldestEpoch !== oldestEpoch)
      throw new AppError('VAULT_BUSY', 'The keys were rotated while the backup was checked, so it was given up.', {
        hint: 'Older backups were kept. Make it again.',
        isRetryable: true,
      });
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

function finish(from: string, folder: string, name: string): void {
  chmodSync(from, 0o600);
  syncFile(from);
  renameSync(from, join(folder, name));
  // Before older ones go: a power cut may otherwise take the new name and keep the deletions.
  syncFolder(folder);
}

/**
 * The newest stay. Those of a time after the one that was just made are from a clock that was wrong: they go first, and the one that was just
 * made never does.
 */
function letGo(folder: string, owner: string, keep: number, made: string): string[] {
  const listed = listBackups(folder, owner);
  const names = [...listed.filter((name) => name > made), ...listed.filter((name) => name <= made)];
  const gone = names.slice(0, Math.max(0, names.length - keep));
  for (const name of gone) unlinkAll(join(folder, name));
  return gone;
}

/** Removes what killed processes left of copies of this vault, never what one is still making. */
function removeUnfinished(folder: string, owner: string): void {
  const pattern = new RegExp(`^vault-\\d{8}T\\d{9}Z-${owner}\\.db\\.unfinished-(\\d{1,10})$`);
  for (const name of readdirSync(folder)) {
    const pid = Number(pattern.exec(name)?.[1] ?? 0);
    if (pid === 0) continue;
    const path = join(folder, name);
    const untouchedMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    const isLeft = (untouchedMs > LEFT_AFTER_MS && !isProcessAlive(pid)) || untouchedMs > LEFT_ANYWAY_AFTER_MS;
    if (isLeft) unlinkAll(path);
  }
}

function unlinkAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    if (statSync(path + suffix, { throwIfNoEntry: false }) !== undefined) unlinkSync(path + suffix);
  }
}
