// Published sessions, their owners' keys, teams, webhooks, and the audit chain. Keys begin with the owner, so that rows of one owner lie
// together; what a user belongs to is found by an index of its own.

import type { CreateTableBuilder, Kysely } from 'kysely';

import type { ColumnTypes } from '../dialects.ts';

export async function up(db: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> {
  await owned(db, 'owner_keys')
    .addColumn('key_version', 'integer', (column) => column.notNull())
    .addColumn('server_key_id', 'text', (column) => column.notNull())
    .addColumn('wrapped_key', bytes, (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('owner_keys_key', ['owner_id', 'key_version'])
    .execute();
  await owned(db, 'published_sessions')
    .addColumn('publication_id', 'text', (column) => column.notNull())
    .addColumn('author_id', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('key_version', 'integer', (column) => column.notNull())
    .addColumn('sealed_head', bytes, (column) => column.notNull())
    .addColumn('message_count', 'integer', (column) => column.notNull())
    .addColumn('placeholders', 'integer', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    // Last, so that a list does not read over the messages.
    .addColumn('sealed_body', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('published_sessions_key', ['owner_id', 'publication_id'])
    .addUniqueConstraint('published_sessions_by_author', ['owner_id', 'author_id', 'session_id'])
    .execute();
  await db.schema
    .createIndex('published_sessions_by_time')
    .on('published_sessions')
    .columns(['owner_id', 'updated_at_ms', 'publication_id'])
    .execute();
  await db.schema.createIndex('published_sessions_expiry').on('published_sessions').column('expires_at_ms').execute();
  await owned(db, 'project_mappings')
    .addColumn('project_hash', 'text', (column) => column.notNull())
    .addColumn('team_id', 'text', (column) => column.notNull())
    .addColumn('key_version', 'integer', (column) => column.notNull())
    .addColumn('sealed_path', bytes, (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('project_mappings_key', ['owner_id', 'project_hash'])
    .execute();
  await db.schema
    .createTable('teams')
    .addColumn('team_id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await ofTeam(db, 'team_members')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('joined_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('team_members_key', ['team_id', 'user_id'])
    .execute();
  await db.schema.createIndex('team_members_by_user').on('team_members').column('user_id').execute();
  await ofTeam(db, 'team_invites')
    .addColumn('code_hash', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('used_by', 'text')
    .addPrimaryKeyConstraint('team_invites_key', ['team_id', 'code_hash'])
    .execute();
  await db.schema
    .createTable('audit_heads')
    .addColumn('owner_id', 'text', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await owned(db, 'audit_entries')
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('object_id', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_entries_key', ['owner_id', 'position'])
    .execute();
  await owned(db, 'webhooks')
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('key_version', 'integer', (column) => column.notNull())
    .addColumn('sealed', bytes, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhooks_key', ['owner_id', 'webhook_id'])
    .execute();
  await owned(db, 'webhook_deliveries')
    .addColumn('delivery_id', 'text', (column) => column.notNull())
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('publication_id', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_status', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhook_deliveries_key', ['owner_id', 'delivery_id'])
    .execute();
  await db.schema
    .createIndex('webhook_deliveries_due')
    .on('webhook_deliveries')
    .columns(['state', 'next_at_ms'])
    .execute();
}

function owned<Name extends string>(db: Kysely<unknown>, name: Name): CreateTableBuilder<Name, 'owner_id'> {
  return db.schema.createTable(name).addColumn('owner_id', 'text', (column) => column.notNull());
}

function ofTeam<Name extends string>(db: Kysely<unknown>, name: Name): CreateTableBuilder<Name, 'team_id'> {
  return db.schema.createTable(name).addColumn('team_id', 'text', (column) => column.notNull());
}
