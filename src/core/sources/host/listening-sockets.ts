// Which Unix sockets a process listens on: finds the servers of programs wherever their sockets lie.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const LISTENING = '00010000';

/** The paths of the sockets on which each of these processes listens; a process without any is left out. */
export function readListeningSockets(
  procDir: string,
  pids: readonly number[],
): { readonly pid: number; readonly socket: string }[] {
  if (pids.length === 0) return [];
  const paths = readSocketPaths(procDir);
  return pids.flatMap((pid) =>
    [...new Set(openSockets(procDir, pid).map((inode) => paths.get(inode)))]
      .filter((socket) => socket !== undefined)
      .map((socket) => ({ pid, socket })),
  );
}

/** The paths of all sockets on which somebody listens, also of processes that do not show what they have open. */
export function readListeningPaths(procDir: string): string[] {
  return [...readSocketPaths(procDir).values()];
}

/** Paths of listening sockets by inode. */
function readSocketPaths(procDir: string): Map<string, string> {
  try {
    const lines = readFileSync(join(procDir, 'net/unix'), 'utf8').split('\n');
    return new Map(lines.flatMap((line) => parseSocketLine(line)));
  } catch {
    return new Map(); // no /proc on this system
  }
}

/** `Num RefCount Protocol Flags Type St Inode Path` */
function parseSocketLine(line: string): [string, string][] {
  const match = /^\S+ +\S+ +\S+ +(\S+) +\S+ +\S+ +(\d+) (\/.*)$/.exec(line);
  return match === null || match[1] !== LISTENING ? [] : [[match[2] ?? '', match[3] ?? '']];
}

function openSockets(procDir: string, pid: number): string[] {
  const folder = join(procDir, String(pid), 'fd');
  return listNames(folder).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, name)))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // ended, or another user's
  }
}
