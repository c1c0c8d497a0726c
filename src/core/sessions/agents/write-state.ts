// Writes a title or a status that the user changed into the session's own state file: whole or not at all, everything else in it as it
// was, and never over a file that somebody else has changed in the meantime.

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { setJsonMember } from './json-edit.ts';
import { hashOf, sessionsFolderOf } from './read-folder.ts';

export interface StateChange {
  readonly title?: string;
  readonly status?: string;
}

/**
 * Gives the hash of the file as it is then.
 * @param stateHash of the file as it was read last
 * @throws AppError SESSION_FILE_CHANGED; the file is then as it was
 */
export function writeAgentState(project: string, slug: string, change: StateChange, stateHash: string): string {
  const path = join(sessionsFolderOf(project), slug, 'state.json');
  const before = readState(path);
  if (before === null || hashOf(before.text) !== stateHash) throw fileChanged();
  const titled = change.title === undefined ? before.text : setJsonMember(before.text, 'topic', change.title);
  const text = titled === null || change.status === undefined ? titled : setJsonMember(titled, 'status', change.status);
  if (text === null) throw fileChanged();
  if (text === before.text) return stateHash;
  const temporary = `${path}.${process.pid}.new`;
  try {
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', before.mode);
    try {
      writeSync(file, text);
      fchmodSync(file, before.mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Whoever wrote while this was prepared has the newer word.
    const now = readState(path);
    if (now === null || now.mtimeMs !== before.mtimeMs || now.text !== before.text) throw fileChanged();
    renameSync(temporary, path);
    return hashOf(text);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Null where no regular file of text stands there; a link is never written through. */
function readState(path: string): { readonly text: string; readonly mode: number; readonly mtimeMs: number } | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile()) return null;
  const bytes = readFileSync(path);
  const text = bytes.toString('utf8');
  // What is no text would come back changed.
  if (!Buffer.from(text, 'utf8').equals(bytes)) return null;
  return { text, mode: stats.mode & 0o777, mtimeMs: stats.mtimeMs };
}

function fileChanged(): AppError {
  return new AppError(
    'SESSION_FILE_CHANGED',
    "The session's own file has changed in the meantime, so nothing was written.",
    {
      hint: 'Look at what it says now, and try again.',
      isRetryable: true,
    },
  );
}
