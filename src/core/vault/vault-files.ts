// The files of a vault, by the path of its database.

import { dirname, join } from 'node:path';

export interface VaultFiles {
  readonly database: string;
  readonly sidecar: string;
  readonly lock: string;
  readonly folder: string;
}

export function vaultFiles(database: string): VaultFiles {
  return { database, sidecar: `${database}.keys`, lock: `${database}.lock`, folder: dirname(database) };
}

/** Where backups go unless the user says otherwise. */
export function defaultBackupFolder(files: VaultFiles): string {
  return join(files.folder, 'backups');
}
