// Writes saved conversations back into their tool's files. Only below one folder, only what is missing or what is the beginning of the
// saved content, never through a link that leads out, never over other content; private, and whole or not at all. A transcript may be
// larger than memory should hold: it goes in pieces.

import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { SnapshotItem, StoredStream } from '../../../shared/model/item.ts';
import { makeFoldersSync } from '../../system/make-folders.ts';
import { isProcessAlive } from '../../system/process-alive.ts';
import type { RestoreContext } from '../source.ts';

const PIECE_BYTES = 8 * 1024 * 1024;
/** Between a file's name and the number of the process that writes it. */
const TEMPORARY = '.cairn-';

/** A file to write; `presentBytes` is what of its beginning stands there already. */
export const writeSchema = z.object({ stream: z.string(), path: z.string(), presentBytes: z.number().int().min(0) });
export type FileWrite = z.infer<typeof writeSchema>;

/** A file that was written, with what tells whether somebody changed it since. */
export const writtenSchema = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  presentBytes: z.number().int().min(0),
  inode: z.number(),
  mtimeMs: z.number(),
});
export type WrittenFile = z.infer<typeof writtenSchema>;

/** Where a stream of a conversation belongs. */
export interface StreamPlace {
  readonly stream: string;
  /** Absolute. */
  readonly path: string;
  /** Without it there is no conversation: other content in its place leaves everything as it is. */
  readonly isMain: boolean;
}

/**
 * What of a conversation must be written back: files that are missing, and those of which only the beginning is there.
 * @returns null where other content stands in the main file's place
 */
export async function planWrites(
  item: SnapshotItem,
  places: readonly StreamPlace[],
  context: RestoreContext,
): Promise<FileWrite[] | null> {
  const writes: FileWrite[] = [];
  for (const { stream: name, path, isMain } of places) {
    const stream = item.streams.find((other) => other.name === name);
    if (stream === undefined) continue;
    const presentBytes = await findPresentBytes(path, stream, item.key, context);
    if (presentBytes === null && isMain) return null;
    if (presentBytes !== null && presentBytes < stream.sizeBytes) writes.push({ stream: name, path, presentBytes });
  }
  return writes;
}

/** Bytes of the saved content that are there: 0 without a file, all where it is complete or longer; null for other content. */
async function findPresentBytes(
  path: string,
  stream: StoredStream,
  key: ItemKey,
  context: RestoreContext,
): Promise<number | null> {
  const stat = statLink(path);
  if (stat === null) return 0;
  if (!stat.isFile()) return null;
  if (stat.size >= stream.sizeBytes) return stream.sizeBytes;
  return (await isBeginning(path, stat.size, pieces(key, stream.name, stat.size, context))) ? stat.size : null;
}

/**
 * Writes the files one after another, so that the caller knows of each what to take back.
 * @param root the folder that nothing may lead out of
 * @throws AppError SOURCE_FAILED, NodeJS.ErrnoException where one cannot be written
 */
export async function* writeFiles(
  key: ItemKey,
  writes: readonly FileWrite[],
  root: string,
  context: RestoreContext,
): AsyncIterable<WrittenFile> {
  for (const { stream, path, presentBytes } of writes) {
    await writeSaved(path, { root, presentBytes }, () => pieces(key, stream, Number.POSITIVE_INFINITY, context));
    const stat = lstatSync(path);
    yield { path, sizeBytes: stat.size, presentBytes, inode: stat.ino, mtimeMs: stat.mtimeMs };
  }
}

/** Removes what was written and nobody has touched since, or cuts it to what was there before. Gives how many files that were. */
export function removeWritten(written: readonly WrittenFile[], root: string): number {
  let removed = 0;
  for (const { path, sizeBytes, presentBytes, inode, mtimeMs } of written) {
    const stat = statLink(path);
    if (stat?.isFile() !== true || stat.ino !== inode || stat.size !== sizeBytes || stat.mtimeMs !== mtimeMs) continue;
    assertInside(path, root);
    if (presentBytes === 0) unlinkSync(path);
    else truncateSync(path, presentBytes);
    removed += 1;
  }
  return removed;
}

