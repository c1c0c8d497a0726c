// Taking objects (S11): frames as they come, committed in small groups, so that whatever breaks off later, what was acknowledged is on disk
// and resuming is asking `have?` again. An object that is there is never overwritten, unless a device found that it does not open.

import { FrameReader, FRAME_HEADER_BYTES, type ObjectFrame } from '../../shared/replication/frames.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_FRAMES } from '../../shared/replication/limits.ts';
import type { UploadStatus } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import { sha256 } from '../encryption/signatures.ts';
import { readPieces, type Call } from '../http/call.ts';
import { badRequest, tooLarge } from '../http/refusal.ts';
import { isPlacedPart, takePart } from './object-parts.ts';
import type { PlacedBytes } from './object-store.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import type { OwnVault } from './vaults.ts';

/** Frames are committed once so many bytes have come. */
const GROUP_BYTES = 2 * 1024 * 1024;
const MAX_BODY_BYTES = MAX_BATCH_BYTES + MAX_BATCH_FRAMES * FRAME_HEADER_BYTES;
const PLACE_BYTES = 6;

/** What became of each frame, in order. @throws Refusal `bad-request`, `too-large`; what came whole before is kept */
export async function storeObjects(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  call: Call,
): Promise<UploadStatus[]> {
  const reader = new FrameReader();
  const statuses: UploadStatus[] = [];
  let waiting: ObjectFrame[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const frames = waiting;
    waiting = [];
    waitingBytes = 0;
    statuses.push(...(await storeFrames(deps, caller, vault, frames)));
  };
  try {
    for await (const piece of readPieces(call, MAX_BODY_BYTES)) {
      for (const frame of reader.push(piece)) {
        if (statuses.length + waiting.length >= MAX_BATCH_FRAMES) throw tooLarge(MAX_BATCH_FRAMES);
        waiting.push(frame);
        waitingBytes += frame.bytes.length;
        if (waitingBytes >= GROUP_BYTES) await flush();
      }
      if (reader.isBroken) throw badRequest('The batch is not made of frames.');
    }
  } finally {
    // Also of a batch that broke off: what is here need not come again.
    await flush();
  }
  if (!reader.isBetweenFrames) throw badRequest('The batch breaks off.');
  return statuses;
}

async function storeFrames(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  frames: ReadonlyArray<ObjectFrame>,
): Promise<UploadStatus[]> {
  const wholes = frames.filter((frame) => !isPlacedPart(frame) && isWhole(frame));
  const stored = await storeWholes(deps, vault, wholes);
  const statuses: UploadStatus[] = [];
  for (const frame of frames) {
    if (isPlacedPart(frame))
      statuses.push(await takePart(deps, caller, vault, frame, (whole) => storeWholes(deps, vault, [whole])));
    else statuses.push(stored.get(frame.id) ?? { id: frame.id, status: 'refused', receivedBytes: 0, reason: 'hash' });
  }
  return statuses;
}

/** Objects whose bytes are checked, in one transaction. */
export async function storeWholes(
  { db, objects, limits, nowMs, randomBytes }: ReplicaDeps,
  { userId, vaultNo }: OwnVault,
  frames: ReadonlyArray<ObjectFrame>,
): Promise<Map<string, UploadStatus>> {
  const byId = new Map(frames.map((frame) => [frame.id, frame]));
  const statuses = new Map<string, UploadStatus>();
  if (byId.size === 0) return statuses;
  const known = await db
    .selectFrom('objects')
    .select(['object_id', 'place', 'is_damaged'])
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where(
      'object_id',
      'in',
      [...byId.keys()].map((id) => Buffer.from(id, 'hex')),
    )
    .execute();
  const there = new Map(known.map((row) => [row.object_id.toString('hex'), row]));
  const fresh = [...byId.values()]
    .filter(({ id }) => there.get(id)?.is_damaged !== 0)
    .map((frame) => ({ frame, place: `${frame.hash}.${randomBytes(PLACE_BYTES).toString('hex')}` }));
  for (const { id, totalBytes } of byId.values()) statuses.set(id, { id, status: 'known', receivedBytes: totalBytes });
  if (fresh.length === 0) return statuses;
  const placed = fresh.map(({ frame, place }): PlacedBytes => ({ place, bytes: frame.bytes }));
  await objects.write(userId, placed);
  const unused = new Set(placed.map(({ place }) => place));
  const freed: string[] = [];
  const isTaken = await db
    .transaction()
    .execute(async (tx) => {
      let addedBytes = 0;
      let addedObjects = 0;
      for (const { frame, place } of fresh) {
        const key = { user_id: userId, vault_no: vaultNo, object_id: Buffer.from(frame.id, 'hex') };
        const facts = { object_hash: Buffer.from(frame.hash, 'hex'), size_bytes: frame.totalBytes, place };
        const inserted = await tx
          .insertInto('objects')
          .values({ ...key, ...facts, stored_at_ms: nowMs(), unnamed_since_ms: nowMs() })
          .onConflict((conflict) => conflict.columns(['user_id', 'vault_no', 'object_id']).doNothing())
          .executeTakeFirst();
        if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) {
          addedBytes += frame.totalBytes;
          addedObjects += 1;
        } else {
          const old = there.get(frame.id);
          const replaced = await tx
            .updateTable('objects')
            .set({ ...facts, is_damaged: 0 })
            .where('user_id', '=', userId)
            .where('vault_no', '=', vaultNo)
            .where('object_id', '=', key.object_id)
            .where('is_damaged', '=', 1)
            .executeTakeFirst();
          if (replaced.numUpdatedRows === 0n) continue; // somebody else was first
          if (old !== undefined) freed.push(old.place);
        }
        unused.delete(place);
        statuses.set(frame.id, { id: frame.id, status: 'stored', receivedBytes: frame.totalBytes });
      }
      const { numUpdatedRows } = await tx
        .updateTable('users')
        .set((row) => ({
          used_bytes: row('used_bytes', '+', addedBytes),
          used_objects: row('used_objects', '+', addedObjects),
        }))
        .where('user_id', '=', userId)
        .where((row) => row(row('used_bytes', '+', addedBytes), '<=', limits.bytes))
        .where((row) => row(row('used_objects', '+', addedObjects), '<=', limits.objects))
        .executeTakeFirst();
      if (numUpdatedRows === 0n && addedObjects > 0) throw new QuotaReached();
      await objects.writeIn(
        tx,
        userId,
        placed.filter(({ place }) => !unused.has(place)),
      );
      return true;
    })
    .catch((error: unknown) => {
      if (error instanceof QuotaReached) return false;
      throw error;
    });
  if (!isTaken)
    for (const { frame } of fresh)
      statuses.set(frame.id, { id: frame.id, status: 'refused', receivedBytes: 0, reason: 'quota' });
  await objects.remove(db, userId, isTaken ? [...unused, ...freed] : placed.map(({ place }) => place));
  return statuses;
}

/** Rolls the transaction back. */
class QuotaReached extends Error {}

function isWhole({ bytes, hash, totalBytes }: ObjectFrame): boolean {
  return totalBytes > 0 && sha256(bytes).toString('hex') === hash;
}
