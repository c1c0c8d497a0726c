// Reads the beginning of a file of another program, whatever stands in its place.

import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';

export interface FileStart {
  /** In a buffer of its own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stat: BigIntStats;
  /** Equal for equal content. */
  readonly version: string;
}

/** @throws NodeJS.ErrnoException, AppError SOURCE_UNREADABLE where it is no regular file */
export function readFileStart(path: string, maxBytes: number): FileStart {
  // Without O_NONBLOCK, which Windows does not have, opening a pipe would wait for its writer.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file, { bigint: true });
    if (!stat.isFile()) throw new AppError('SOURCE_UNREADABLE', 'something that is no file stands in its place');
    const bytes = new Uint8Array(Math.max(0, Math.min(Number(stat.size), maxBytes)));
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(file, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    const version = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    return { bytes: length === bytes.length ? bytes : bytes.slice(0, length), stat, version };
  } finally {
    closeSync(file);
  }
}
