// Where the bytes of objects lie (S31): in the database, in files, or in S3-compatible storage. Bytes are durable before the row that names
// them is, and freed after it is gone; each upload has a place of its own, so that freeing an old object never meets a new one.

import { copyRows } from '../store/copy-rows.ts';
import type { DatabaseKind } from '../store/dialects.ts';
import type { Executor } from '../store/store.ts';

export interface PlacedBytes {
  readonly place: string;
  readonly bytes: Uint8Array;
}

export interface ObjectStore {
  /** Makes bytes durable, before the transaction that names them. Nothing to do where they lie in the database. */
  write(userId: string, objects: ReadonlyArray<PlacedBytes>): Promise<void>;
  /** The same within that transaction. Nothing to do where they lie elsewhere. */
  writeIn(tx: Executor, userId: string, objects: ReadonlyArray<PlacedBytes>): Promise<void>;
  /** Null where nothing is there. */
  read(db: Executor, userId: string, place: string): Promise<Buffer | null>;
  /** Frees bytes that no row names any more. What is gone already is fine. */
  remove(db: Executor, userId: string, places: ReadonlyArray<string>): Promise<void>;
}

/** Objects as rows: one thing to back up. */
export function createDatabaseObjects(kind: DatabaseKind): ObjectStore {
  return {
    write: async () => undefined,
    writeIn: kind === 'postgres' ? copyAll : insertEach,
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

/** One by one: SQLite binds each as it is, and all in one statement would be all in memory once more. */
async function insertEach(tx: Executor, userId: string, objects: ReadonlyArray<PlacedBytes>): Promise<void> {
  for (const { place, bytes } of objects)
    await tx
      .insertInto('object_bytes')
      .values({ user_id: userId, place, bytes: viewOf(bytes) })
      .execute();
}

function copyAll(tx: Executor, userId: string, objects: ReadonlyArray<PlacedBytes>): Promise<void> {
  const rows = objects.map(({ place, bytes }) => [userId, place, bytes]);
  return copyRows(tx, 'object_bytes', ['user_id', 'place', 'bytes'], rows);
}

/** The same bytes as a buffer, not a copy of them. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
