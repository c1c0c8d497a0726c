// From the folders and files that items point into to the work trees that hold them.

import { lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

export interface Repository {
  /** The work tree's root. */
  readonly root: string;
  /** Its own git folder: index, HEAD. */
  readonly gitDir: string;
  /** The git folder that holds objects and refs; another one in a linked work tree. */
  readonly commonDir: string;
}

/** The repositories that these absolute paths lie in, each once. */
export function findRepositories(paths: Iterable<string>): Repository[] {
  const roots = new Map<string, Repository>();
  const looked = new Map<string, Repository | null>();
  for (const path of paths) {
    const found = isAbsolute(path) ? findUpward(path, looked) : null;
    if (found !== null) roots.set(found.root, found);
  }
  return [...roots.values()].toSorted((a, b) => (a.root < b.root ? -1 : 1));
}

/** The repository whose root is this folder; null where it is none. */
export function readRepository(root: string): Repository | null {
  const dotGit = join(root, '.git');
  const stat = lstatSync(dotGit, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const gitDir = stat.isDirectory() ? dotGit : linkedGitDir(dotGit, root);
  if (gitDir === null || statSync(join(gitDir, 'HEAD'), { throwIfNoEntry: false }) === undefined) return null;
  return { root, gitDir, commonDir: commonDirOf(gitDir) };
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
    found = readRepositoryQuietly(folder);
    if (found !== null || dirname(folder) === folder) break;
  }
  for (const folder of passed) looked.set(folder, found);
  return found;
}

function readRepositoryQuietly(root: string): Repository | null {
  try {
    return readRepository(root);
  } catch {
    return null; // a folder that may not be read holds nothing that could be captured
  }
}

/** A `.git` file of a linked work tree or submodule: `gitdir: PATH`. */
function linkedGitDir(file: string, root: string): string | null {
  const target = /^gitdir: (.+)$/m.exec(readFileSync(file, 'utf8').slice(0, 4096))?.[1];
  return target === undefined ? null : resolve(root, target.trim());
}

function commonDirOf(gitDir: string): string {
  try {
    return resolve(gitDir, readFileSync(join(gitDir, 'commondir'), 'utf8').trim());
  } catch {
    return gitDir; // not a linked work tree
  }
}
