// Where the workers' files lie: beside this one in the source tree, under their entries' names in a build.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file to start a worker thread from. */
export function workerPath(name: 'vault-worker' | 'codec-worker' | 'inbox-worker'): string {
  // In a build this module lies in the entry itself or in a chunk one folder below.
  const candidates = [`./${name}.ts`, `./${name}.js`, `../${name}.js`];
  const paths = candidates.map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? '';
}
