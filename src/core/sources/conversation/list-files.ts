// Which files of conversations lie below a tool's folder. What is there and cannot be looked at is told apart from what is not there:
// only the latter was deleted.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import { assertRegularFile, whyUnreadable } from '../host/read-file.ts';
import { textOf } from './json-record.ts';
import type { PreviousItem, SourceDetection, SourceProblem } from '../source.ts';

export interface ListedFile {
  readonly path: string;
  /** The path below the root: `sessions/2026/a.jsonl`. */
  readonly place: string;
  readonly mtimeMs: number;
}

/** A file, or a folder with all below it. */
export interface UnreadablePlace {
  readonly place: string;
  readonly isFolder: boolean;
  /** Half a sentence. */
  readonly why: string;
}

export interface FileList {
  readonly found: readonly ListedFile[];
  readonly unreadable: readonly UnreadablePlace[];
}

export interface ListFilesOptions {
  /** Where to begin below the root: `sessions`. Nothing is found where it does not exist. */
  readonly folder: string;
  /** What may stand at each depth: the last one names files, those before it folders. */
  readonly names: readonly RegExp[];
}

/** Lists files; opens none. @throws AppError SOURCE_UNREADABLE where it cannot be told which there are */
export function listFiles(root: string, { folder, names }: ListFilesOptions): FileList {
  const found: ListedFile[] = [];
  const unreadable: UnreadablePlace[] = [];
  const visit = (place: string, depth: number): void => {
    const isLast = depth === names.length - 1;
    for (const name of readdirSync(join(root, place))) {
      if (names[depth]?.test(name) !== true) continue;
      const below = join(place, name);
      try {
        if (isLast) found.push(toListed(root, below));
        else visit(below, depth + 1);
      } catch (error) {
        if (!isGone(error)) unreadable.push({ place: below, isFolder: !isLast, why: whyUnreadable(error) });
      }
    }
  };
  try {
    visit(folder, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { found, unreadable };
    throw new AppError('SOURCE_UNREADABLE', `The folder of its conversations cannot be read: ${whyUnreadable(error)}.`);
  }
  return { found, unreadable };
}

/**
 * What cannot be looked at is no sign that a conversation was deleted: each keeps its last good state.
 * @param keyOf the item that a file belongs to; where it tells none, the one that was captured from there
 */
export function toProblems(
  unreadable: readonly UnreadablePlace[],
  previous: readonly PreviousItem[],
  keyOf: (place: string) => ItemKey | null = () => null,
): SourceProblem[] {
  return unreadable.flatMap(({ place, isFolder, why }): SourceProblem[] => {
    const message = `${place} could not be read: ${why}.`;
    const toProblem = (key: ItemKey | null): SourceProblem => ({
      reason: 'unreadable',
      message,
      ...(key === null ? {} : { key }),
    });
    const key = isFolder ? null : keyOf(place);
    if (key !== null) return [toProblem(key)];
    const known = previous.filter(({ attributes }) => `${textOf(attributes['file'])}/`.startsWith(`${place}/`));
    return known.length === 0 ? [toProblem(null)] : known.map(({ key }) => toProblem(key));
  });
}

/** What `detect` says of so many conversations. */
export function toDetection(count: number): SourceDetection {
  if (count === 0) return { isPresent: false, summary: 'no conversations found' };
  return { isPresent: true, summary: `${count} conversation${count === 1 ? '' : 's'} found` };
}

function toListed(root: string, place: string): ListedFile {
  const path = join(root, place);
  const stats = statSync(path);
  assertRegularFile(stats);
  return { path, place, mtimeMs: stats.mtimeMs };
}

/** Removed since it was listed, or never a folder. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
