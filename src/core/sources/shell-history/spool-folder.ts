// The private folders in memory that the shell hooks write into. Nothing in them is trusted before its owner and kind are known, links
// are never followed, and a folder that does not lie in memory is not used at all: what shells note must not be readable at rest.

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statfsSync,
  unlinkSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

import type { Host } from '../source.ts';

/** The numbers by which Linux names file systems in memory: tmpfs and ramfs. */
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6]);
const SHARED_MEMORY = '/dev/shm';
const LOG = /^(\d{10,17}-\d{1,10})\.log$/;
const TAKEN = /^(\d{10,17}-\d{1,10})\.log\.taken$/;
const SCRATCH = /^\.\d{10,17}-(\d{1,10})\.scratch$/;
/** The hooks stop at 128 K characters a file and at some hundred files. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 2_000;

/** Where the hooks of this user may write, the first place first. The user's session may have another environment than Cairn. */
export function spoolFolders({ env, uid, platform }: Host): readonly string[] {
  if (platform !== 'linux') return [];
  const runtime = env['XDG_RUNTIME_DIR'];
  const parents = [...(runtime !== undefined && isAbsolute(runtime) ? [runtime] : []), `/run/user/${uid}`];
  const own = parents.filter((parent) => existsSync(parent)).map((parent) => join(parent, 'cairn', 'shell'));
  return [...new Set([...own, join(SHARED_MEMORY, `cairn-${uid}`, 'shell')])];
}

/** Makes the first folder that can be made, so that it can be watched before a hook writes. */
export function prepareSpoolFolder(host: Host): void {
  for (const folder of spoolFolders(host)) {
    const base = dirname(folder);
    try {
      if (!isInMemory(dirname(base))) continue;
      for (const path of [base, folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
      if (refuseFolder(folder, host.uid) === null) return;
    } catch {
      // The next place may do.
    }
  }
}

/** Why a folder is not read, as half a sentence; null where it may be. Modes that are too wide are mended: the folder is ours. */
export function refuseFolder(folder: string, uid: number): string | null {
  for (const path of [dirname(folder), folder]) {
    const stats = lstatSync(path);
    if (!stats.isDirectory()) return 'it is no folder';
    if (stats.uid !== uid) return 'it belongs to another user';
    if ((stats.mode & 0o077) !== 0) chmodSync(path, 0o700);
  }
  return isInMemory(folder) ? null : 'it does not lie in memory';
}

export interface SpoolFiles {
  readonly id: string;
  /** Written by the shell. */
  readonly log: string | null;
  /** Put aside by a capture, so that it can be removed once it is safe. */
  readonly taken: string | null;
}

/** The files of each shell. @throws NodeJS.ErrnoException where the folder cannot be listed */
export function listSpools(folder: string): readonly SpoolFiles[] {
  const found = new Map<string, { log: string | null; taken: string | null }>();
  for (const name of readdirSync(folder).slice(0, MAX_FILES)) {
    const log = LOG.exec(name)?.[1];
    const taken = TAKEN.exec(name)?.[1];
    const id = log ?? taken;
    if (id === undefined) continue;
    const files = found.get(id) ?? { log: null, taken: null };
    if (log !== undefined) files.log = join(folder, name);
    else files.taken = join(folder, name);
    found.set(id, files);
  }
  return [...found].map(([id, files]) => ({ id, ...files }));
}

/** True for a file that a hook has written to, and not for what a capture did. */
export function isFreshLog(path: string): boolean {
  return LOG.test(path.slice(path.lastIndexOf('/') + 1)) && existsSync(path);
}

export interface SpoolContent {
  readonly bytes: Buffer;
  /** When the file was last written or put aside. */
  readonly touchedAtMs: number;
}

/** A file of the folder; null where it is gone, no regular file, or another user's. */
export function readSpoolFile(path: string, uid: number): SpoolContent | null {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile() || stats.uid !== uid || stats.size > MAX_FILE_BYTES) return null;
      return { bytes: readFileSync(file), touchedAtMs: Math.max(stats.ctimeMs, stats.mtimeMs) };
    } finally {
      closeSync(file);
    }
  } catch {
    return null; // removed with its shell, or a link
  }
}

/** Puts a log aside: the shell's next command begins another one. Gives the new path. @throws NodeJS.ErrnoException */
export function putAside(log: string): string {
  const taken = `${log}.taken`;
  renameSync(log, taken);
  return taken;
}

export function removeSpoolFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/** Removes what hooks of shells have left that are no more. */
export function sweepScratch(folder: string, isAlive: (pid: number) => boolean): void {
  for (const name of readdirSync(folder).slice(0, MAX_FILES)) {
    const pid = SCRATCH.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeSpoolFile(join(folder, name));
  }
}

function isInMemory(folder: string): boolean {
  return MEMORY_FILE_SYSTEMS.has(statfsSync(folder).type);
}
