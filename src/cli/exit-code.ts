// Which exit code an error means. The table is part of the CLI's contract (docs/cli.md): scripts depend on it.

import type { ErrorCode } from '../shared/model/error-codes.ts';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_LOCKED = 3;
export const EXIT_NOT_FOUND = 4;
export const EXIT_DAMAGED = 5;

export type ExitCode =
  | typeof EXIT_DONE
  | typeof EXIT_FAILED
  | typeof EXIT_USAGE
  | typeof EXIT_LOCKED
  | typeof EXIT_NOT_FOUND
  | typeof EXIT_DAMAGED;

/** What each exit code says, as help texts and docs/cli.md print it. */
export const EXIT_CODE_MEANINGS: ReadonlyArray<readonly [ExitCode, string]> = [
  [EXIT_DONE, 'done'],
  [EXIT_FAILED, 'failed'],
  [EXIT_USAGE, 'wrong usage'],
  [EXIT_LOCKED, 'vault locked or wrong password'],
  [EXIT_NOT_FOUND, 'not found'],
  [EXIT_DAMAGED, 'damaged data found'],
];

const EXIT_CODES: Readonly<Record<ErrorCode, ExitCode>> = {
  USAGE_INVALID: EXIT_USAGE,
  CONFIG_UNKNOWN_KEY: EXIT_USAGE,
  CONFIG_INVALID: EXIT_USAGE,
  CONFIG_UNREADABLE: EXIT_FAILED,
  VAULT_MISSING: EXIT_NOT_FOUND,
  VAULT_EXISTS: EXIT_FAILED,
  VAULT_LOCKED: EXIT_LOCKED,
  VAULT_WRONG_PASSWORD: EXIT_LOCKED,
  VAULT_TOO_MANY_ATTEMPTS: EXIT_LOCKED,
  // The password offered for a new vault is a bad argument; no vault is locked by it.
  VAULT_WEAK_PASSWORD: EXIT_USAGE,
  VAULT_SLOT_DAMAGED: EXIT_DAMAGED,
  VAULT_DAMAGED: EXIT_DAMAGED,
  VAULT_NOT_A_VAULT: EXIT_DAMAGED,
  VAULT_NEWER_FORMAT: EXIT_FAILED,
  VAULT_ROLLED_BACK: EXIT_DAMAGED,
  VAULT_BUSY: EXIT_FAILED,
  VAULT_READ_ONLY: EXIT_FAILED,
  VAULT_DISK_FULL: EXIT_FAILED,
  VAULT_CLOSED: EXIT_FAILED,
  SNAPSHOT_NOT_FOUND: EXIT_NOT_FOUND,
  SNAPSHOT_AMBIGUOUS: EXIT_USAGE,
  CHECKPOINT_NOT_FOUND: EXIT_NOT_FOUND,
  ITEM_NOT_FOUND: EXIT_NOT_FOUND,
  SESSION_NOT_FOUND: EXIT_NOT_FOUND,
  SESSION_AMBIGUOUS: EXIT_USAGE,
  SESSION_FILE_CHANGED: EXIT_FAILED,
  CHAT_FAILED: EXIT_FAILED,
  RESTORE_NOTHING_TO_UNDO: EXIT_NOT_FOUND,
  SOURCE_TIMEOUT: EXIT_FAILED,
  SOURCE_UNREADABLE: EXIT_FAILED,
  SOURCE_FAILED: EXIT_FAILED,
  EXEC_FAILED: EXIT_FAILED,
  EXEC_TIMEOUT: EXIT_FAILED,
  API_REFUSED: EXIT_FAILED,
  KEYCHAIN_UNAVAILABLE: EXIT_FAILED,
  CANCELLED: EXIT_FAILED,
  BUG: EXIT_FAILED,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_CODES[code];
}
