// Folders with all that is missing above them. Node's own recursive making never ends below a folder such as /proc, which says that a
// name which it does not let anybody make is not there.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const PRIVATE_MODE = 0o700;

/** Makes the folder and what is missing above it, for the owner alone unless told otherwise. @throws what the system says, for example EACCES */
export function makeFoldersSync(folder: string, mode: number = PRIVATE_MODE): void {
  const missing: string[] = [];
  // What has no parent is a root: a drive that is not there must not be looked for without end either.
  for (let path = resolve(folder); !existsSync(path) && dirname(path) !== path; path = dirname(path))
    missing.push(path);
  for (const path of missing.toReversed()) {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      // Another process has made it in between; what it is shows next.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
