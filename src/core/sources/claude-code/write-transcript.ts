// Writes saved transcripts back. Only below `<config>/projects`, only what is missing or what is the beginning of the saved content,
// never through a link that leads out, never over other content; private, and whole or not at all.

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
import { dirname, join, sep } from 'node:path';

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { SnapshotItem, StoredStream } from '../../../shared/model/item.ts';
import type { Host, RestoreContext } from '../source.ts';
import { configFolder, TRANSCRIPT } from './claude-capture.ts';

const TRANSCRIPT_FILE = /^projects\/(?!\.\.?\/)[^/\0]+\/[0-9a-zA-Z-]{1,64}\.jsonl$/;
const AGENT_STREAM = /^subagents\/agent-[0-9a-zA-Z-]{1,64}\.(?:jsonl|meta\.json)$/;

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

/**
 * What of a conversation must be written back: files that are missing, and those of which only the beginning is there.
 * @param file the transcript's path below the config folder, as captured
 * @returns null where other content stands in the transcript's place or the path leads elsewhere
 */
export async function planWrites(
  item: SnapshotItem,
  file: string,
  context: RestoreContext,
): Promise<FileWrite[] | null> {
  if (!TRANSCRIPT_FILE.test(file)) return null;
  const main = join(configFolder(context.host), file);
  const writes: FileWrite[] = [];
  for (const stream of item.streams) {
    const isMain = stream.name === TRANSCRIPT;
    if (!isMain && !AGENT_STREAM.test(stream.name)) continue;
    const path = isMain ? main : join(main.replace(/\.jsonl$/, ''), stream.name);
    const presentBytes = await findPresentBytes(path, stream, item.key, context);
    if (presentBytes === null && isMain) return null;
    if (presentBytes !== null && presentBytes < stream.sizeBytes)
      writes.push({ stream: stream.name, path, presentBytes });
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

/** Writes the files one after another, so that the caller knows of each what to take back. @throws where one cannot be written */
export async function* writeFiles(
  key: ItemKey,
  writes: readonly FileWrite[],
  context: RestoreContext,
): AsyncIterable<WrittenFile> {
  const root = projectsFolder(context.host);
  for (const { stream, path, presentBytes } of writes) {
    const bytes = await context.readStream(key, stream);
    writeSaved(path, bytes, { root, presentBytes });
    const stat = lstatSync(path);
    yield { path, sizeBytes: stat.size, presentBytes, inode: stat.ino, mtimeMs: stat.mtimeMs };
  }
}

/** Removes what was written and nobody has touched since, or cuts it to what was there before. Gives how many files that were. */
export function removeWritten(written: readonly WrittenFile[], host: Host): number {
  const root = projectsFolder(host);
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
  if (folder === root) mkdirSync(root, { recursive: true, mode: 0o700 });
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
    throw refused('Its folder leads out of the projects folder, so nothing was written.');
  }
}

function projectsFolder(host: Host): string {
  return join(configFolder(host), 'projects');
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
