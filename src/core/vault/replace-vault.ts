// Puts another file in the place of a vault, for a repair, a merge or a backup that is put back. The old file stays under a name of its own,
// and a kill or a power cut at any point leaves the old vault or the new one, whole, with its log and its key file.
//
// The order: the old file gets a second name; its log and its key file make room; the new file takes the first name, which is the one moment
// that decides. While both names lead to one file that moment has not come: then whoever opens the vault next takes all of it back.

import { existsSync, linkSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { withStorageErrors } from './errors.ts';
import { syncFolder } from './keyring/sidecar.ts';
import { announce, holdAlone, type Presence } from './presence.ts';
import { vaultFiles, type VaultFiles } from './vault-files.ts';
import { isWritable, removeLeftovers } from './vault-place.ts';
import { WriterLock } from './writer-lock.ts';

/** What is kept, and what was built beside it: how their names go on after the vault's. */
const KEPT = /^\.(?:damaged|before-merge)-\d{8}T\d{9}Z(?:-\d{1,9})?$/;
const UNFINISHED = /^\.(?:new|look|part)-\d{1,10}$/;
const LOG_PARTS = ['-wal', '-shm'] as const;

/** Says that the vault is open here. What a kill left half replaced is taken back before. @throws AppError VAULT_BUSY */
export function enterVault(files: VaultFiles): Presence {
  if (isWritable([files.folder]) && findBegun(files).length > 0) takeBackAlone(files);
  return announce(files);
}

/** Looks at the vault's files, which nobody replaces meanwhile. @throws AppError VAULT_BUSY while somebody does */
export async function whileEntered<Result>(files: VaultFiles, work: () => Promise<Result>): Promise<Result> {
  const presence = enterVault(files);
  try {
    return await work();
  } finally {
    presence.close();
  }
}

/** Does what puts another file in the vault's place while nobody has the vault open or writes. @throws AppError VAULT_BUSY */
export async function whileAlone<Result>(files: VaultFiles, work: () => Promise<Result>): Promise<Result> {
  const alone = holdAlone(files);
  try {
    const lock = new WriterLock(files.lock);
    try {
      return await lock.hold(() => {
        takeBack(files);
        return work();
      });
    } finally {
      lock.close();
    }
  } finally {
    alone.close();
  }
}

/** Gives the name that the old file is kept under, in the same folder. Nobody else has the vault open: see `whileAlone`. */
export function replaceVault(
  files: VaultFiles,
  fresh: VaultFiles,
  { nowMs, keptAs = 'damaged' }: { readonly nowMs: number; readonly keptAs?: 'damaged' | 'before-merge' },
): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '');
  let kept = `${files.database}.${keptAs}-${stamp}`;
  for (let count = 2; existsSync(kept); count += 1) kept = `${files.database}.${keptAs}-${stamp}-${count}`;
  // Each step is on the disk before the next one: a log beside a database that it is not of would be written into it.
  if (existsSync(files.database)) linkSync(files.database, kept);
  syncFolder(files.folder);
  if (existsSync(files.sidecar)) linkSync(files.sidecar, `${kept}.keys`);
  syncFolder(files.folder);
  for (const part of LOG_PARTS) if (existsSync(files.database + part)) renameSync(files.database + part, kept + part);
  renameSync(fresh.sidecar, files.sidecar);
  syncFolder(files.folder);
  renameSync(fresh.database, files.database);
  syncFolder(files.folder);
  return basename(kept);
}

/** Second names of the vault's own file: a replacement was begun, and never came to the moment that decides. */
function findBegun({ database, folder }: VaultFiles): string[] {
  const own = identityOf(database);
  if (own === null) return [];
  const start = basename(database);
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && KEPT.test(name.slice(start.length)))
    .map((name) => join(folder, name))
    .filter((path) => identityOf(path) === own);
}

function takeBackAlone(files: VaultFiles): void {
  try {
    const alone = holdAlone(files);
    try {
      takeBack(files);
    } finally {
      alone.close();
    }
  } catch (error) {
    // Somebody does just that, or it is no leftover: it is being replaced now. Announcing oneself tells.
    if (!(error instanceof AppError) || error.code !== 'VAULT_BUSY') throw error;
  }
}

/** Everything as it was before what was begun, and what was built for it away. Can be killed, too: the second name goes last. */
function takeBack(files: VaultFiles): void {
  withStorageErrors('Taking back what was begun', () => {
    for (const kept of findBegun(files)) {
      for (const part of LOG_PARTS)
        if (existsSync(kept + part) && !existsSync(files.database + part))
          renameSync(kept + part, files.database + part);
      const keptKeys = `${kept}.keys`;
      // Renaming one name of a file to another of its names does nothing at all.
      if (existsSync(keptKeys)) {
        if (identityOf(keptKeys) === identityOf(files.sidecar)) unlinkSync(keptKeys);
        else renameSync(keptKeys, files.sidecar);
      }
      syncFolder(files.folder);
      unlinkSync(kept);
    }
    removeUnfinished(files);
  });
}

/** What a killed repair or merge built; nobody else holds the vault now. */
function removeUnfinished({ database, folder }: VaultFiles): void {
  const start = basename(database);
  for (const name of readdirSync(folder))
    if (name.startsWith(start) && UNFINISHED.test(name.slice(start.length)))
      removeLeftovers(vaultFiles(join(folder, name)));
}

function identityOf(path: string): string | null {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  return facts === undefined ? null : `${facts.dev} ${facts.ino}`;
}
