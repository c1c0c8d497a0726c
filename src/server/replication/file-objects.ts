// Objects as files, all of one upload in one folder: written beside each other, each synced, and their folder once. A place is new, and no row
// names it before its file is whole, so nothing is written under another name first.

import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { ObjectStore } from './object-store.ts';

/** Where the files of all accounts lie, in the data folder of a server. */
export function objectFolderIn(dataFolder: string): string {
  return join(dataFolder, 'objects');
}

export function pathOfObject(folder: string, userId: string, place: string): string {
  return join(folder, userId, place.slice(0, 2), place);
}

export function createFileObjects(folder: string): ObjectStore {
  const pathOf = (userId: string, place: string): string => pathOfObject(folder, userId, place);
  const make = createFolderMaker();
  return {
    write: async (userId, objects) => {
      const files = objects.map(({ place, bytes }) => ({ path: pathOf(userId, place), bytes }));
      const folders = new Set(files.map(({ path }) => dirname(path)));
      for (const one of folders) await make(one);
      const written: string[] = [];
      const ends = await Promise.allSettled(
        files.map(async ({ path, bytes }) => {
          await writeDurably(path, bytes);
          written.push(path);
        }),
      );
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) {
        // On a full disk the rest of a batch would stay for ever, and no row names it.
        for (const path of written) await rm(path, { force: true });
        throw failed.reason;
      }
      for (const one of folders) await syncFolder(one);
    },
    writeIn: async () => undefined,
    read: async (_, userId, place) => {
      try {
        return await readFile(pathOf(userId, place));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // every error of fs has a code
        throw error;
      }
    },
    remove: async (_, userId, places) => {
      for (const place of places) await rm(pathOf(userId, place), { force: true });
    },
  };
}

/** Makes folders, with their names on disk. One after the other: one that is there has its name on disk then, whoever made it. */
function createFolderMaker(): (folder: string) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (folder) => {
    const made = last.then(() => makeFolder(folder));
    last = made.catch(() => undefined);
    return made;
  };
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let one = folder; one !== dirname(first); one = dirname(one)) await syncFolder(dirname(one));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
