// Where another vault lies that somebody named: by its file, by its data folder, or by the name of a backup.

import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { dataFiles } from './data-folder.ts';

/** The path of its file, which may not be there. @param backupFolder is asked where it may be a backup's name */
export async function findOtherVault(named: string, backupFolder: () => Promise<string> | string): Promise<string> {
  const path = resolve(named);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return dataFiles(path).vault;
  if (existsSync(path) || named !== basename(named)) return path;
  const inFolder = join(await backupFolder(), named);
  return existsSync(inFolder) ? inFolder : path;
}
