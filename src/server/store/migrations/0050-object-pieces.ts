// Objects in PostgreSQL as rows that fill a page each. It would cut a larger value into rows of 2,000 bytes by itself, with an index entry for
// each, which takes twice the processor time of an upload. What was stored before stays where it is, in object_bytes.

import { sql, type Kysely } from 'kysely';

import type { ColumnTypes } from '../dialects.ts';

export async function up(db: Kysely<unknown>, { bytes, kind }: ColumnTypes): Promise<void> {
  if (kind !== 'postgres') return;
  await db.schema
    .createTable('object_pieces')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('piece_no', 'integer', (column) => column.notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('object_pieces_key', ['user_id', 'place', 'piece_no'])
    .execute();
  await sql`ALTER TABLE object_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL`.execute(db);
  // The largest there is: a row is left whole up to a page.
  await sql`ALTER TABLE object_pieces SET (toast_tuple_target = 8160)`.execute(db);
}
