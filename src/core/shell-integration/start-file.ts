// Reads and writes one start file of the user. Links are followed to the file that they lead to, which alone is written: a repository of
// dotfiles keeps its links. Written as a whole or not at all, with the file's mode, and never over a change of somebody else.

import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MAX_BYTES = 4 * 1024 * 1024;
const NEW_FILE_MODE = 0o644;
const OWNER_WRITES = 0o200;

/** A start file as it stands. Its text is its bytes as latin1, so that no byte of it can change. */
export type StartFile =
  | { readonly state: 'missing'; readonly path: string }
  | {
      readonly state: 'there';
      readonly path: string;
      readonly target: string;
      readonly text: string;
      readonly mode: number;
    }
  | { readonly state: 'refused'; readonly path: string; readonly why: string };

/** Reads a start file, or says as half a sentence why it must not be written. Never throws. */
export function readStartFile(path: string, uid: number): StartFile {
  const refused = (why: string): StartFile => ({ state: 'refused', path, why });
  try {
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (link === undefined) return { state: 'missing', path };
    if (link.isSymbolicLink() && statSync(path, { throwIfNoEntry: false }) === undefined)
      return refused('it is a link that leads nowhere');
    const target = realpathSync(path);
    const stats = statSync(target);
    if (!stats.isFile()) return refused('it is no regular file');
    if (stats.uid !== uid) return refused('it belongs to another user');
    if ((stats.mode & OWNER_WRITES) === 0) return refused('it is read-only');
    if (stats.nlink > 1) return refused('it has a second name (a hard link), which would be left behind');
    if (stats.size > MAX_BYTES) return refused('it is too large for a start file');
    accessSync(target, constants.R_OK | constants.W_OK);
    accessSync(dirname(target), constants.W_OK);
    return { state: 'there', path, target, text: readFileSync(target, 'latin1'), mode: stats.mode & 0o7777 };
  } catch (error) {
    return refused(`it cannot be written (${codeOf(error)})`);
  }
}

/**
 * Gives the file this text; null removes it.
 * @throws Error with a sentence where the file has changed since it was read; NodeJS.ErrnoException. It is then as it was
 */
export function writeStartFile(file: Exclude<StartFile, { state: 'refused' }>, text: string | null): void {
  const target = file.state === 'there' ? file.target : file.path;
  if (file.state === 'missing') mkdirSync(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${basename(target)}.cairn-${process.pid}.new`);
  rmSync(temporary, { force: true });
  try {
    if (text !== null) {
      const mode = file.state === 'there' ? file.mode : NEW_FILE_MODE;
      const handle = openSync(temporary, 'wx', mode);
      try {
        // The mask of this process must not narrow what was wider.
        if (file.state === 'there') fchmodSync(handle, mode);
        writeSync(handle, text, null, 'latin1');
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    }
    assertSame(file, target);
    if (text === null) unlinkSync(target);
    else renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function assertSame(file: Exclude<StartFile, { state: 'refused' }>, target: string): void {
  const isThere = lstatSync(target, { throwIfNoEntry: false }) !== undefined;
  const isSame = file.state === 'missing' ? !isThere : isThere && readFileSync(target, 'latin1') === file.text;
  if (!isSame) throw new Error('It was changed by another program meanwhile; run the command again.');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
