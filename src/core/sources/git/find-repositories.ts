// From the folders and files that items point into to the work trees that hold them. Only looks at `.git` on the way up: no git
// is run. Linked work trees and submodules have a `.git` file instead of a folder; each is a work tree of its own.

import { lstatSync, openSync, readSync, closeSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

const MAX_POINTER_BYTES = 4_096;

export interface Repository {
  /** The work tree's root, without symbolic links on the way. */
  readonly root: string;
  /** Its own git folder: index, HEAD. */
  readonly gitDir: string;
  /** The git folder that holds objects and refs; another one in a linked work tree. */
  readonly commonDir: string;
}

/** The repositories that these absolute paths lie in, each once, in order of their roots. */
export function findRepositories(paths: Iterable<string>): Repository[] {
  const roots = new Map<string, Repository>();
  const looked = new Map<string, Repository | null>();
  for (const path of paths) {
    if (!isAbsolute(path) || path.includes('\0')) continue;
    const found = findUpward(realFolder(path), looked);
    if (found !== null) roots.set(found.root, found);
  }
  return [...roots.values()].toSorted((a, b) => (a.root < b.root ? -1 : 1));
}

/** The repository whose work tree has this root; null where it has none that could be read. */
export function readRepository(root: string): Repository | null {
  try {
    const dotGit = join(root, '.git');
    const stat = lstatSync(dotGit, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    const gitDir = statSync(dotGit).isDirectory() ? dotGit : readPointer(dotGit, root, /^gitdir: ([^\n\r]+)/);
    if (gitDir === null || lstatSync(join(gitDir, 'HEAD'), { throwIfNoEntry: false }) === undefined) return null;
    const commonDir = readPointer(join(gitDir, 'commondir'), gitDir, /^([^\n\r]+)/) ?? gitDir;
    return { root, gitDir, commonDir };
  } catch {
    return null; // a folder that may not be read holds nothing that could be captured
  }
}

/** The path itself or its nearest parent that exists, without symbolic links. */
function realFolder(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      return realpathSync(folder);
    } catch {
      // Gone, or not readable: what the parent says counts.
      if (dirname(folder) === folder) return folder;
    }
  }
}

function findUpward(path: string, looked: Map<string, Repository | null>): Repository | null {
  const passed: string[] = [];
  let found: Repository | null = null;
  for (let folder = path; ; folder = dirname(folder)) {
    const known = looked.get(folder);
    if (known !== undefined) {
      found = known;
      break;
    }
    passed.push(folder);
    found = readRepository(folder);
    if (found !== null || dirname(folder) === folder) break;
  }
  for (const folder of passed) looked.set(folder, found);
  return found;
}

/** A path in a small file, relative to `base`; null where there is no such file or it says something else. */
function readPointer(file: string, base: string, pattern: RegExp): string | null {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const buffer = Buffer.alloc(MAX_POINTER_BYTES);
  const handle = openSync(file, 'r');
  try {
    const length = readSync(handle, buffer, 0, MAX_POINTER_BYTES, 0);
    const target = pattern.exec(buffer.toString('utf8', 0, length))?.[1];
    return target === undefined ? null : resolve(base, target.trim());
  } finally {
    closeSync(handle);
  }
}
