// The files of a vault, by the path of its database.

import { dirname } from 'node:path';

export interface VaultFiles {
  readonly database: string;
  readonly sidecar: string;
  readonly lock: string;
  /** Held by everybody who has the vault open. */
  readonly presence: string;
  /** Space that is given up when the disk is full. */
  readonly reserve: string;
  readonly folder: string;
}

export function vaultFiles(database: string): VaultFiles {
  return {
    database,
    sidecar: `${database}.keys`,
    lock: `${database}.lock`,
    presence: `${database}.open`,
    reserve: `${database}.reserve`,
    folder: dirname(database),
  };
}
