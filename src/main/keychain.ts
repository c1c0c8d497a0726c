// The system's keychain, for a vault that opens without its password. Only the calls that do not block are used, and none before the
// user chose it: a keyring that asks by itself at a start frightens people. Whatever fails here, the password opens the vault.

import { readFileSync, rmSync } from 'node:fs';

import { z } from 'zod';

import { AppError } from '../shared/model/app-error.ts';
import type { Keychain } from '../core/api/keychain.ts';
import { writePrivateFileSync } from '../core/config/write-private-file.ts';
import type { ElectronApi } from './electron-api.ts';

const blobSchema = z.object({
  version: z.literal(1),
  /** What sealed it: another one cannot open it, and would ask the user for a keyring that is not theirs any more. */
  backend: z.string().max(100),
  sealed: z.base64(),
});
type Blob = z.infer<typeof blobSchema>;

type Backend = { readonly name: string } | { readonly refusal: string };

export interface KeychainDeps {
  readonly safeStorage: Pick<
    ElectronApi['safeStorage'],
    'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'
  >;
  readonly platform: NodeJS.Platform;
  /** The sealed secret and what sealed it; useless without the keychain. */
  readonly path: string;
}

export function createKeychain({ safeStorage, platform, path }: KeychainDeps): Keychain {
  const refusalOf = async ({ hasChosen }: { readonly hasChosen: boolean }): Promise<string | null> => {
    const backend = findBackend(safeStorage, platform);
    if ('refusal' in backend) return backend.refusal;
    // Asking this much wakes the keychain up.
    if (!hasChosen || (await safeStorage.isAsyncEncryptionAvailable().catch(() => false))) return null;
    return 'The keychain of this system does not answer.';
  };
  const seal = async (text: string): Promise<void> => {
    const backend = findBackend(safeStorage, platform);
    if ('refusal' in backend) throw unavailable(backend.refusal);
    const sealed = await safeStorage.encryptStringAsync(text);
    writeBlob(path, { version: 1, backend: backend.name, sealed: sealed.toString('base64') });
  };
  return {
    availability: async () => {
      const why = await refusalOf({ hasChosen: readBlob(path) !== null });
      return { isAvailable: why === null, why: why ?? '' };
    },
    has: async () => readBlob(path) !== null,
    read: async () => {
      const blob = readBlob(path);
      const backend = findBackend(safeStorage, platform);
      if (blob === null || 'refusal' in backend || blob.backend !== backend.name) return null;
      try {
        const opened = await safeStorage.decryptStringAsync(Buffer.from(blob.sealed, 'base64'));
        // The old seal still opens; a new one that fails now is tried again next time.
        if (opened.shouldReEncrypt) await seal(opened.result).catch(() => undefined);
        return new Uint8Array(Buffer.from(opened.result, 'base64'));
      } catch {
        return null; // refused by the user, or another keyring under the same name
      }
    },
    write: async (secret) => {
      const why = await refusalOf({ hasChosen: true });
      if (why !== null) throw unavailable(why);
      try {
        await seal(Buffer.from(secret).toString('base64'));
      } catch (error) {
        throw error instanceof AppError ? error : unavailable('The keychain of this system refused it.', error);
      }
    },
    remove: async () => rmSync(path, { force: true }),
  };
}

/** macOS and Windows have one each; on Linux it depends on the desktop, and may be a fixed password that protects nothing. */
function findBackend(safeStorage: KeychainDeps['safeStorage'], platform: NodeJS.Platform): Backend {
  if (platform === 'darwin') return { name: 'keychain' };
  if (platform === 'win32') return { name: 'dpapi' };
  const name = safeStorage.getSelectedStorageBackend();
  if (name !== 'basic_text' && name !== 'unknown') return { name };
  return { refusal: 'This desktop has no keyring that protects a secret.' };
}

function readBlob(path: string): Blob | null {
  try {
    return blobSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null; // none, or none of ours: the password is asked for
  }
}

function writeBlob(path: string, blob: Blob): void {
  writePrivateFileSync(path, `${JSON.stringify(blob)}\n`);
}

function unavailable(why: string, cause?: unknown): AppError {
  return new AppError('KEYCHAIN_UNAVAILABLE', why, { hint: 'Unlock with your password.', cause });
}
