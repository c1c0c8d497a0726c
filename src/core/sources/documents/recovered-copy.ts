// Writes unsaved text beside its file, never over anything: `notes.cairn-recovered-20261120-140200.md`. A text without a file, or one whose
// folder is gone, goes into a folder of the home folder that the plan names. Private, or with the rights of its file.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, isAbsolute, join } from 'node:path';

import { z } from 'zod';

import { AppError } from '../../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { RestoreContext } from '../source.ts';
import { MAX_TEXT_BYTES, TEXT, textIdOf, type DocumentFacts } from './document.ts';

const RECOVERED_FOLDER = 'cairn-recovered';
const PRIVATE_MODE = 0o600;
/** Of a name, beside the mark and the ending: the whole stays below the 255 bytes of file systems. */
const MAX_STEM_BYTES = 150;
const MAX_ENDING_LENGTH = 20;
const MAX_NUMBER = 50;

export const copySchema = z.object({
  path: z.string(),
  /** The folder with its links followed, as it was at planning. */
  realFolderPath: z.string(),
  mode: z.int(),
  makesFolder: z.boolean(),
});
export type PlannedCopy = z.infer<typeof copySchema>;

export const writtenCopySchema = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  inode: z.number(),
  mtimeMs: z.number(),
  madeFolder: z.boolean(),
});
export type WrittenCopy = z.infer<typeof writtenCopySchema>;

export type CopyPlan =
  | { readonly kind: 'none' }
  /** The text is there: in the file itself, or in a copy that was written before. */
  | { readonly kind: 'there'; readonly where: string }
  | { readonly kind: 'write'; readonly copy: PlannedCopy };

/** Plans the copy of an item's unsaved text. @throws AppError where the text cannot be read from the vault */
export async function planCopy(item: SnapshotItem, facts: DocumentFacts, context: RestoreContext): Promise<CopyPlan> {
  if (!item.streams.some(({ name }) => name === TEXT)) return { kind: 'none' };
  const textId = facts.textId ?? textIdOf(await context.readStream(item.key, TEXT));
  if (facts.path !== undefined && textIdOfFile(facts.path) === textId) return { kind: 'there', where: facts.path };
  const beside = facts.path === undefined ? null : folderOf(facts.path, facts.realFolderPath);
  const folder = beside ?? { path: join(context.host.homeDir, RECOVERED_FOLDER), real: null };
  const name = basename(facts.path ?? facts.name.replaceAll(/[^\w. -]/g, '_'));
  const mode = beside === null || facts.path === undefined ? PRIVATE_MODE : modeOf(facts.path);
  for (let number = 1; number <= MAX_NUMBER; number += 1) {
    const path = join(folder.path, copyName(name, context.snapshot.takenAtMs, number));
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there === undefined) {
      const real = folder.real ?? realFolder(folder.path) ?? folder.path;
      const makesFolder = folder.real === null && lstatSync(folder.path, { throwIfNoEntry: false }) === undefined;
      return { kind: 'write', copy: { path, realFolderPath: real, mode, makesFolder } };
    }
    if (there.isFile() && textIdOfFile(path) === textId) return { kind: 'there', where: path };
  }
  throw new AppError('SOURCE_FAILED', 'There are too many recovered copies of it already.');
}

/** Writes a planned copy. @throws AppError SOURCE_FAILED where something stands there by now, NodeJS.ErrnoException */
export function writeCopy(copy: PlannedCopy, bytes: Uint8Array): WrittenCopy {
  const folder = dirname(copy.path);
  if (copy.makesFolder) mkdirSync(folder, { mode: 0o700, recursive: false });
  if (realFolder(folder) !== copy.realFolderPath) {
    throw new AppError('SOURCE_FAILED', 'Its folder leads elsewhere by now, so nothing was written.');
  }
  // O_EXCL: neither a file nor a link that appeared meanwhile is written to.
  const file = openSync(copy.path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, PRIVATE_MODE);
  try {
    writeFileSync(file, bytes);
    fchmodSync(file, copy.mode);
    fsyncSync(file);
    const { size, ino, mtimeMs } = fstatSync(file);
    return { path: copy.path, sizeBytes: size, inode: ino, mtimeMs, madeFolder: copy.makesFolder };
  } catch (error) {
    unlinkSync(copy.path);
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Removes a copy that nobody has touched since. False where it was changed, or is gone. */
export function removeCopy(written: WrittenCopy): boolean {
  const there = lstatSync(written.path, { throwIfNoEntry: false });
  const isOurs =
    there?.isFile() === true &&
    there.ino === written.inode &&
    there.size === written.sizeBytes &&
    there.mtimeMs === written.mtimeMs;
  if (!isOurs) return false;
  unlinkSync(written.path);
  if (written.madeFolder) removeEmptyFolder(dirname(written.path));
  return true;
}

function copyName(name: string, atMs: number, number: number): string {
  const time = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const ending = extname(name).length <= MAX_ENDING_LENGTH ? extname(name) : '';
  const stem = shorten(name.slice(0, name.length - ending.length));
  return `${stem === '' ? 'untitled' : stem}.cairn-recovered-${time}${number === 1 ? '' : `-${number}`}${ending}`;
}

function shorten(stem: string): string {
  let short = stem;
  while (Buffer.byteLength(short) > MAX_STEM_BYTES) short = short.slice(0, -1).replace(/[\ud800-\udbff]$/, '');
  return short;
}

/** The file's folder, if it is the one that it was at the capture; null where it is gone or leads elsewhere. */
function folderOf(path: string, realAtCapture: string | undefined): { path: string; real: string } | null {
  if (!isAbsolute(path) || path.includes('\0')) return null;
  const folder = dirname(path);
  const real = realFolder(folder);
  return real !== null && real === (realAtCapture ?? folder) ? { path: folder, real } : null;
}

/** The folder with its links followed; null where it is none. */
export function realFolder(folder: string): string | null {
  try {
    const real = realpathSync(folder);
    return statSync(real).isDirectory() ? real : null;
  } catch {
    return null; // gone, or not ours to enter
  }
}

function modeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? stat.mode & 0o777 : PRIVATE_MODE;
}

function textIdOfFile(path: string): string | null {
  try {
    return textIdOf(readRegularFile(path, MAX_TEXT_BYTES));
  } catch {
    return null; // not there, larger than any text that is kept, or no file
  }
}

function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something else lies in it: it stays.
  }
}
