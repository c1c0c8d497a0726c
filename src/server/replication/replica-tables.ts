// The tables of the replica, as Kysely sees them. All bytes in them are sealed, hashes, ids or public keys: nothing that tells of content.

import type { ColumnType, Generated } from 'kysely';

type Nullable<Value> = ColumnType<Value | null, Value | null | undefined, Value | null>;

export interface ReplicaTables {
  readonly vaults: VaultsTable;
  readonly heads: HeadsTable;
  readonly entries: EntriesTable;
  readonly entry_objects: EntryObjectsTable;
  readonly objects: ObjectsTable;
  readonly object_bytes: ObjectBytesTable;
  /** In PostgreSQL only. */
  readonly object_pieces: ObjectPiecesTable;
  readonly object_parts: ObjectPartsTable;
  readonly joins: JoinsTable;
}

interface Owned {
  readonly user_id: string;
  /** Numbers the vaults of an account from 1. */
  readonly vault_no: number;
}

interface VaultsTable extends Owned {
  readonly vault_id: Buffer;
  readonly epoch: number;
  readonly created_at_ms: number;
  readonly slots: Nullable<Buffer>;
  readonly slots_revision: Generated<number>;
}

interface HeadsTable extends Owned {
  readonly device_no: number;
  readonly entry_index: number;
  readonly entry_hash: Buffer;
}

interface EntriesTable extends HeadsTable {
  readonly signed_bytes: Buffer;
  readonly signature: Buffer;
  /** Null once the entry is retired. */
  readonly body_bytes: Nullable<Buffer>;
  readonly stored_at_ms: number;
}

/** Which live entries name an object. */
interface EntryObjectsTable extends Owned {
  readonly object_id: Buffer;
  readonly device_no: number;
  readonly entry_index: number;
}

interface ObjectsTable extends Owned {
  readonly object_id: Buffer;
  readonly object_hash: Buffer;
  readonly size_bytes: number;
  /** Where the object store has its bytes; new with every upload, so that freeing an old one never meets a new one. */
  readonly place: string;
  readonly stored_at_ms: number;
  /** Since when no live entry names it; null while one does. */
  readonly unnamed_since_ms: Nullable<number>;
  /** 1: a device said that it does not open, so it may be replaced. */
  readonly is_damaged: Generated<number>;
}

interface ObjectBytesTable {
  readonly user_id: string;
  readonly place: string;
  readonly bytes: Buffer;
}

interface ObjectPiecesTable extends ObjectBytesTable {
  /** From 0; the pieces of an object follow each other without gaps. */
  readonly piece_no: number;
}

interface ObjectPartsTable extends Owned {
  readonly object_id: Buffer;
  readonly device_no: number;
  readonly part_offset: number;
  readonly object_hash: Buffer;
  readonly bytes: Buffer;
  readonly stored_at_ms: number;
}

interface JoinsTable extends Owned {
  readonly device_no: number;
  readonly requested_at_ms: number;
  readonly expires_at_ms: number;
  readonly status: 'waiting' | 'approved' | 'refused';
  readonly sealed_key: Nullable<Buffer>;
  readonly approved_by_no: Nullable<number>;
}
