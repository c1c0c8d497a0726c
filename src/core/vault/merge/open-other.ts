// Opens the other vault of a merge, to read: a backup of this vault opens with its secret and beside its key file, any other with its own.

import { AppError } from '../../../shared/model/app-error.ts';
import type { ErrorCode } from '../../../shared/model/error-codes.ts';
import { FORMAT_VERSION, readNumber, type ReadDb } from '../database.ts';
import { withStorageErrors } from '../errors.ts';
import { parseHeader } from '../keyring/header.ts';
import type { KeyringOptions, VaultSecret } from '../keyring/keyring.ts';
import { openKeyring } from '../keyring/open-keyring.ts';
import type { VaultState } from '../log/vault-state.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { openReadingCopy } from '../reading-copy.ts';
import { openBeside, readState } from '../open-beside.ts';
import { readHeaderCopies } from '../tables/single-rows.ts';
import { rebuildChunkBox } from '../upkeep/parity.ts';
import { vaultFiles } from '../vault-files.ts';

const REPAIR_FIRST = 'put it into a data folder of its own and run `cairn repair --home FOLDER` first.';
/** The words for a vault that does not open speak of the own one, and of what to do with that. */
const WORDS: Readonly<
  Partial<Record<ErrorCode, { readonly message: string; readonly hint?: string; readonly code?: ErrorCode }>>
> = {
  VAULT_MISSING: {
    message: 'There is no file where the other vault should be.',
    hint: 'Name the file of a backup, a data folder, or a vault.db.',
  },
  VAULT_NOT_A_VAULT: {
    message: 'The other file is no Cairn vault, or its beginning was destroyed.',
    hint: `If it is one: ${REPAIR_FIRST}`,
  },
  VAULT_NEWER_FORMAT: { message: 'The other vault has a newer format than this Cairn reads.' },
  VAULT_DAMAGED: {
    message: 'The other vault is damaged so far that it cannot be read.',
    hint: `To save what is whole of it, ${REPAIR_FIRST}`,
  },
  VAULT_WRONG_PASSWORD: {
    message: 'This does not open the other vault.',
    hint: 'It opens with a password or a recovery key of its own.',
    code: 'VAULT_WRONG_OTHER_PASSWORD',
  },
};

export interface OtherVault {
  readonly state: VaultState;
  readonly isSameVault: boolean;
  close(): void;
}

export interface OtherVaultOptions {
  readonly path: string;
  /** Of a vault of its own; null for a state of this one. */
  readonly secret: VaultSecret | null;
  readonly ownId: Buffer;
  readonly ownSecret: VaultSecret;
  readonly keyring: KeyringOptions;
}

/**
 * @throws AppError, in words that speak of the other vault: VAULT_MISSING, VAULT_NOT_A_VAULT, VAULT_NEWER_FORMAT, VAULT_LOCKED where a password
 * of its own is needed, VAULT_WRONG_OTHER_PASSWORD, VAULT_DAMAGED
 */
export async function openOtherVault(options: OtherVaultOptions): Promise<OtherVault> {
  try {
    return await openNamed(options);
  } catch (error) {
    throw error instanceof AppError ? aboutTheOther(error) : error;
  }
}

async function openNamed({ path, secret, ownId, ownSecret, keyring: keyringOptions }: OtherVaultOptions) {
  const db = withStorageErrors('Opening the other vault', () => openAnyFormat(path));
  try {
    const isSameVault = readHeaderCopies(db).some((copy) => idOf(copy)?.equals(ownId) === true);
    if (!isSameVault && secret === null)
      throw new AppError('VAULT_LOCKED', 'The other file is a vault of its own, with a password of its own.', {
        hint: 'Give that password too (--other-password-file).',
      });
    const sidecarPath = isSameVault ? keyringOptions.sidecarPath : vaultFiles(path).sidecar;
    const { keyring } = await openKeyring(db, (isSameVault ? null : secret) ?? ownSecret, {
      ...keyringOptions,
      sidecarPath,
    });
    const state = withStorageErrors('Reading the other vault', () => readState(keyring, db));
    state.store.healWith((recordId) => rebuildChunkBox(state, recordId));
    return {
      state,
      isSameVault,
      close: () => {
        state.helper.close();
        if (!isSameVault) state.keys.wipe();
        db.close();
      },
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function aboutTheOther(error: AppError): AppError {
  const words = WORDS[error.code];
  if (words === undefined) return error;
  const { message, hint = error.hint, code = error.code } = words;
  return new AppError(code, message, { hint, cause: error });
}

/** Where it lies; one of an older format in memory, where it can be brought to today's. */
function openAnyFormat(path: string): ReadDb {
  const db = openBeside(path);
  if (readNumber(db, 'user_version') === FORMAT_VERSION) return db;
  db.close();
  const copy = openReadingCopy(path);
  runMigrations(copy);
  return copy;
}

function idOf(copy: Buffer | null): Buffer | null {
  const id = copy === null ? undefined : parseHeader(copy)?.header.vaultId;
  return id === undefined ? null : Buffer.from(id, 'base64');
}
