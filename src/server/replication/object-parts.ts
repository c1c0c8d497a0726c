// Parts of large objects, kept for the device that sends them until the object is whole (S11). Parts come in order; a device that was cut off
// asks `have?` and goes on where it was.

import type { ObjectFrame } from '../../shared/replication/frames.ts';
import type { UploadStatus } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import { sha256 } from '../encryption/signatures.ts';
import type { Executor } from '../store/store.ts';
import { hasRoom, hasRoomForPart } from './account-space.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import type { OwnVault } from './vaults.ts';

/** Objects that a device may have begun at once. */
const MAX_BEGUN = 4;

export function isPlacedPart({ offset, bytes, totalBytes }: ObjectFrame): boolean {
  return offset > 0 || bytes.length < totalBytes;
}

type StoreWhole = (whole: ObjectFrame) => Promise<ReadonlyMap<string, UploadStatus>>;

/**
 * Takes a part; the last one makes the object whole, and it is stored. Where that did not work, the parts stay, and any of them that comes again
 * has it tried again.
 */
export async function takePart(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  frame: ObjectFrame,
  storeWhole: StoreWhole,
): Promise<UploadStatus> {
  const { db } = deps;
  const { id, hash, totalBytes, offset, bytes } = frame;
  const objectId = Buffer.from(id, 'hex');
  const isKnown = await db
    .selectFrom('objects')
    .select('size_bytes')
    .where('user_id', '=', vault.userId)
    .where('vault_no', '=', vault.vaultNo)
    .where('object_id', '=', objectId)
    .where('is_damaged', '=', 0)
    .executeTakeFirst();
  if (isKnown !== undefined) return { id, status: 'known', receivedBytes: totalBytes };
  const begun = await readParts(db, caller, vault);
  const own = begun.find((one) => one.id === id);
  const isSame = own !== undefined && own.hash === hash;
  const receivedBytes = isSame ? own.receivedBytes : 0;
  if (own !== undefined && !isSame) await dropParts(db, caller, vault, objectId); // it was sealed anew in between
  if (own === undefined && begun.length >= MAX_BEGUN) return refused(id, 'quota', 0);
  if (receivedBytes >= totalBytes) {
    // Looked at first: joining it in vain is as much work as storing it.
    if (!(await hasRoom(deps, db, vault, { bytes: totalBytes, objects: 1 })))
      return refused(id, 'quota', receivedBytes);
    return joinParts(db, caller, vault, frame, storeWhole);
  }
  if (offset > receivedBytes) return refused(id, 'offset', receivedBytes);
  if (offset < receivedBytes) return { id, status: 'partial', receivedBytes };
  if (!(await writePart(deps, caller, vault, frame))) return refused(id, 'quota', receivedBytes);
  if (offset + bytes.length < totalBytes) return { id, status: 'partial', receivedBytes: offset + bytes.length };
  return joinParts(db, caller, vault, frame, storeWhole);
}

function refused(id: ObjectFrame['id'], reason: 'hash' | 'offset' | 'quota', receivedBytes: number): UploadStatus {
  return { id, status: 'refused', receivedBytes, reason };
}

/** False where the account has no room for it. */
async function writePart(
  deps: ReplicaDeps,
  { deviceNo }: Caller,
  { userId, vaultNo }: OwnVault,
  { id, hash, offset, bytes }: ObjectFrame,
): Promise<boolean> {
  return deps.db.transaction().execute(async (tx) => {
    if (!(await hasRoomForPart(deps, tx, { userId }, bytes.length))) return false;
    await tx
      .insertInto('object_parts')
      .values({
        user_id: userId,
        vault_no: vaultNo,
        object_id: Buffer.from(id, 'hex'),
        device_no: deviceNo,
        part_offset: offset,
        object_hash: Buffer.from(hash, 'hex'),
        bytes: Buffer.from(bytes),
        stored_at_ms: deps.nowMs(),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return true;
  });
}

/** Stores what all parts make, and drops them, unless there is no room for it now. */
async function joinParts(
  db: Executor,
  caller: Caller,
  vault: OwnVault,
  { id, hash, totalBytes }: ObjectFrame,
  storeWhole: StoreWhole,
): Promise<UploadStatus> {
  const objectId = Buffer.from(id, 'hex');
  const parts = await db
    .selectFrom('object_parts')
    .select('bytes')
    .where('user_id', '=', vault.userId)
    .where('vault_no', '=', vault.vaultNo)
    .where('object_id', '=', objectId)
    .where('device_no', '=', caller.deviceNo)
    .orderBy('part_offset')
    .execute();
  const whole = Buffer.concat(parts.map((part) => part.bytes));
  const isRight = whole.length === totalBytes && sha256(whole).toString('hex') === hash;
  const status = isRight ? (await storeWhole({ id, hash, totalBytes, offset: 0, bytes: whole })).get(id) : undefined;
  if (status === undefined || status.status !== 'refused') await dropParts(db, caller, vault, objectId);
  return status ?? refused(id, 'hash', 0);
}

export interface BegunObject {
  readonly id: string;
  readonly hash: string;
  readonly receivedBytes: number;
}

/** The objects of which this device has sent a part. */
export async function readParts(
  db: Executor,
  { deviceNo }: Caller,
  { userId, vaultNo }: OwnVault,
): Promise<BegunObject[]> {
  const rows = await db
    .selectFrom('object_parts')
    .select(['object_id', 'object_hash', 'part_offset'])
    .select((row) => row.fn<number>('length', ['bytes']).as('size_bytes'))
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('device_no', '=', deviceNo)
    .execute();
  const begun = new Map<string, BegunObject>();
  for (const row of rows) {
    const id = row.object_id.toString('hex');
    const receivedBytes = Math.max(begun.get(id)?.receivedBytes ?? 0, row.part_offset + row.size_bytes);
    begun.set(id, { id, hash: row.object_hash.toString('hex'), receivedBytes });
  }
  return [...begun.values()];
}

async function dropParts(
  db: Executor,
  { deviceNo }: Caller,
  { userId, vaultNo }: OwnVault,
  objectId: Buffer,
): Promise<void> {
  await db
    .deleteFrom('object_parts')
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('object_id', '=', objectId)
    .where('device_no', '=', deviceNo)
    .execute();
}
