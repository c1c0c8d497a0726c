// The scripts that hooks start: in resources/, beside the source tree as beside a build.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../../shared/model/app-error.ts';

/** From this file in the source tree, from an entry of a build, and from a chunk one folder below. */
const FOLDERS = ['../../../../resources/', '../../resources/', '../../../resources/'];

/** Its path. @throws AppError EXEC_FAILED where this installation has lost it */
export function findHookScript(name: string): string {
  const paths = FOLDERS.map((folder) => fileURLToPath(new URL(`${folder}hooks/${name}`, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new AppError('EXEC_FAILED', 'The script of the hooks is missing from this installation.', {
      hint: 'Install Cairn again.',
    });
  return path;
}
