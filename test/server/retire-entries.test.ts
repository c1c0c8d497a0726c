import { afterAll, beforeAll, expect, it } from 'vitest';

import type { VaultKeyId } from '../../src/shared/replication/ids.ts';
import { encodeBody } from '../../src/shared/replication/entry.ts';
import { retireEntries } from '../../src/server/replication/retire-entries.ts';
import type { Store } from '../../src/server/store/store.ts';
import { openTestSqlite } from '../support/server-store.ts';

const ENTRIES = 2_000;
const OWNER = { user_id: 'a', vault_no: 1, device_no: 1 };

let store: Store;
beforeAll(async () => {
  store = await openTestSqlite();
});
afterAll(() => store.close());

it('[S8] asks for many ranges at once, and for none of them twice', async () => {
  const body_bytes = Buffer.from(encodeBody({ requires: [], payload: new Uint8Array(0) }));
  const nothing = { entry_hash: Buffer.alloc(32), signed_bytes: Buffer.alloc(1), signature: Buffer.alloc(64) };
  const row = { ...OWNER, ...nothing, body_bytes, stored_at_ms: 0 };
  for (let from = 1; from <= ENTRIES; from += 500)
    await store.db
      .insertInto('entries')
      .values(Array.from({ length: 500 }, (_, at) => ({ ...row, entry_index: from + at })))
      .execute();
  let queries = 0;
  const counted = store.db.withPlugin({
    transformQuery: ({ node }) => {
      queries += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const odd = Array.from({ length: ENTRIES / 2 }, (_, at) => ({ first: 2 * at + 1, last: 2 * at + 1 }));

  const vault = { userId: 'a', vaultNo: 1, vaultId: '0'.repeat(64) as VaultKeyId };
  await retireEntries(counted, vault, 1, [...odd, ...odd.slice(10), ...odd], 0);

  const live = await store.db.selectFrom('entries').select('entry_index').where('body_bytes', 'is not', null).execute();
  expect(live.map(({ entry_index }) => entry_index)).toEqual(
    Array.from({ length: ENTRIES / 2 }, (_, at) => 2 * at + 2),
  );
  expect(queries).toBeLessThan(50);
});
