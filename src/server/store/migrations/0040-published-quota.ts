// What each account has published, counted: the quota is checked by one conditional update of its row.

import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('published_usage')
    .addColumn('user_id', 'text', (column) => column.primaryKey())
    .addColumn('used_bytes', 'bigint', (column) => column.notNull())
    .execute();
  await sql`
    INSERT INTO published_usage (user_id, used_bytes)
    SELECT author_id, SUM(size_bytes)
    FROM published_sessions
    GROUP BY author_id
  `.execute(db);
}
