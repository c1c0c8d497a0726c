// Where the worker's file lies: beside this one in the source tree, under its entry's name in a build.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file to start the vault worker from. */
export function vaultWorkerPath(): string {
  const built = fileURLToPath(new URL('./vault-worker.js', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('./vault-worker.ts', import.meta.url));
}
