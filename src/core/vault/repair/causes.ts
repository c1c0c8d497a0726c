// What may have damaged a vault, where that is cheap to see: each is one sentence, and none is more than a hint.

import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { freeBytes } from '../upkeep/reserve.ts';
import type { VaultFiles } from '../vault-files.ts';

export type CauseCode = 'failing-disk' | 'disk-full' | 'permissions' | 'sync-folder' | 'sync-conflict';

export interface Cause {
  readonly code: CauseCode;
  readonly sentence: string;
}

const FULL_BELOW_BYTES = 16 * 1024 * 1024;
/** Names of folders that a program copies elsewhere by itself, and what lies in them. */
const SYNC_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^dropbox(?: \(.*\))?$/i, 'Dropbox'],
  [/^onedrive(?: ?-.*)?$/i, 'OneDrive'],
  [/^(?:com~apple~clouddocs|mobile documents|icloud drive|icloud~.*)$/i, 'iCloud'],
  [/^(?:google ?drive|my drive|googledrive-.*)$/i, 'Google Drive'],
  [/^nextcloud$/i, 'Nextcloud'],
  [/^owncloud$/i, 'ownCloud'],
  [/^syncthing$/i, 'Syncthing'],
];
const SYNC_MARKS: readonly (readonly [string, string])[] = [
  ['.dropbox', 'Dropbox'],
  ['.dropbox.cache', 'Dropbox'],
  ['.stfolder', 'Syncthing'],
  ['.sync_journal.db', 'Nextcloud'],
];
const CONFLICT = /sync-conflict|conflicted copy|\(.*conflict.*\)/i;

/** @param unreadableBytes what the disk did not give back while the file was read */
export function findCauses(files: VaultFiles, unreadableBytes: number): Cause[] {
  const causes: Cause[] = [];
  if (unreadableBytes > 0)
    causes.push({
      code: 'failing-disk',
      sentence:
        'The disk did not give back parts of the file: copy what matters to another disk, and replace this one.',
    });
  if (freeBytes(files.folder) < FULL_BELOW_BYTES)
    causes.push({ code: 'disk-full', sentence: 'The disk is full, or nearly: free some space before anything else.' });
  if (!mayUse(files))
    causes.push({
      code: 'permissions',
      sentence: 'The data folder or a file in it cannot be read and written by you: give yourself that right again.',
    });
  const sync = findSyncProgram(files.folder);
  if (sync !== null)
    causes.push({
      code: 'sync-folder',
      sentence: `The vault lies in a folder that ${sync} copies: two programs that write one file damage it. Move the data folder elsewhere, and let ${sync} copy backups instead.`,
    });
  if (hasConflicts(files))
    causes.push({
      code: 'sync-conflict',
      sentence:
        'Beside the vault lies a copy that a sync program made of a conflict: the vault was written on two machines.',
    });
  return causes;
}

/** The sync program in whose folder this one lies; null where it is none that is known. */
export function findSyncProgram(folder: string): string | null {
  for (let path = realPath(folder); ; path = dirname(path)) {
    const name = SYNC_NAMES.find(([pattern]) => pattern.test(basename(path)));
    if (name !== undefined) return name[1];
    const mark = SYNC_MARKS.find(([file]) => existsSync(join(path, file)));
    if (mark !== undefined) return mark[1];
    if (dirname(path) === path) return null;
  }
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // gone meanwhile: its name is all there is
  }
}

function mayUse({ folder, database, sidecar }: VaultFiles): boolean {
  try {
    for (const path of [folder, database, sidecar].filter((file) => existsSync(file)))
      accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false; // which of them does not matter here
  }
}

function hasConflicts({ folder, database }: VaultFiles): boolean {
  const stem = basename(database).replace(/\.db$/, '');
  try {
    return readdirSync(folder).some((name) => name.startsWith(stem) && CONFLICT.test(name));
  } catch {
    return false; // the folder cannot be listed: that is told by itself
  }
}
