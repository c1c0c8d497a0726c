// Where the server's worker lies: beside this file in the source tree, under its entry's name in a build.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file to start a worker thread from. */
export function workerPath(name: 'redaction-worker'): string {
  const candidates = [`./${name}.ts`, `./${name}.js`, `../${name}.js`];
  const paths = candidates.map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? '';
}
