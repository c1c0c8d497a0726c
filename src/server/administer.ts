// What is done to a server's data from beside it, with the server running or not.

import { randomBytes } from 'node:crypto';

import { addAccount } from './auth/accounts.ts';
import { createPasswords } from './auth/passwords.ts';
import { renewGeneration } from './replication/generation.ts';
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

async function withStore<Result>(storage: StorageOptions, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore({ ...storage, onTrouble: () => undefined });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