/** What is saved, from its beginning, at most so many bytes, piece by piece. */
async function* pieces(
  key: ItemKey,
  stream: string,
  maxBytes: number,
  context: RestoreContext,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < maxBytes; at += PIECE_BYTES) {
    context.signal.throwIfAborted();
    const piece = await context.readStream(key, stream, at, Math.min(PIECE_BYTES, maxBytes - at));
    if (piece.length > 0) yield piece;
    if (piece.length < PIECE_BYTES) return;
  }
}

async function writeSaved(
  path: string,
  { root, presentBytes }: { readonly root: string; readonly presentBytes: number },
  read: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  makeFolder(dirname(path), root);
  assertInside(path, root);
  removeLeft(path);
  const temporary = `${path}${TEMPORARY}${process.pid}`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      for await (const piece of read()) writeFileSync(file, piece);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // The folders may have been changed while it was read.
    assertInside(path, root);
    if (presentBytes > 0) await completeFile(path, temporary, presentBytes, read());
    else linkNew(path, temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes what a restore that was killed left beside the file: of a process that has ended, or that had our number before. */
function removeLeft(path: string): void {
  const folder = dirname(path);
  const beginning = `${basename(path)}${TEMPORARY}`;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const pid = entry.name.startsWith(beginning) ? entry.name.slice(beginning.length) : '';
    if (!entry.isFile() || !/^[1-9]\d{0,9}$/.test(pid)) continue;
    if (Number(pid) === process.pid || !isProcessAlive(Number(pid))) unlinkSync(join(folder, entry.name));
  }
}

/** A link, not a rename: it fails where a file has appeared meanwhile. */
function linkNew(path: string, temporary: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EEXIST' || statLink(path) !== null) {
      throw refused('A file stands there by now, so nothing was written.');
    }
    renameSync(temporary, path); // a file system without links
  }
}

async function completeFile(
  path: string,
  temporary: string,
  presentBytes: number,
  saved: AsyncIterable<Uint8Array>,
): Promise<void> {
  const before = statLink(path);
  const isAsPlanned = before?.isFile() === true && before.size === presentBytes;
  const isSame = isAsPlanned && (await isBeginning(path, presentBytes, saved));
  const after = statLink(path);
  if (!isSame || after?.ino !== before.ino || after.size !== presentBytes || after.mtimeMs !== before.mtimeMs)
    throw refused('The file was changed meanwhile, so nothing was written.');
  renameSync(temporary, path);
}

/** Makes the missing folders one by one, each only in a folder that does not lead out of the root. */
function makeFolder(folder: string, root: string): void {
  if (folder === root) makeFoldersSync(root);
  if (statLink(folder) !== null) return;
  makeFolder(dirname(folder), root);
  if (folder === root) return;
  assertInside(folder, root);
  mkdirSync(folder, { mode: 0o700 });
}

/** The folder of the path, with all links followed, lies in the root. */
function assertInside(path: string, root: string): void {
  const realRoot = realpathSync(root);
  const folder = realpathSync(dirname(path));
  if (!path.startsWith(root + sep) || (folder !== realRoot && !folder.startsWith(realRoot + sep))) {
    throw refused('Its folder leads out of where the tool keeps its conversations, so nothing was written.');
  }
}

function statLink(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** True where the first bytes of a file are those that were saved. */
async function isBeginning(path: string, sizeBytes: number, saved: AsyncIterable<Uint8Array>): Promise<boolean> {
  const file = openSync(path, 'r');
  try {
    const present = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes));
    let at = 0;
    for await (const piece of saved) {
      const wanted = Math.min(piece.length, sizeBytes - at);
      if (readSync(file, present, 0, wanted, at) !== wanted) return false;
      if (present.compare(piece, 0, wanted, 0, wanted) !== 0) return false;
      at += wanted;
      if (at >= sizeBytes) return true;
    }
    return at >= sizeBytes;
  } finally {
    closeSync(file);
  }
}

function refused(message: string): AppError {
  return new AppError('SOURCE_FAILED', message);
}
