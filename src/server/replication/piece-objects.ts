// Objects in PostgreSQL, cut into rows that fill a page each (migrations/0050-object-pieces.ts).

import { copyRows, type CopyValue } from '../store/copy-rows.ts';
import type { ObjectStore, PlacedBytes } from './object-store.ts';

/** With the header of a row, the account, the place and its number, just below the 8,160 bytes that a page has for one row. */
const PIECE_BYTES = 8_000;
const COLUMNS = ['user_id', 'place', 'piece_no', 'bytes'] as const;

export function createPieceObjects(): ObjectStore {
  return {
    write: async () => undefined,
    writeIn: async (tx, userId, objects) => {
      if (objects.length > 0) await copyRows(tx, 'object_pieces', COLUMNS, cut(userId, objects));
    },
    read: async (db, userId, place) => {
      const pieces = await db
        .selectFrom('object_pieces')
        .select(['piece_no', 'bytes'])
        .where('user_id', '=', userId)
        .where('place', '=', place)
        .orderBy('piece_no')
        .execute();
      return pieces.length > 0 ? Buffer.concat(pieces.map(({ bytes }) => bytes)) : null;
    },
    remove: async (db, userId, places) => {
      if (places.length === 0) return;
      await db.deleteFrom('object_pieces').where('user_id', '=', userId).where('place', 'in', places).execute();
    },
  };
}

function* cut(userId: string, objects: ReadonlyArray<PlacedBytes>): Generator<CopyValue[], void, undefined> {
  const user = Buffer.from(userId);
  for (const { place, bytes } of objects) {
    const key = Buffer.from(place);
    const count = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES));
    for (let piece = 0; piece < count; piece += 1)
      yield [user, key, piece, bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES)];
  }
}
