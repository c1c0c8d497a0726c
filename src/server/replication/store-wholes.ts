// Whole objects into the store: bytes first, then in one transaction the rows that name them and what the account has used of its quota.

import type { ObjectFrame } from '../../shared/replication/frames.ts';
import type { UploadStatus } from '../../shared/replication/replica.ts';
import type { Executor } from '../store/store.ts';
import { countObjects, hasRoom, type Used } from './account-space.ts';
import type { PlacedBytes } from './object-store.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import type { OwnVault } from './vaults.ts';

/** Places begin with what a batch has to itself, so that its objects lie beside each other, in a folder or in an index. */
const BATCH_BYTES = 6;

interface PlacedFrame {
  readonly frame: ObjectFrame;
  readonly place: string;
}

interface StoredRow {
  readonly place: string;
  readonly size_bytes: number;
  readonly is_damaged: number;
}

/** What became of each, by id. The bytes must have been checked against their hash. */
export async function storeWholes(
  deps: ReplicaDeps,
  vault: OwnVault,
  frames: ReadonlyArray<ObjectFrame>,
): Promise<Map<string, UploadStatus>> {
  const { db, objects, randomBytes } = deps;
  const byId = new Map(frames.map((frame) => [frame.id, frame]));
  const statuses = new Map<string, UploadStatus>();
  if (byId.size === 0) return statuses;
  for (const { id, totalBytes } of byId.values()) statuses.set(id, { id, status: 'known', receivedBytes: totalBytes });
  const there = await readRows(db, vault, [...byId.keys()]);
  const batch = randomBytes(BATCH_BYTES).toString('hex');
  // In one order, whoever sends them: two batches of the same ids would each wait for a row of the other.
  const fresh = [...byId.values()]
    .filter(({ id }) => there.get(id)?.is_damaged !== 0)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map((frame, index): PlacedFrame => ({ frame, place: `${batch}${index.toString(16)}.${frame.hash}` }));
  if (fresh.length === 0) return statuses;
  await objects.write(vault.userId, fresh.map(bytesOf));
  const taken = await db
    .transaction()
    .execute((tx) => takeRows(deps, tx, vault, fresh, there).catch(undone))
    .catch(async (error: unknown) => {
      // Where the commit itself failed nobody knows whether the rows are there: sweep-files.ts looks later.
      if (!(error instanceof Undone)) throw error;
      if (error.cause instanceof QuotaReached) return null;
      await objects
        .remove(
          db,
          vault.userId,
          fresh.map(({ place }) => place),
        )
        .catch(() => undefined); // swept later
      throw error.cause;
    });
  const kept = new Set(taken?.map(({ place }) => place));
  const old = taken?.flatMap(({ frame }) => there.get(frame.id)?.place ?? []) ?? [];
  for (const { frame } of fresh)
    if (taken === null) statuses.set(frame.id, { id: frame.id, status: 'refused', receivedBytes: 0, reason: 'quota' });
  for (const { frame } of taken ?? [])
    statuses.set(frame.id, { id: frame.id, status: 'stored', receivedBytes: frame.totalBytes });
  const unused = fresh.map(({ place }) => place).filter((place) => !kept.has(place));
  await objects.remove(db, vault.userId, [...unused, ...old]);
  return statuses;
}

/** Part of the transaction; gives what rows name now. @throws QuotaReached */
async function takeRows(
  deps: ReplicaDeps,
  tx: Executor,
  vault: OwnVault,
  fresh: ReadonlyArray<PlacedFrame>,
  there: ReadonlyMap<string, StoredRow>,
): Promise<PlacedFrame[]> {
  const inserted = await insertRows(deps, tx, vault, fresh);
  const added = fresh.filter(({ frame }) => inserted.has(frame.id));
  const replaced: PlacedFrame[] = [];
  for (const one of fresh)
    // Where it is neither, somebody else was first.
    if (!inserted.has(one.frame.id) && (await replaceDamaged(tx, vault, one))) replaced.push(one);
  const addedBytes = sum(added.map(({ frame }) => frame.totalBytes));
  const grownBytes = sum(replaced.map(({ frame }) => frame.totalBytes - (there.get(frame.id)?.size_bytes ?? 0)));
  const used: Used = { bytes: addedBytes + grownBytes, objects: added.length };
  if (!(await hasRoom(deps, tx, vault, used))) throw new QuotaReached();
  const all = [...added, ...replaced];
  await deps.objects.writeIn(tx, vault.userId, all.map(bytesOf));
  // Last, since the account's row is locked from here to the commit: its other batches are written meanwhile.
  if (!(await countObjects(deps, tx, vault, used))) throw new QuotaReached();
  return all;
}

function bytesOf({ frame, place }: PlacedFrame): PlacedBytes {
  return { place, bytes: frame.bytes };
}

async function readRows(db: Executor, { userId, vaultNo }: OwnVault, ids: string[]): Promise<Map<string, StoredRow>> {
  const rows = await db
    .selectFrom('objects')
    .select(['object_id', 'place', 'size_bytes', 'is_damaged'])
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where(
      'object_id',
      'in',
      ids.map((id) => Buffer.from(id, 'hex')),
    )
    .execute();
  return new Map(rows.map((row) => [row.object_id.toString('hex'), row]));
}

/** The ids that were not there. */
async function insertRows(
  { nowMs }: ReplicaDeps,
  tx: Executor,
  { userId, vaultNo }: OwnVault,
  placed: ReadonlyArray<PlacedFrame>,
): Promise<Set<string>> {
  const rows = await tx
    .insertInto('objects')
    .values(
      placed.map(({ frame, place }) => ({
        user_id: userId,
        vault_no: vaultNo,
        object_id: Buffer.from(frame.id, 'hex'),
        object_hash: Buffer.from(frame.hash, 'hex'),
        size_bytes: frame.totalBytes,
        place,
        stored_at_ms: nowMs(),
        unnamed_since_ms: nowMs(),
      })),
    )
    .onConflict((conflict) => conflict.columns(['user_id', 'vault_no', 'object_id']).doNothing())
    .returning('object_id')
    .execute();
  return new Set(rows.map(({ object_id }) => object_id.toString('hex')));
}

/** Puts an object in the place of one that does not open; false where the one that is there is whole. */
async function replaceDamaged(tx: Executor, { userId, vaultNo }: OwnVault, placed: PlacedFrame): Promise<boolean> {
  const { frame, place } = placed;
  const { numUpdatedRows } = await tx
    .updateTable('objects')
    .set({ object_hash: Buffer.from(frame.hash, 'hex'), size_bytes: frame.totalBytes, place, is_damaged: 0 })
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('object_id', '=', Buffer.from(frame.id, 'hex'))
    .where('is_damaged', '=', 1)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

class QuotaReached extends Error {}

/** The transaction never came to its commit. */
class Undone extends Error {}

function undone(cause: unknown): never {
  throw new Undone('undone', { cause });
}

function sum(values: ReadonlyArray<number>): number {
  return values.reduce((total, value) => total + value, 0);
}
