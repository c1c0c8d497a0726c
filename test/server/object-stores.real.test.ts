// Objects in PostgreSQL go in together: cut out of the batch that they came in, or out of a buffer made of them.

import { randomBytes } from 'node:crypto';

import { expect, it } from 'vitest';

import { createDatabaseObjects, type PlacedBytes } from '../../src/server/replication/object-store.ts';
import { openStore } from '../../src/server/store/store.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';

const USER = '0123456789abcdef';
const bin = findPostgres();

it.skipIf(bin === null)('[S31] gives back what was stored together, wherever in memory it lay', async () => {
  const postgres = startPostgres(bin ?? '');
  const store = await openStore({
    dataFolder: '/nowhere',
    databaseUrl: postgres.createDatabase(),
    onTrouble: () => undefined,
  });
  try {
    const objects = createDatabaseObjects(store.kind);
    const batch = randomBytes(1_000_000);
    const far = randomBytes(3_000_000);
    const cases: Readonly<Record<string, readonly Uint8Array[]>> = {
      'of one batch, with headers between them': [
        batch.subarray(84, 70_084),
        batch.subarray(70_168, 70_169),
        batch.subarray(70_253, 999_999),
      ],
      'of one batch, in another order': [batch.subarray(500_000, 900_000), batch.subarray(100_000, 500_000)],
      'of one batch, most of which is not wanted': [far.subarray(5, 500), far.subarray(2_999_000)],
      'of buffers of their own': [randomBytes(10), randomBytes(100_000), new Uint8Array(Buffer.from([0, 92, 39, 255]))],
      alone: [randomBytes(9_000_000)],
      none: [],
    };
    for (const [name, parts] of Object.entries(cases)) {
      const placed: PlacedBytes[] = parts.map((bytes, at) => ({ place: `${name} ${at}`, bytes }));
      await store.db.transaction().execute((tx) => objects.writeIn(tx, USER, placed));
      for (const { place, bytes } of placed)
        expect((await objects.read(store.db, USER, place))?.equals(bytes), place).toBe(true);
    }
    await objects.remove(store.db, USER, ['alone 0']);
    expect(await objects.read(store.db, USER, 'alone 0')).toBeNull();
  } finally {
    await store.close();
    postgres.close();
  }
});
