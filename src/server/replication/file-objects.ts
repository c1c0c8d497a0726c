// Objects as files named by the hash of their bytes: written beside, synced, renamed, and their folder synced.

import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { ObjectStore } from './object-store.ts';

export function createFileObjects(folder: string): ObjectStore {
  const pathOf = (userId: string, place: string): string => join(folder, userId, place.slice(0, 2), place);
  return {
    write: async (userId, objects) => {
      const folders = new Set<string>();
      for (const { place, bytes } of objects) {
        const path = pathOf(userId, place);
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeDurably(path, bytes);
        folders.add(dirname(path));
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

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
