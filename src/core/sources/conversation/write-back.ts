// Writes saved conversations back into their tool's files. Only below one folder, only what is missing or what is the beginning of the
// saved content, never through a link that leads out, never over other content; private, and whole or not at all.

import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, sep } from 'node:path';

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { SnapshotItem, StoredStream } from '../../../shared/model/item.ts';
import { makeFoldersSync } from '../../system/make-folders.ts';
import type { RestoreContext } from '../source.ts';

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
  const saved = await context.readStream(key, stream.name);
  return isBeginning(readFileSync(path), saved) ? stat.size : null;
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
    const bytes = await context.readStream(key, stream);
    writeSaved(path, bytes, { root, presentBytes });
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

function writeSaved(
  path: string,
  bytes: Uint8Array,
  target: { readonly root: string; readonly presentBytes: number },
): void {
  makeFolder(dirname(path), target.root);
  assertInside(path, target.root);
  const temporary = `${path}.cairn-${process.pid}`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (target.presentBytes > 0) completeFile(path, temporary, bytes, target.presentBytes);
    else linkNew(path, temporary);
  } finally {
    rmSync(temporary, { force: true });
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

function completeFile(path: string, temporary: string, bytes: Uint8Array, presentBytes: number): void {
  const present = statLink(path)?.isFile() === true ? readFileSync(path) : null;
  if (present?.length !== presentBytes || !isBeginning(present, bytes)) {
    throw refused('The file was changed meanwhile, so nothing was written.');
  }
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

function isBeginning(part: Uint8Array, whole: Uint8Array): boolean {
  return part.length <= whole.length && Buffer.compare(part, whole.subarray(0, part.length)) === 0;
}

function refused(message: string): AppError {
  return new AppError('SOURCE_FAILED', message);
}
