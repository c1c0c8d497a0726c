// Reads whole files of other programs. What stands in a file's place may be anything: neither a pipe nor a device may hold the
// process, or make it read without end.

import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';

const MEGABYTE = 1024 * 1024;

/**
 * Reads a file as it is now.
 * @throws AppError SOURCE_UNREADABLE where it is no regular file or larger, with why as half a sentence; NodeJS.ErrnoException
 */
export function readRegularFile(path: string, maxBytes: number): Buffer {
  // Without O_NONBLOCK, which Windows does not have, opening a pipe would wait for its writer.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    assertRegularFile(stats);
    if (stats.size > maxBytes) throw unreadable(`it is larger than ${Math.ceil(maxBytes / MEGABYTE)} MB`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Lets only regular files pass. @throws AppError SOURCE_UNREADABLE, as `readRegularFile` */
export function assertRegularFile(stats: Stats): void {
  if (!stats.isFile()) throw unreadable(`${nameOf(stats)} stands in its place`);
}

/** Why a file could not be read, as half a sentence: `it may not be read (EACCES)`. Names no path. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof AppError) return error.message.replace(/\.$/, '');
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `it may not be read (${code})`;
    case 'ENOENT':
      return 'it is not there';
    case 'EIO':
      return 'the disk reported an error (EIO)';
    default:
      return `reading it failed (${code})`;
  }
}

function unreadable(why: string): AppError {
  return new AppError('SOURCE_UNREADABLE', why);
}

function nameOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  return stats.isFIFO() ? 'a pipe' : 'something that is no file';
}
