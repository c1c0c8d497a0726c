// Where the worker's file lies: beside this one in the source tree, under its entry's name in a build.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file to start the vault worker from. */
export function vaultWorkerPath(): string {
  // In a build this module lies in the entry itself or in a chunk one folder below.
  const candidates = ['./vault-worker.ts', './vault-worker.js', '../vault-worker.js'];
  const paths = candidates.map((name) => fileURLToPath(new URL(name, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? '';
}
