// What becomes of the bytes of a batch whose transaction fails: they lie outside the database, which takes nothing of them back.

import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';

import { expect, it } from 'vitest';

import type { VaultKeyId } from '../../src/shared/replication/ids.ts';
import { createFileObjects } from '../../src/server/replication/file-objects.ts';
import type { ReplicaDeps } from '../../src/server/replication/replica-deps.ts';
import { storeWholes } from '../../src/server/replication/store-wholes.ts';
import { anObject, sha256 } from '../support/replica-client.ts';
import { openTestSqlite } from '../support/server-store.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const VAULT = { userId: '0123456789abcdef', vaultNo: 1, vaultId: '0'.repeat(64) as VaultKeyId };

it('[S31] leaves no files of a batch whose transaction failed', async () => {
  await using folder = makeTemporaryFolder();
  const store = await openTestSqlite();
  const { db, notices } = store;
  const user = { user_id: VAULT.userId, email: 'a', password_hash: '', created_at_ms: 0 };
  await db.insertInto('users').values(user).execute();
  const objects = createFileObjects(folder.path);
  let fails = true;
  const deps: ReplicaDeps = {
    db,
    notices,
    objects: { ...objects, writeIn: async () => (fails ? Promise.reject(new Error('no space')) : undefined) },
    limits: { bytes: 1_000, objects: 10 },
    nowMs: () => 0,
    randomBytes,
  };
  const frames = [anObject(), anObject()].map(({ id, bytes }) => {
    const totalBytes = bytes.length;
    return { id, bytes, hash: sha256(bytes), totalBytes, offset: 0 };
  });
  const files = () =>
    readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length;

  await expect(storeWholes(deps, VAULT, frames)).rejects.toThrow('no space');
  expect(files()).toBe(0);
  fails = false;
  expect([...(await storeWholes(deps, VAULT, frames)).values()].map(({ status }) => status)).toEqual([
    'stored',
    'stored',
  ]);
  expect(files()).toBe(2);
  await store.close();
});
