// What is done to a server's data from beside it, with the server running or not.

import { randomBytes } from 'node:crypto';

import { AppError } from '../shared/model/app-error.ts';
import type { AuditHead } from './audit/audit-log.ts';
import { addAccount } from './auth/accounts.ts';
import { createPasswords } from './auth/passwords.ts';
import { addServerKeySync } from './encryption/server-keys.ts';
import {
  rotateKeys,
  verifyAllAudits,
  type KeyRotation,
  type VerifiedChain,
} from './publishing/administer-publishing.ts';
import { keyPath, loadKeys } from './publishing/open-publishing.ts';
import { renewGeneration } from './replication/generation.ts';
import { hasSqlite } from './store/dialects.ts';
import { openStore, type Store } from './store/store.ts';

export interface StorageOptions {
  readonly dataFolder: string;
  readonly databaseUrl: string | null;
}

/** Makes an account; false where the address has one. @throws AppError SERVER_DATABASE */
export async function createAccount(storage: StorageOptions, email: string, password: string): Promise<boolean> {
  return withStore(storage, ({ db, notices }) =>
    addAccount({ db, notices, passwords: createPasswords(), nowMs: () => Date.now(), randomBytes }, email, password),
  );
}

/** Says that the data came back from a backup (S4): devices push again what is missing, and delete nothing. */
export async function markRestored(storage: StorageOptions): Promise<void> {
  await withStore(storage, ({ db }) => renewGeneration(db, randomBytes));
}

/** Goes through the audit chains. @throws AppError SERVER_KEY_UNREADABLE */
export async function verifyAudits(
  storage: StorageOptions & { readonly serverKey: string | null },
  known: ReadonlyMap<string, AuditHead>,
): Promise<readonly VerifiedChain[]> {
  return withStore(storage, async ({ db }) =>
    verifyAllAudits(db, await loadKeys({ ...storage, db }), () => Date.now(), known),
  );
}

/**
 * Puts a new key of the server into its file, where it has one, and wraps the owners' keys by it; also gives the owners new ones where asked.
 * A running server MUST be started again afterwards. @throws AppError SERVER_KEY_UNREADABLE
 */
export async function rotateServerKeys(
  storage: StorageOptions & { readonly serverKey: string | null },
  options: { readonly hasNewOwnerKeys: boolean },
): Promise<KeyRotation> {
  return withStore(storage, async ({ db }) => {
    await loadKeys({ ...storage, db });
    if (storage.serverKey === null) addServerKeySync(keyPath(storage.dataFolder));
    return rotateKeys(db, await loadKeys({ ...storage, db }), { ...options, nowMs: () => Date.now() });
  });
}

/** @throws AppError SERVER_DATABASE, also where no server was: what is done to an empty database of one's own is done to nobody's data. */
async function withStore<Result>(storage: StorageOptions, work: (store: Store) => Promise<Result>): Promise<Result> {
  if (storage.databaseUrl === null && !hasSqlite(storage.dataFolder))
    throw new AppError('SERVER_DATABASE', 'No sync server has its data there.', {
      hint: 'Give its folder by --data-dir and its database by DATABASE_URL, as to the server itself, and start that one first.',
    });
  const store = await openStore({ ...storage, onTrouble: () => undefined });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
