// Where the bytes of objects lie (S31): in the database, in files, or in S3-compatible storage. Bytes are durable before the row that names
// them is, and freed after it is gone; each upload has a place of its own, so that freeing an old object never meets a new one.

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
