// Objects in the database, a row for each: in SQLite all of them, one file to back up; in PostgreSQL those of before object_pieces.

import type { ObjectStore } from './object-store.ts';

export function createRowObjects(): ObjectStore {
  return {
    write: async () => undefined,
    writeIn: async (tx, userId, objects) => {
      // One by one: SQLite binds each as it is, and all in one statement would be all in memory once more.
      for (const { place, bytes } of objects)
        await tx
          .insertInto('object_bytes')
          .values({ user_id: userId, place, bytes: viewOf(bytes) })
          .execute();
    },
    read: async (db, userId, place) => {
      const row = await db
        .selectFrom('object_bytes')
        .select('bytes')
        .where('user_id', '=', userId)
        .where('place', '=', place)
        .executeTakeFirst();
      return row?.bytes ?? null;
    },
    remove: async (db, userId, places) => {
      if (places.length === 0) return;
      await db.deleteFrom('object_bytes').where('user_id', '=', userId).where('place', 'in', places).execute();
    },
  };
}

/** The same bytes as a buffer, not a copy of them. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
