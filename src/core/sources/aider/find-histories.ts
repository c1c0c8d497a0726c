// Where aider's histories lie: in the root of a project, or in the folder that it was started in. There is no list of them, so they are
// looked for where the other sources' items point, where aider runs, and where they were found before.

import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

import { assertRegularFile, whyUnreadable } from '../host/read-file.ts';
import { HISTORY_FILE } from './aider-paths.ts';

export interface History {
  /** The folder, without symbolic links on the way. */
  readonly folder: string;
  readonly path: string;
  readonly mtimeMs: number;
}

export interface HistoryList {
  readonly found: readonly History[];
  readonly unreadable: readonly { readonly folder: string; readonly why: string }[];
}

/** Looks in these folders (or those of these files) and on the way up to the root of their project. Opens none. */
export function findHistories(paths: Iterable<string>, isExcluded: (folder: string) => boolean): HistoryList {
  const found: History[] = [];
  const unreadable: { folder: string; why: string }[] = [];
  for (const folder of foldersOf(paths)) {
    if (isExcluded(folder)) continue;
    const path = join(folder, HISTORY_FILE);
    try {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      assertRegularFile(stats);
      found.push({ folder, path, mtimeMs: stats.mtimeMs });
    } catch (error) {
      unreadable.push({ folder, why: whyUnreadable(error) });
    }
  }
  return { found, unreadable };
}

/** The root of the project that the folder lies in; the folder itself where it lies in none. */
export function projectFolder(folder: string): string {
  let root: string | null = folder;
  while (root !== null && !isProjectRoot(root)) root = dirname(root) === root ? null : dirname(root);
  return root ?? folder;
}

/** Each folder once, with those above it up to the root of its project. */
function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    const start = isAbsolute(path) && !path.includes('\0') ? realFolder(path) : null;
    for (let folder = start; folder !== null && !folders.has(folder); folder = parentInProject(folder)) {
      folders.add(folder);
    }
  }
  return folders;
}

/** Null at the root of a project, and of the file system. */
function parentInProject(folder: string): string | null {
  const parent = dirname(folder);
  return isProjectRoot(folder) || parent === folder ? null : parent;
}

function isProjectRoot(folder: string): boolean {
  return existsSync(join(folder, '.git'));
}

function realFolder(path: string): string | null {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? real : dirname(real);
  } catch {
    return null; // gone: nothing lies there
  }
}
