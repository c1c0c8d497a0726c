// Which captured paths lie in or below a folder with a `.cairnignore` that hides them. The files are looked at anew before each capture;
// in between what was seen counts. An outer file and an inner one hide what either hides: no file below can show what one above hides.

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';

import { toComparable } from './match-path.ts';
import { parseIgnoreFile, type IgnoreMatcher } from './parse-ignore-file.ts';

export const IGNORE_FILE = '.cairnignore';

const MAX_FILE_BYTES = 64 * 1024;
/** Folders that are remembered: more than a large workspace points into. */
const MAX_FOLDERS = 20_000;
const HIDE_ALL: IgnoreMatcher = () => true;

interface Seen {
  /** What the file looked like: another size, time or inode means another content. Empty where there is none. */
  readonly token: string;
  readonly matches: IgnoreMatcher | null;
}

export class IgnoreFiles {
  readonly #platform: NodeJS.Platform;
  readonly #seen = new Map<string, Seen>();
  readonly #verdicts = new Map<string, boolean>();
  #version = 0;

  constructor(platform: NodeJS.Platform) {
    this.#platform = platform;
  }

  /** Looks at the files anew. The number given is another one where any of them has come, gone or changed. */
  refresh(): number {
    if (this.#seen.size > MAX_FOLDERS) this.#seen.clear();
    this.#verdicts.clear();
    for (const [folder, before] of this.#seen) {
      const token = tokenOf(folder);
      if (token === before.token) continue;
      this.#seen.set(folder, read(folder, token, this.#isCaseSensitive));
      this.#version += 1;
    }
    return this.#version;
  }

  /** True where a `.cairnignore` hides the file or folder. Paths that are not absolute are nobody's. */
  isIgnored(path: string): boolean {
    const known = this.#verdicts.get(path);
    if (known !== undefined) return known;
    const verdict = this.#judge(path);
    if (this.#verdicts.size >= MAX_FOLDERS) this.#verdicts.clear();
    this.#verdicts.set(path, verdict);
    return verdict;
  }

  #judge(path: string): boolean {
    const paths = this.#platform === 'win32' ? win32 : posix;
    if (!paths.isAbsolute(path) || path.includes('\0')) return false;
    const plain = toComparable(path, this.#platform);
    if (this.#isBelowMark(plain)) return true;
    // A link may lead into such a folder from anywhere.
    const real = toComparable(realPathOf(path), this.#platform);
    return real !== plain && this.#isBelowMark(real);
  }

  #isBelowMark(path: string): boolean {
    for (let folder = path; ; folder = posix.dirname(folder)) {
      const relative = folder === path ? '' : path.slice(folder === '/' ? 1 : folder.length + 1);
      if (this.#at(folder)?.(relative) === true) return true;
      if (posix.dirname(folder) === folder) return false;
    }
  }

  #at(folder: string): IgnoreMatcher | null {
    const known = this.#seen.get(folder);
    if (known !== undefined) return known.matches;
    const seen = read(folder, tokenOf(folder), this.#isCaseSensitive);
    this.#seen.set(folder, seen);
    return seen.matches;
  }

  get #isCaseSensitive(): boolean {
    return this.#platform !== 'darwin' && this.#platform !== 'win32';
  }
}

function tokenOf(folder: string): string {
  try {
    const stats = statSync(`${folder}/${IGNORE_FILE}`, { throwIfNoEntry: false });
    return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.isFile()}`;
  } catch (error) {
    // Below a file, or a name that no file can have: there is none. What may not be looked at may be there.
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'unreadable' : '';
  }
}

function read(folder: string, token: string, isCaseSensitive: boolean): Seen {
  if (token === '') return { token, matches: null };
  try {
    const path = `${folder}/${IGNORE_FILE}`;
    const stats = statSync(path);
    // Whatever it is, somebody has put it there to say no.
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) return { token, matches: HIDE_ALL };
    return { token, matches: parseIgnoreFile(readFileSync(path, 'utf8'), { isCaseSensitive }) };
  } catch {
    return { token, matches: HIDE_ALL };
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path; // gone, or not ours to look at
  }
}
