// What an account's entries take, counted beside its objects: both are its space.

import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('users')
    .addColumn('entry_bytes', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`
    UPDATE users
    SET entry_bytes = (
      SELECT COALESCE(SUM(LENGTH(signed_bytes) + LENGTH(signature) + COALESCE(LENGTH(body_bytes), 0)), 0)
      FROM entries
      WHERE entries.user_id = users.user_id
    )
  `.execute(db);
}
