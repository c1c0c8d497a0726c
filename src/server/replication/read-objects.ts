// Which objects are here, and their bytes (S3, S11).

import type { z } from 'zod';

import { createMissingFrame, encodeFrameHeader } from '../../shared/replication/frames.ts';
import type { ObjectId } from '../../shared/replication/ids.ts';
import { MAX_BATCH_FRAMES, MAX_FRAME_PAYLOAD_BYTES } from '../../shared/replication/limits.ts';
import type { getObjectsRequestSchema, HaveAnswer } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import { badRequest } from '../http/refusal.ts';
import { readParts } from './object-parts.ts';
import { inSlices, type ReplicaDeps } from './replica-deps.ts';
import type { OwnVault } from './vaults.ts';

interface StoredObject {
  readonly hash: string;
  readonly sizeBytes: number;
  readonly place: string;
  readonly isDamaged: boolean;
}

export async function findMissing(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  ids: ReadonlyArray<ObjectId>,
): Promise<HaveAnswer> {
  const stored = await readObjectRows(deps, vault, ids);
  const missing = [...new Set(ids)].filter((id) => stored.get(id)?.isDamaged !== false);
  const wanted = new Set<string>(missing);
  const parts = missing.length === 0 ? [] : await readParts(deps.db, caller, vault);
  return {
    missing,
    partial: parts
      .filter(({ id }) => wanted.has(id))
      .map(({ id, receivedBytes, hash }) => ({ id: id as ObjectId, receivedBytes, hash })), // it is one of the missing
  };
}

/**
 * Frames in the order asked for, until the batch is full; at least one. What is read counts for the batch too: the ends of many large objects
 * would be a small answer, and as much work and memory as all of them.
 */
export async function readObjects(
  deps: ReplicaDeps,
  vault: OwnVault,
  { objects, maxBytes }: z.infer<typeof getObjectsRequestSchema>,
): Promise<Uint8Array[]> {
  // More than this many never fit into one answer.
  const asked = objects.slice(0, MAX_BATCH_FRAMES);
  const stored = await readObjectRows(
    deps,
    vault,
    asked.map(({ id }) => id),
  );
  const pieces: Uint8Array[] = [];
  let frames = 0;
  let sizeBytes = 0;
  let bytesRead = 0;
  for (const { id, offset: start } of asked) {
    if (frames >= MAX_BATCH_FRAMES || bytesRead >= maxBytes) return pieces;
    const row = stored.get(id);
    const bytes = row === undefined ? null : await deps.objects.read(deps.db, vault.userId, row.place);
    if (row === undefined || bytes === null) {
      pieces.push(encodeFrameHeader({ ...createMissingFrame(id), sizeBytes: 0 }));
      frames += 1;
      continue;
    }
    if (start >= bytes.length) throw badRequest('An offset lies beyond its object.');
    bytesRead += bytes.length;
    const room = { frames: MAX_BATCH_FRAMES - frames, bytes: maxBytes - sizeBytes, isEmpty: frames === 0 };
    const parts = cutParts(bytes, start, room);
    let offset = start;
    for (const part of parts) {
      const { hash, sizeBytes: totalBytes } = row;
      pieces.push(encodeFrameHeader({ id, hash, totalBytes, offset, sizeBytes: part.length }), part);
      offset += part.length;
    }
    if (offset < bytes.length) return pieces;
    frames += parts.length;
    sizeBytes += offset - start;
  }
  return pieces;
}

interface Room {
  readonly frames: number;
  readonly bytes: number;
  /** True where nothing is in the batch yet: one part has room, however large. */
  readonly isEmpty: boolean;
}

/** The parts of an object that there is room for. */
function cutParts(bytes: Uint8Array, start: number, room: Room): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = start;
  while (offset < bytes.length && parts.length < room.frames) {
    const part = bytes.subarray(offset, Math.min(bytes.length, offset + MAX_FRAME_PAYLOAD_BYTES));
    const isFirst = room.isEmpty && parts.length === 0;
    if (!isFirst && offset - start + part.length > room.bytes) break;
    parts.push(part);
    offset += part.length;
  }
  // A view keeps all of its object in memory for as long as the answer takes.
  return (offset - start) * 2 < bytes.length ? parts.map((part) => Buffer.from(part)) : parts;
}

/** Says that objects do not open: they are asked for again, and kept until others come. */
export async function markDamaged(
  { db }: ReplicaDeps,
  { userId, vaultNo }: OwnVault,
  ids: ReadonlyArray<ObjectId>,
): Promise<void> {
  for (const slice of inSlices(ids))
    await db
      .updateTable('objects')
      .set({ is_damaged: 1 })
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where(
        'object_id',
        'in',
        slice.map((id) => Buffer.from(id, 'hex')),
      )
      .execute();
}

async function readObjectRows(
  { db }: ReplicaDeps,
  { userId, vaultNo }: OwnVault,
  ids: ReadonlyArray<ObjectId>,
): Promise<Map<string, StoredObject>> {
  const stored = new Map<string, StoredObject>();
  for (const slice of inSlices(ids)) {
    const rows = await db
      .selectFrom('objects')
      .select(['object_id', 'object_hash', 'size_bytes', 'place', 'is_damaged'])
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where(
        'object_id',
        'in',
        slice.map((id) => Buffer.from(id, 'hex')),
      )
      .execute();
    for (const row of rows)
      stored.set(row.object_id.toString('hex'), {
        hash: row.object_hash.toString('hex'),
        sizeBytes: row.size_bytes,
        place: row.place,
        isDamaged: row.is_damaged === 1,
      });
  }
  return stored;
}
