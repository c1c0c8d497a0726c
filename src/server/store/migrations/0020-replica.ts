// The replica: vaults, logs, objects, parts of objects, and who asks to join. Vaults and devices have small numbers of their own within an
// account, so that the keys of the large tables are short.

import { sql, type ColumnDataType, type CreateTableBuilder, type Kysely } from 'kysely';

import type { ColumnTypes } from '../dialects.ts';

export async function up(db: Kysely<unknown>, { bytes, kind }: ColumnTypes): Promise<void> {
  await owned(db, 'vaults')
    .addColumn('vault_id', bytes, (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('slots', bytes)
    .addColumn('slots_revision', 'bigint', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('vaults_key', ['user_id', 'vault_no'])
    .addUniqueConstraint('vaults_by_id', ['user_id', 'vault_id'])
    .execute();
  await owned(db, 'heads')
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('entry_index', 'bigint', (column) => column.notNull())
    .addColumn('entry_hash', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('heads_key', ['user_id', 'vault_no', 'device_no'])
    .execute();
  await owned(db, 'entries')
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('entry_index', 'bigint', (column) => column.notNull())
    .addColumn('entry_hash', bytes, (column) => column.notNull())
    .addColumn('signed_bytes', bytes, (column) => column.notNull())
    .addColumn('signature', bytes, (column) => column.notNull())
    .addColumn('body_bytes', bytes)
    .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('entries_key', ['user_id', 'vault_no', 'device_no', 'entry_index'])
    .execute();
  await objectTable(db, 'entry_objects', bytes)
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('entry_index', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('entry_objects_key', ['user_id', 'vault_no', 'object_id', 'device_no', 'entry_index'])
    .execute();
  await objectTable(db, 'objects', bytes)
    .addColumn('object_hash', bytes, (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('unnamed_since_ms', 'bigint')
    .addColumn('is_damaged', 'integer', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('objects_key', ['user_id', 'vault_no', 'object_id'])
    .execute();
  await db.schema
    .createIndex('objects_unnamed')
    .on('objects')
    .columns(['user_id', 'vault_no', 'unnamed_since_ms'])
    .execute();
  await db.schema
    .createTable('object_bytes')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('object_bytes_key', ['user_id', 'place'])
    .execute();
  // Sealed bytes do not become smaller: trying to costs more than storing them.
  if (kind === 'postgres') await sql`ALTER TABLE object_bytes ALTER COLUMN bytes SET STORAGE EXTERNAL`.execute(db);
  await objectTable(db, 'object_parts', bytes)
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('part_offset', 'bigint', (column) => column.notNull())
    .addColumn('object_hash', bytes, (column) => column.notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('object_parts_key', ['user_id', 'vault_no', 'object_id', 'device_no', 'part_offset'])
    .execute();
  await owned(db, 'joins')
    .addColumn('device_no', 'integer', (column) => column.notNull())
    .addColumn('requested_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('sealed_key', bytes)
    .addColumn('approved_by_no', 'integer')
    .addPrimaryKeyConstraint('joins_key', ['user_id', 'vault_no', 'device_no'])
    .execute();
}

function owned<Name extends string>(db: Kysely<unknown>, name: Name): CreateTableBuilder<Name, 'user_id' | 'vault_no'> {
  return db.schema
    .createTable(name)
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('vault_no', 'integer', (column) => column.notNull());
}

function objectTable<Name extends string>(
  db: Kysely<unknown>,
  name: Name,
  bytes: ColumnDataType,
): CreateTableBuilder<Name, 'user_id' | 'vault_no' | 'object_id'> {
  return owned(db, name).addColumn('object_id', bytes, (column) => column.notNull());
}
