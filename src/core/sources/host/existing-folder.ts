// Where to go when a captured folder is gone.

import { statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';

/** The folder itself, or its nearest parent that exists. */
export function nearestFolder(path: string): { readonly path: string; readonly isExact: boolean } {
  if (!isAbsolute(path)) return { path: '/', isExact: false };
  let folder = path;
  while (!isFolder(folder)) {
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return { path: folder, isExact: folder === path };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
