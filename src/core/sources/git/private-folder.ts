// A folder in memory for an index and objects of our own, so that the user's repository stays untouched and nothing readable
// reaches a disk. Folders that a killed run left behind are removed by the next one.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'cairn-git-';

/** Runs `work` with an empty private folder (0700), which is gone afterwards. */
export async function withPrivateFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(memoryFolder(), `${PREFIX}${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what runs left that are no more. */
export function removeLeftFolders(): void {
  for (const name of readdirSync(memoryFolder())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(memoryFolder(), name), { recursive: true, force: true });
  }
}

function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
