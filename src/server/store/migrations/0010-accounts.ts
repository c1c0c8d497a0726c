// Accounts, devices, tokens, and what guards the log-in.

import type { Kysely } from 'kysely';

import type { ColumnTypes } from '../dialects.ts';

export async function up(db: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('server_state')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('users')
    .addColumn('user_id', 'text', (column) => column.primaryKey())
    .addColumn('email', 'text', (column) => column.notNull().unique())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('device_count', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('vault_count', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('used_bytes', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('used_objects', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable('devices')
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.user_id'))
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('device_id', bytes, (column) => column.notNull())
    .addColumn('signing_key', bytes, (column) => column.notNull())
    .addColumn('agreement_key', bytes, (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('vault_no', 'integer')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .addPrimaryKeyConstraint('devices_key', ['user_id', 'device_no'])
    .addUniqueConstraint('devices_by_id', ['user_id', 'device_id'])
    .execute();
  await db.schema
    .createTable('tokens')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('token_hash', bytes, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('parent_hash', bytes)
    .addColumn('used_at_ms', 'bigint')
    .addPrimaryKeyConstraint('tokens_key', ['user_id', 'token_hash'])
    .execute();
  await db.schema.createIndex('tokens_by_device').on('tokens').columns(['user_id', 'device_no']).execute();
  // A code belongs to nobody until it is approved. It lives for minutes.
  await db.schema
    .createTable('device_codes')
    .addColumn('code_hash', bytes, (column) => column.primaryKey())
    .addColumn('user_code', 'text', (column) => column.notNull().unique())
    .addColumn('signing_key', bytes, (column) => column.notNull())
    .addColumn('agreement_key', bytes, (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('polled_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('approved_user_id', 'text')
    .execute();
  await db.schema
    .createTable('failed_attempts')
    .addColumn('subject', 'text', (column) => column.primaryKey())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('last_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
