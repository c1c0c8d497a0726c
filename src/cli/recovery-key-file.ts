// The recovery key as it leaves Cairn, once: into a new file of the user's, or onto the screen.

import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';

import { AppError } from '../shared/model/app-error.ts';
import type { Style } from './output.ts';

const PRIVATE_FILE_MODE = 0o600;

export interface RecoveryKeyFile {
  readonly path: string;
  write(recoveryKey: string): Promise<void>;
  /** Removes the file again, where no key was made after all. */
  discard(): Promise<void>;
}

/**
 * Makes the file before the key exists, so that a key is never made that cannot be written down.
 * @throws AppError USAGE_INVALID where something stands there already, or nothing can be written
 */
export async function reserveRecoveryKeyFile(path: string, option: string): Promise<RecoveryKeyFile> {
  const file = await open(path, 'wx', PRIVATE_FILE_MODE).catch((error: unknown) => {
    throw refused(option, error);
  });
  return {
    path: resolve(path),
    write: async (recoveryKey) => {
      try {
        await file.writeFile(`${recoveryKey}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
    discard: async () => {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

/** Shows the key, or says where it lies. */
export function renderRecoveryKey(recoveryKey: string, path: string | null, style: Style): string[] {
  if (path !== null) {
    return [
      `The ${style.bold('recovery key')} was written to ${path}. Keep it away from this machine: it opens the vault.`,
    ];
  }
  return [
    `The ${style.bold('recovery key')} opens the vault when the password is lost:`,
    '',
    `  ${style.bold(recoveryKey)}`,
    '',
    'It is shown only now. Write it down, and keep it away from this machine.',
  ];
}

function refused(option: string, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  return new AppError(
    'USAGE_INVALID',
    code === 'EEXIST'
      ? `The file of ${option} exists already, and is not overwritten.`
      : `The file of ${option} cannot be made (${code}).`,
    { hint: 'Name a new file in a folder that you can write to.', cause: error },
  );
}
