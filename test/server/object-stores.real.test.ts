// Objects in PostgreSQL go in together: cut out of the batch that they came in, or out of a buffer made of them.

import { randomBytes } from 'node:crypto';

import { sql } from 'kysely';
import { expect, it } from 'vitest';

import type { PlacedBytes } from '../../src/server/replication/object-store.ts';
import { openObjects } from '../../src/server/replication/open-objects.ts';
import { openStore } from '../../src/server/store/store.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';

const USER = '0123456789abcdef';
const bin = findPostgres();
/** As long as a place is: a hash, and what makes it the only one. */
const placeOf = (name: string): string => name.padEnd(77, '.');

it.skipIf(bin === null)('[S31] gives back what was stored together, wherever in memory it lay', async () => {
  const postgres = startPostgres(bin ?? '');
  const store = await openStore({
    dataFolder: '/nowhere',
    databaseUrl: postgres.createDatabase(),
    onTrouble: () => undefined,
  });
  try {
    const objects = openObjects({ objects: 'database', dataFolder: '/nowhere', nowMs: () => 0 }, 'postgres');
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
      'at the ends of pieces': [7_999, 8_000, 8_001, 16_000].map((size) => randomBytes(size)),
      'at the ends of what one write takes': [262_144 - 19, 262_144, 524_288].map((size) => randomBytes(size)),
      none: [],
    };
    for (const [name, parts] of Object.entries(cases)) {
      const placed: PlacedBytes[] = parts.map((bytes, at) => ({ place: placeOf(`${name} ${at}`), bytes }));
      await store.db.transaction().execute((tx) => objects.writeIn(tx, USER, placed));
      for (const { place, bytes } of placed)
        expect((await objects.read(store.db, USER, place))?.equals(bytes), place).toBe(true);
    }
    await objects.remove(store.db, USER, [placeOf('alone 0')]);
    expect(await objects.read(store.db, USER, placeOf('alone 0'))).toBeNull();

    // As a server of before left one.
    const old = { user_id: USER, place: 'of before', bytes: randomBytes(70_000) };
    await store.db.insertInto('object_bytes').values(old).execute();
    expect((await objects.read(store.db, USER, old.place))?.equals(old.bytes)).toBe(true);
    await objects.remove(store.db, USER, [old.place]);
    expect(await objects.read(store.db, USER, old.place)).toBeNull();

    const { rows } = await sql<{ own: string; cut: string }>`
      SELECT pg_relation_size('object_pieces') AS own, pg_relation_size(reltoastrelid) AS cut
      FROM pg_class WHERE relname = 'object_pieces'
    `.execute(store.db);
    expect(Number(rows[0]?.own)).toBeGreaterThan(11_000_000);
    expect(Number(rows[0]?.cut), 'the longest name of a place leaves room for a piece').toBe(0);
  } finally {
    await store.close();
    postgres.close();
  }
});
