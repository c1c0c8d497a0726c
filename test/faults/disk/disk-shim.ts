// Builds the library that stands between a program and its disk (disk-shim.c), and reads the log that it writes.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const HEAD_BYTES = 25;

/** One thing that a program did to its folder, in the order in which it did it; files by inode, which are used again. */
export type DiskEvent =
  | { readonly type: 'create'; readonly inode: number; readonly path: string }
  | { readonly type: 'write'; readonly inode: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly inode: number; readonly sizeBytes: number }
  | { readonly type: 'sync'; readonly inode: number }
  | { readonly type: 'sync-folder'; readonly path: string }
  | { readonly type: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly type: 'unlink'; readonly path: string }
  /** What it said on stdout. */
  | { readonly type: 'say'; readonly text: string };

/** Builds the library into a folder; null where there is no C compiler, or no Linux. */
export function buildDiskShim(folder: string): string | null {
  if (process.platform !== 'linux') return null;
  const library = join(folder, 'disk-shim.so');
  const source = join(import.meta.dirname, 'disk-shim.c');
  const { status, error, stderr } = spawnSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, source], {
    encoding: 'utf8',
  });
  if (error !== undefined) return null;
  if (status !== 0) throw new Error(`disk-shim.c does not compile: ${stderr}`);
  return library;
}

export function parseDiskLog(log: Buffer): DiskEvent[] {
  const events: DiskEvent[] = [];
  for (let at = 0; at < log.length;) {
    const kind = String.fromCharCode(log.readUInt8(at));
    const inode = Number(log.readBigUInt64LE(at + 1));
    const number = Number(log.readBigUInt64LE(at + 9));
    const firstEnd = at + HEAD_BYTES + log.readUInt32LE(at + 17);
    const secondEnd = firstEnd + log.readUInt32LE(at + 21);
    const first = log.subarray(at + HEAD_BYTES, firstEnd);
    events.push(eventOf(kind, inode, number, first, log.toString('utf8', firstEnd, secondEnd)));
    at = secondEnd;
  }
  return events;
}

function eventOf(kind: string, inode: number, number: number, first: Buffer, to: string): DiskEvent {
  const path = kind === 'w' ? '' : first.toString('utf8');
  switch (kind) {
    case 'c':
      return { type: 'create', inode, path };
    case 'w':
      return { type: 'write', inode, offset: number, bytes: first };
    case 't':
      return { type: 'truncate', inode, sizeBytes: number };
    case 's':
      return { type: 'sync', inode };
    case 'd':
      return { type: 'sync-folder', path };
    case 'r':
      return { type: 'rename', from: path, to };
    case 'l':
      return { type: 'link', from: path, to };
    case 'u':
      return { type: 'unlink', path };
    case '!':
      return { type: 'say', text: path };
    default:
      throw new Error(`the log of the disk is torn: a record of kind ${JSON.stringify(kind)}`);
  }
}
