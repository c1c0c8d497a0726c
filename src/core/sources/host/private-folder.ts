// A private folder (0700) for files of our own that last no longer than one piece of work, in memory where the system has a
// memory-backed folder with room, so that nothing readable reaches a disk. Folders that a killed run left behind are removed by the
// next one.

import { lstatSync, readdirSync } from 'node:fs';
import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isProcessAlive } from '../../system/process-alive.ts';

const PREFIX = 'cairn-private-';
const NAME = /^cairn-private-(\d{1,10})-/;
/** Room for the largest work that is saved, as objects and as patches. Containers often have only 64 MB here. */
const MIN_FREE_BYTES = 256 * 1024 * 1024;
/** No capture or restore lasts this long: an older folder is left over even if its process number is in use again. */
const MAX_AGE_MS = 60 * 60 * 1000;

/** Where private folders may stand, best first. */
export function privateParents(platform: NodeJS.Platform): readonly string[] {
  return platform === 'linux' ? ['/dev/shm', tmpdir()] : [tmpdir()];
}

/** Makes an empty private folder; the caller removes it. */
export async function makePrivateFolder(parents: readonly string[]): Promise<string> {
  return mkdtemp(join(await firstWithRoom(parents), `${PREFIX}${process.pid}-`));
}

/** Runs `work` with an empty private folder, which is gone afterwards whatever happens. */
export async function withPrivateFolder<Result>(
  parents: readonly string[],
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await makePrivateFolder(parents);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes what runs left that are no more. Touches only folders of this user with our name. */
export async function removeLeftFolders(parents: readonly string[], uid: number): Promise<void> {
  const nowMs = Date.now(); // what the file system stamps its files with
  for (const parent of parents) {
    for (const name of listNames(parent)) {
      const pid = Number(NAME.exec(name)?.[1] ?? 0);
      const folder = join(parent, name);
      const stat = pid > 0 ? lstatSync(folder, { throwIfNoEntry: false }) : undefined;
      if (stat === undefined || !stat.isDirectory() || stat.uid !== uid) continue;
      const isOurs = pid === process.pid;
      const isLeft = !isOurs && (!isProcessAlive(pid) || nowMs - stat.mtimeMs > MAX_AGE_MS);
      if (isLeft) await rm(folder, { recursive: true, force: true });
    }
  }
}

async function firstWithRoom(parents: readonly string[]): Promise<string> {
  for (const parent of parents.slice(0, -1)) {
    try {
      await access(parent, constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(parent);
      if (bavail * bsize >= MIN_FREE_BYTES) return parent;
    } catch {
      // not there, or not ours to write: the next one is taken
    }
  }
  return parents.at(-1) ?? tmpdir();
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no such folder on this system
  }
}
