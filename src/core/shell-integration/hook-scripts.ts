// The hook scripts that Cairn ships: in resources/, beside the source tree as beside a build.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../shared/model/app-error.ts';
import { HOOKED_SHELLS, type HookedShell } from '../sources/shell-history/hook-block.ts';

/** From this file in the source tree or a chunk of a build, and from a build's entry one folder above. */
const FOLDERS = ['../../../resources/', '../../resources/'];

/** The text of each hook. @throws AppError EXEC_FAILED where this installation has lost them */
export function readHookScripts(): Readonly<Record<HookedShell, string>> {
  const scripts = HOOKED_SHELLS.map((shell): [HookedShell, string] => [shell, readScript(`cairn.${shell}`)]);
  return Object.fromEntries(scripts) as Record<HookedShell, string>; // an entry for each shell
}

function readScript(name: string): string {
  const paths = FOLDERS.map((folder) => fileURLToPath(new URL(`${folder}shell-integration/${name}`, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new AppError('EXEC_FAILED', 'The scripts of the shell integration are missing from this installation.', {
      hint: 'Install Cairn again.',
    });
  return readFileSync(path, 'utf8');
}
