// Turns what SQLite and the file system throw into the vault's typed errors. Their own texts may hold paths and are not shown.

import { AppError } from '../../shared/model/app-error.ts';

/** A disk with less than this has no room for another page. */
const NOTHING_LEFT_BYTES = 64 * 1024;

/** Runs `work` and rethrows storage failures as typed errors; typed errors pass through. */
export function withStorageErrors<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw toStorageError(what, error);
  }
}

/** @param what the operation in words, for example "Saving the snapshot". */
export function toStorageError(what: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  // SHMSIZE: there is no room for the index of the write-ahead log.
  if (/^SQLITE_(?:FULL|IOERR_SHMSIZE)/.test(code) || code === 'ENOSPC' || code === 'EDQUOT') return diskFull(what);
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return readOnly(what, error);
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new AppError('VAULT_BUSY', `${what} failed: another process is writing to the vault.`, {
      hint: 'Try again in a moment.',
      isRetryable: true,
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_NOTADB')) return notAVault();
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_IOERR_SHORT_READ')) {
    return new AppError('VAULT_DAMAGED', `${what} failed: the vault file is damaged.`, {
      hint: 'Nothing was overwritten. Copy the data folder somewhere safe, then look at `backups/` for the last good vault.',
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_IOERR') || code === 'EIO') {
    return new AppError('VAULT_DAMAGED', `${what} failed: the disk reported an error.`, {
      hint: 'Check the disk; nothing was overwritten.',
      isRetryable: true,
      cause: error,
    });
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new AppError('VAULT_BUSY', `${what} failed: too many files are open.`, {
      hint: 'Nothing was changed. Close some programs, or raise the limit (`ulimit -n`), then try again.',
      isRetryable: true,
      cause: error,
    });
  }
  if (code === 'ENOENT') {
    return new AppError('VAULT_MISSING', `${what} failed: the vault file is not there.`, {
      hint: 'Check --home, or make a new vault with `cairn init`.',
      cause: error,
    });
  }
  // It was there a moment ago: SQLite does not say what kept it from opening it.
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return new AppError('VAULT_BUSY', `${what} failed: the vault file cannot be opened just now.`, {
      hint: 'Nothing was changed. Check that your user may read the data folder and that not too many files are open, then try again.',
      isRetryable: true,
      cause: error,
    });
  }
  return error;
}

export function readOnly(what: string, cause?: unknown): AppError {
  return new AppError('VAULT_READ_ONLY', `${what} failed: the vault's folder or file cannot be written.`, {
    hint: 'Give your user write permission on the data folder, or choose another one with --home.',
    cause,
  });
}

/** A damaged vault is read, never written: what is left of it may still be won back. */
export function openDamaged(what: string): AppError {
  return new AppError('VAULT_READ_ONLY', `${what} failed: the vault is damaged and open for reading only.`, {
    hint: 'Nothing was overwritten. Look and restore as ever; then repair the vault, or go back to a backup, on the Recovery screen of the window.',
  });
}

/** True for an error that says the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof AppError && error.code === 'VAULT_DISK_FULL';
}

/** True where the disk did not give back what was written to it. */
export function isReadFailure(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === 'EIO' || code.startsWith('SQLITE_IOERR');
}

/** SQLite calls some failures of a full disk, or of a used-up quota, errors of the disk: these are told by what is left of it. */
export function explainDiskError(what: string, error: unknown, freeBytes: () => number): unknown {
  if (!(error instanceof AppError) || error.code !== 'VAULT_DAMAGED') return error;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const isWriting = /^SQLITE_IOERR_(?:WRITE|FSYNC|DIR_FSYNC|TRUNCATE|SHMMAP|SHMOPEN)/.test(code);
  return isWriting && freeBytes() < NOTHING_LEFT_BYTES ? diskFull(what) : error;
}

export function diskFull(what: string): AppError {
  return new AppError(
    'VAULT_DISK_FULL',
    `${what} failed: the disk is full. Nothing of it was stored, and nothing older was lost.`,
    {
      hint:
        what === 'Pruning'
          ? 'Free a few megabytes, then prune again.'
          : 'Free some space or run `cairn prune`; the next capture tries again.',
      isRetryable: true,
    },
  );
}

export function notAVault(): AppError {
  return new AppError(
    'VAULT_NOT_A_VAULT',
    "The file in the vault's place is no Cairn vault, or its beginning was destroyed.",
    {
      hint: 'It was left as it is. Put the vault back from `backups/`, or move the file away and run `cairn init`.',
    },
  );
}

export function damaged(what: string): AppError {
  return new AppError('VAULT_DAMAGED', `The vault is damaged: ${what}.`, {
    hint: 'Run `cairn verify` to see what is touched; everything else stays readable.',
  });
}

/** The file's own header copies are gone, and the one beside it has other keys than the file was sealed with. */
export function keysOfAnotherTime(): AppError {
  return new AppError(
    'VAULT_ROLLED_BACK',
    'The vault file and its key file are of different times: the keys at hand do not open this vault file.',
    {
      hint: 'Nothing was changed. Put back the `vault.db.keys` that was copied together with this `vault.db`, or move both away and put the newest file from `backups/` in place of `vault.db`.',
    },
  );
}

/** The same for work that takes its time. */
export async function withAsyncStorageErrors<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(what, error);
  }
}

/** Failures of the file that is written are the caller's, not the vault's. */
export async function withAsyncExportErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (error instanceof AppError || code.startsWith('SQLITE')) throw toStorageError('Reading the vault', error);
    if (code === 'EEXIST')
      throw new AppError('USAGE_INVALID', 'There is a file of this name already; it was left as it is.', {
        hint: 'Name another one.',
      });
    throw new AppError('EXEC_FAILED', `The file could not be written (${code === '' ? 'unknown reason' : code}).`, {
      hint: 'Check the folder, its permissions and the free space.',
      cause: error,
    });
  }
}
