// Where the helper programs' sockets lie: a folder of this user's alone in memory-backed storage. They leave nothing else there. Whoever can connect
// to a socket in it is this user (or root), since nobody else gets through the folder.

import { lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const FOLDER_MODE = 0o700;
const OTHERS = 0o077;
const SOCKET = /^browser-(\d{1,10})\.sock$/;

export interface RuntimePlace {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface FoundSocket {
  readonly path: string;
  /** The helper program's process. */
  readonly pid: number;
}

/**
 * The folders in which sockets may lie, best first. A browser and Cairn may see different environments (a desktop session, a service): so
 * Cairn looks in all of them.
 */
export function runtimeFolders({ platform, uid, env }: RuntimePlace): readonly string[] {
  const own = env['XDG_RUNTIME_DIR'];
  const parents = [
    ...(own !== undefined && isAbsolute(own) ? [join(own, 'cairn')] : []),
    ...(platform === 'linux' ? [`/run/user/${uid}/cairn`, `/dev/shm/cairn-${uid}`] : [join(tmpdir(), `cairn-${uid}`)]),
  ];
  return [...new Set(parents)];
}

/** The first of the folders that is there, or can be made, and is this user's alone; null where none is. */
export function provideRuntimeFolder(place: RuntimePlace): string | null {
  for (const folder of runtimeFolders(place)) {
    try {
      mkdirSync(folder, { mode: FOLDER_MODE });
    } catch {
      // It is there, or its parent is not: what it is shows next.
    }
    if (isPrivateFolder(folder, place.uid)) return folder;
  }
  return null;
}

/** The sockets of helper programs in all folders that are this user's alone. */
export function findSockets(place: RuntimePlace): readonly FoundSocket[] {
  return runtimeFolders(place)
    .filter((folder) => isPrivateFolder(folder, place.uid))
    .flatMap((folder) => namesIn(folder).map((name) => ({ path: join(folder, name), pid: pidOf(name) })))
    .filter(({ path, pid }) => pid > 0 && isOwnSocket(path, place.uid));
}

export function socketName(pid: number): string {
  return `browser-${pid}.sock`;
}

/** The process that a socket's name tells; 0 for every other name. */
export function pidOf(name: string): number {
  return Number(SOCKET.exec(name)?.[1] ?? 0);
}

/** True for a folder, not a link to one, that belongs to this user and that nobody else can enter. */
export function isPrivateFolder(path: string, uid: number): boolean {
  const stats = lstatOrNull(path);
  return stats !== null && stats.isDirectory() && stats.uid === uid && (stats.mode & OTHERS) === 0;
}

function isOwnSocket(path: string, uid: number): boolean {
  const stats = lstatOrNull(path);
  return stats !== null && stats.isSocket() && stats.uid === uid;
}

function lstatOrNull(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null; // not there, or behind a folder that we may not enter
  }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone in between
  }
}
