// Starts a program that outlives Cairn: a browser that a restore opens.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';

const SETTLE_MS = 400;

/**
 * Resolves once the program runs, or has handed its work to one that runs already.
 * @param endsWithinMs how long its end is waited for, where it is known that it hands its work over @throws AppError EXEC_FAILED
 */
export function startDetached(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  endsWithinMs = SETTLE_MS,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { detached: true, stdio: 'ignore', env: { ...env } });
    const timer = setTimeout(() => {
      child.removeAllListeners();
      resolve();
    }, endsWithinMs);
    child.unref();
    child.once('error', () => {
      clearTimeout(timer);
      reject(new AppError('EXEC_FAILED', `${file} could not be started.`));
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new AppError('EXEC_FAILED', `${file} ended at once with ${code ?? 'a signal'}.`));
    });
  });
}

/** The first of these programs that is on the path; null where none is. */
export function findOnPath(names: readonly string[], path: string): string | null {
  for (const name of names) {
    for (const folder of path.split(delimiter)) {
      if (folder !== '' && isExecutable(join(folder, name))) return join(folder, name);
    }
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run
  }
}
