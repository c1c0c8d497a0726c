// Reads files that only grow, each time only what is new. The token says device, inode, size and modification time; how far the
// vault has the file is what `known` says. What is handed over is compared by the vault with the bytes before it.

import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';
import { APPEND_OVERLAP_BYTES, type CapturedStream, type KnownStream } from '../../../shared/model/item.ts';

/** The most of one file that one capture hands over; a larger file arrives over several captures. */
export const MAX_APPEND_BYTES = 16 * 1024 * 1024;

export interface AppendFileReading {
  readonly stream: CapturedStream;
  /** Bytes handed over now. */
  readonly readBytes: number;
  /** Bytes of the file that the vault will have after this capture. */
  readonly storedBytes: number;
  readonly fileBytes: number;
}

/**
 * Reads what is new of a file. Stored content is never replaced by a shorter beginning only because there is no room left: it stays
 * as it is until a later capture has room for the file that took its place.
 * @param name the stream's name
 * @param maxBytes what may be handed over now
 * @throws NodeJS.ErrnoException where the file cannot be opened or read, AppError SOURCE_UNREADABLE where it is no regular file
 */
export function readAppendFile(
  path: string,
  name: string,
  known: KnownStream | undefined,
  maxBytes: number,
): AppendFileReading {
  const { file, stat } = openRegularFile(path);
  try {
    const fileBytes = Number(stat.size);
    const version = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    const identity = `${stat.dev}:${stat.ino}:`;
    const limit = Math.max(0, Math.min(maxBytes, MAX_APPEND_BYTES));
    if (known !== undefined && known.version === version && known.sizeBytes === fileBytes) {
      return toReading(name, version, { type: 'unchanged' }, 0, fileBytes, fileBytes);
    }
    // After a start the version is not known: the overlap, compared by the vault, tells whether it is the same file.
    const isSameFile =
      known !== undefined &&
      known.sizeBytes <= fileBytes &&
      (known.version === '' || known.version.startsWith(identity));
    if (!isSameFile) {
      if (known !== undefined && limit < Math.min(fileBytes, MAX_APPEND_BYTES)) {
        return toReading(name, known.version, { type: 'unchanged' }, 0, 0, fileBytes);
      }
      const bytes = readRun(file, 0, Math.min(fileBytes, limit));
      return toReading(
        name,
        tokenFor(version, bytes.length, fileBytes),
        { type: 'whole', bytes },
        bytes.length,
        bytes.length,
        fileBytes,
      );
    }
    const overlapBytes = Math.min(APPEND_OVERLAP_BYTES, known.sizeBytes);
    const overlap = readRun(file, known.sizeBytes - overlapBytes, overlapBytes);
    const bytes = readRun(file, known.sizeBytes, Math.min(fileBytes - known.sizeBytes, limit));
    const storedBytes = known.sizeBytes + bytes.length;
    return toReading(
      name,
      tokenFor(version, storedBytes, fileBytes),
      { type: 'appended', fromByte: known.sizeBytes, overlap, bytes },
      bytes.length,
      storedBytes,
      fileBytes,
    );
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a run of a file into memory that is there already, and gives the part that was filled: less where the file ends before.
 * @throws NodeJS.ErrnoException, AppError SOURCE_UNREADABLE where it is no regular file
 */
export function readFileRun(path: string, start: number, into: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { file } = openRegularFile(path);
  try {
    return into.subarray(0, fill(file, start, into));
  } finally {
    closeSync(file);
  }
}

/** A file that is not stored to its end yet has a token that never equals the whole file's. */
function tokenFor(version: string, storedBytes: number, fileBytes: number): string {
  return storedBytes === fileBytes ? version : `${version.split(':').slice(0, 2).join(':')}:partial:${storedBytes}`;
}

function toReading(
  name: string,
  version: string,
  content: CapturedStream['content'],
  readBytes: number,
  storedBytes: number,
  fileBytes: number,
): AppendFileReading {
  return { stream: { name, kind: 'append', version, content }, readBytes, storedBytes, fileBytes };
}

function openRegularFile(path: string): { readonly file: number; readonly stat: BigIntStats } {
  // Without O_NONBLOCK a pipe in the file's place would hold the whole process.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file, { bigint: true });
    if (!stat.isFile()) throw new AppError('SOURCE_UNREADABLE', 'What stands there is not a regular file.');
    return { file, stat };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function readRun(file: number, start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const read = fill(file, start, bytes);
  return read === length ? bytes : bytes.slice(0, read);
}

/** Reads until the memory is full or the file ends; gives how many bytes that were. */
function fill(file: number, start: number, bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const read = readSync(file, bytes, at, bytes.length - at, start + at);
    if (read === 0) break;
    at += read;
  }
  return at;
}
