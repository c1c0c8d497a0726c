// Which files processes have open and locked, from Linux' /proc: what tells that a conversation is in use. Total: a process that ends
// while it is looked at, or is another user's, has none.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Where the open files of a process are; those that were deleted end in ` (deleted)`. */
export function readOpenFiles(procDir: string, pid: number): string[] {
  const folder = join(procDir, String(pid), 'fd');
  const paths: string[] = [];
  try {
    for (const name of readdirSync(folder)) {
      const path = readLink(join(folder, name));
      if (path?.startsWith('/') === true) paths.push(path);
    }
  } catch {
    // It has ended, or is another user's.
  }
  return paths;
}

/** Who holds a lock on a whole file (`flock`), by the file's inode number, which is unique within its file system only. */
export function readLockHolders(procDir: string): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  let text: string;
  try {
    text = readFileSync(join(procDir, 'locks'), 'utf8');
  } catch {
    return holders; // a system without such a list
  }
  // "13: FLOCK  ADVISORY  WRITE 17871 fe:00:2163007 0 EOF"; who waits for a lock stands behind an arrow.
  for (const match of text.matchAll(/^\d+: FLOCK +\S+ +WRITE +(\d+) +[0-9a-f]+:[0-9a-f]+:(\d+) /gm)) {
    const inode = Number(match[2]);
    holders.set(inode, [...(holders.get(inode) ?? []), Number(match[1])]);
  }
  return holders;
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // closed in between
  }
}
