// Whether files are still those that something was read from. Starting a program to read them again costs more than a hundred stats.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What was read from files, and what they looked like before. */
export interface StampedRead<Value> {
  readonly value: Value;
  readonly stamps: FileStamps;
}

/** By path; `missing` where there is no such file. */
export type FileStamps = ReadonlyMap<string, string>;

const MISSING = 'missing';
/** A file that was written so shortly ago may be written again without its times telling. */
const SETTLED_AFTER_MS = 2_000;
const MAX_ENTRIES = 2_000;

/** Null where one of the files is too young to be told from its next version. */
export function stampFiles(paths: Iterable<string>, nowMs: number): FileStamps | null {
  const stamps = new Map<string, string>();
  for (const path of paths) {
    const { stamp, changedMs } = stampOf(path);
    if (changedMs > nowMs - SETTLED_AFTER_MS) return null;
    stamps.set(path, stamp);
  }
  return stamps;
}

export function areUnchanged(stamps: FileStamps): boolean {
  for (const [path, stamp] of stamps) if (stampOf(path).stamp !== stamp) return false;
  return true;
}

/** All folders and files below some paths, these included; null where there are too many to look at each time. */
export function listBelow(paths: readonly string[]): string[] | null {
  const found: string[] = [];
  const queue = [...paths];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    found.push(path);
    if (found.length > MAX_ENTRIES) return null;
    for (const entry of entriesOf(path)) {
      if (entry.isDirectory()) queue.push(join(path, entry.name));
      else found.push(join(path, entry.name));
    }
  }
  return found;
}

function entriesOf(path: string): ReturnType<typeof readFolder> {
  try {
    return readFolder(path);
  } catch {
    return []; // no folder, or none that may be read: its stamp says when that changes
  }
}

function readFolder(path: string) {
  return readdirSync(path, { withFileTypes: true });
}

function stampOf(path: string): { readonly stamp: string; readonly changedMs: number } {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs, mtimeMs } = statSync(path, { bigint: true });
    const changedMs = Number(ctimeMs > mtimeMs ? ctimeMs : mtimeMs);
    return { stamp: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, changedMs };
  } catch {
    return { stamp: MISSING, changedMs: 0 };
  }
}
