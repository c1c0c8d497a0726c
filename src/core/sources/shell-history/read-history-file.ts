// What is new of a history file. Shells append to it, and now and then write it anew, shorter or in another's place: then what is new is
// what follows the entries seen last.

import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { AppError } from '../../../shared/model/app-error.ts';
import type { CommandEntry } from './command-entry.ts';

/** More of a file than its newest end is not read. */
const MAX_READ_BYTES = 4 * 1024 * 1024;
const GUARD_BYTES = 256;
/** Entries that are remembered to find their place again. */
const MAX_TAIL = 16;
const NEWLINE = 0x0a;

/** How far a file was read. Small, and stored with the item, so that a new run goes on where the last one ended. */
export interface HistoryPosition {
  readonly identity: string;
  /** Bytes up to the last line end that was read. */
  readonly offset: number;
  /** A fingerprint of the bytes before `offset`. */
  readonly guard: string;
  /** Fingerprints of the last entries, the newest last. */
  readonly tail: readonly string[];
  readonly lastAtMs: number;
}

export interface HistoryReading {
  readonly position: HistoryPosition;
  readonly entries: readonly CommandEntry[];
}

/**
 * Reads what follows the position; all of the file's newest end where there is none.
 * @throws NodeJS.ErrnoException where it cannot be opened or read, AppError SOURCE_UNREADABLE where it is no regular file
 */
export function readHistoryFile(
  path: string,
  parse: (bytes: Uint8Array) => readonly CommandEntry[],
  before: HistoryPosition | null,
): HistoryReading {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new AppError('SOURCE_UNREADABLE', 'What stands there is not a regular file.');
    const identity = `${stats.dev}:${stats.ino}`;
    const isAppended =
      before !== null &&
      before.identity === identity &&
      stats.size >= before.offset &&
      guardOf(file, before.offset) === before.guard;
    const start = isAppended ? before.offset : Math.max(0, stats.size - MAX_READ_BYTES);
    const read = readRun(file, start, Math.min(stats.size - start, MAX_READ_BYTES));
    const bytes = read.subarray(0, read.lastIndexOf(NEWLINE) + 1);
    const parsed = parse(start > 0 && !isAppended ? afterFirstLine(bytes) : bytes);
    const entries = isAppended || before === null ? parsed : entriesAfter(parsed, before);
    const offset = start + bytes.length;
    return { entries, position: { identity, offset, guard: guardOf(file, offset), ...tailOf(parsed, before) } };
  } finally {
    closeSync(file);
  }
}

/** Those of the entries that come after the ones that are known: by time where they have one, else by the longest run of known ones. */
export function entriesAfter(
  entries: readonly CommandEntry[],
  { tail, lastAtMs }: Pick<HistoryPosition, 'tail' | 'lastAtMs'>,
): readonly CommandEntry[] {
  const prints = entries.map(fingerprint);
  if (lastAtMs > 0 && entries.every(({ atMs }) => atMs !== undefined)) {
    const known = new Set(tail);
    return entries.filter(({ atMs = 0 }, at) => atMs > lastAtMs || (atMs === lastAtMs && !known.has(prints[at] ?? '')));
  }
  let best = { length: 0, end: 0 };
  for (let end = prints.length; end > 0; end -= 1) {
    let length = 0;
    while (length < tail.length && length < end && prints[end - 1 - length] === tail[tail.length - 1 - length])
      length += 1;
    if (length > best.length) best = { length, end };
  }
  return entries.slice(best.end);
}

function tailOf(
  entries: readonly CommandEntry[],
  before: HistoryPosition | null,
): Pick<HistoryPosition, 'tail' | 'lastAtMs'> {
  const prints = entries.slice(-MAX_TAIL).map(fingerprint);
  const tail = [...(before?.tail ?? []), ...prints].slice(-MAX_TAIL);
  const lastAtMs = entries.reduce((last, { atMs = 0 }) => Math.max(last, atMs), before?.lastAtMs ?? 0);
  return { tail, lastAtMs };
}

function fingerprint({ command, atMs }: CommandEntry): string {
  return createHash('sha256')
    .update(`${atMs ?? ''}\n${command}`)
    .digest('base64url')
    .slice(0, 12);
}

function guardOf(file: number, offset: number): string {
  const length = Math.min(GUARD_BYTES, offset);
  return createHash('sha256')
    .update(readRun(file, offset - length, length))
    .digest('base64url')
    .slice(0, 16);
}

function afterFirstLine(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.indexOf(NEWLINE) + 1);
}

function readRun(file: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length));
  let at = 0;
  while (at < bytes.length) {
    const read = readSync(file, bytes, at, bytes.length - at, start + at);
    if (read === 0) return bytes.subarray(0, at);
    at += read;
  }
  return bytes;
}
