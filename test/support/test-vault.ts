// A real vault in a temporary folder, with the cheapest key derivation that the floor allows.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { createVault, openVault, type OpenVaultOptions, type VaultSecret } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export const TEST_PASSWORD = 'correct horse battery staple';
export const TEST_NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0);

export interface TestVault extends AsyncDisposable {
  readonly path: string;
  readonly folder: string;
  readonly recoveryKey: string;
  vault: Vault;
  /** Closes the vault and opens it again. */
  reopen(secret?: VaultSecret): Promise<Vault>;
}

export interface OpenTestVaultOptions {
  readonly maxSnapshotBytes?: number;
  /** A closed one, to begin with a copy of it: what many cases need is filled once. */
  readonly copyOf?: TestVault;
}

export async function openTestVault({ copyOf, ...options }: OpenTestVaultOptions = {}): Promise<TestVault> {
  const folder = makeTemporaryFolder();
  const path = join(folder.path, 'vault.db');
  const common = { path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR, ...options };
  const created =
    copyOf === undefined ? await createVault({ ...common, password: TEST_PASSWORD }) : await openCopy(copyOf, common);
  const test: TestVault = {
    path,
    folder: folder.path,
    recoveryKey: created.recoveryKey,
    vault: created.vault,
    reopen: async (secret = { type: 'password', text: TEST_PASSWORD }) => {
      await test.vault.close();
      test.vault = await openVault({ ...common, secret });
      return test.vault;
    },
    [Symbol.asyncDispose]: async () => {
      await test.vault.close();
      folder[Symbol.dispose]();
    },
  };
  return test;
}

async function openCopy(
  { path, recoveryKey }: TestVault,
  common: Omit<OpenVaultOptions, 'secret'>,
): Promise<{ readonly vault: Vault; readonly recoveryKey: string }> {
  for (const suffix of ['', '.keys']) copyFileSync(path + suffix, common.path + suffix);
  return { vault: await openVault({ ...common, secret: { type: 'recovery', text: recoveryKey } }), recoveryKey };
}
