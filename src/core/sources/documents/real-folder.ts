import { dirname } from 'node:path';

import { realFolder } from './recovered-copy.ts';

/** Where the folder of a file leads, where that is elsewhere: a recovered copy is written only where it still leads there. */
export function realFolderFact(path: string | null): { readonly realFolderPath?: string } {
  if (path === null) return {};
  const folder = dirname(path);
  const real = realFolder(folder);
  return real === null || real === folder ? {} : { realFolderPath: real };
}
