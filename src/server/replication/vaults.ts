// Vaults of an account: made by their first device, found by their id, and never anybody else's.

import { vaultKeyIdSchema, type DeviceId, type VaultKeyId } from '../../shared/replication/ids.ts';
import type { StatusAnswer } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import type { Call } from '../http/call.ts';
import { notFound, Refusal } from '../http/refusal.ts';
import type { Executor } from '../store/store.ts';
import { readGeneration } from './generation.ts';
import type { ReplicaDeps } from './replica-deps.ts';

const MAX_VAULTS = 10;

/** A vault of the caller's account. */
export interface OwnVault {
  readonly userId: string;
  readonly vaultNo: number;
  readonly vaultId: VaultKeyId;
}

/** The id that the path names. @throws Refusal `not-found` where it names none */
export function vaultIn({ params }: Call): VaultKeyId {
  const parsed = vaultKeyIdSchema.safeParse(params['vault']);
  if (!parsed.success) throw notFound('vault');
  return parsed.data;
}

/** @throws Refusal `not-found` */
export async function findVault(db: Executor, { userId }: Caller, call: Call): Promise<OwnVault> {
  const vaultId = vaultIn(call);
  const row = await db
    .selectFrom('vaults')
    .select('vault_no')
    .where('user_id', '=', userId)
    .where('vault_id', '=', Buffer.from(vaultId, 'hex'))
    .executeTakeFirst();
  if (row === undefined) throw notFound('vault');
  return { userId, vaultNo: row.vault_no, vaultId };
}

/** Makes the replica of a vault; where it is there, nothing changes. @throws Refusal `too-large` */
export async function createVault(
  { db, nowMs }: ReplicaDeps,
  userId: string,
  vaultId: VaultKeyId,
  epoch: number,
): Promise<void> {
  const id = Buffer.from(vaultId, 'hex');
  await db.transaction().execute(async (tx) => {
    const { vault_count } = await tx
      .updateTable('users')
      .set((row) => ({ vault_count: row('vault_count', '+', 1) }))
      .where('user_id', '=', userId)
      .returning('vault_count')
      .executeTakeFirstOrThrow();
    const known = await tx
      .selectFrom('vaults')
      .select('vault_no')
      .where('user_id', '=', userId)
      .where('vault_id', '=', id)
      .executeTakeFirst();
    if (known !== undefined) {
      await tx
        .updateTable('users')
        .set({ vault_count: vault_count - 1 })
        .where('user_id', '=', userId)
        .execute();
      return;
    }
    if (vault_count > MAX_VAULTS)
      throw new Refusal('too-large', 'The account has too many vaults.', 'Use one of them, or another account.', {
        limit: MAX_VAULTS,
      });
    await tx
      .insertInto('vaults')
      .values({ user_id: userId, vault_no: vault_count, vault_id: id, epoch, created_at_ms: nowMs() })
      .execute();
  });
}

/**
 * Takes the vault's row, so that whoever changes its log or what lives in it does so alone until the transaction ends; gives the epoch in
 * force. Both databases understand this way.
 */
export async function lockVault(
  tx: Executor,
  { userId, vaultNo }: Pick<OwnVault, 'userId' | 'vaultNo'>,
): Promise<number> {
  const { epoch } = await tx
    .updateTable('vaults')
    .set((row) => ({ epoch: row.ref('epoch') }))
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .returning('epoch')
    .executeTakeFirstOrThrow();
  return epoch;
}

/** What the server has of a vault (S3). */
export async function readStatus({ db, limits, nowMs }: ReplicaDeps, vault: OwnVault): Promise<StatusAnswer> {
  const { userId, vaultNo, vaultId } = vault;
  const { epoch, slots_revision, used_bytes, used_objects, entry_bytes } = await db
    .selectFrom('vaults')
    .innerJoin('users', 'users.user_id', 'vaults.user_id')
    .select(['vaults.epoch', 'vaults.slots_revision', 'users.used_bytes', 'users.used_objects', 'users.entry_bytes'])
    .where('vaults.user_id', '=', userId)
    .where('vaults.vault_no', '=', vaultNo)
    .executeTakeFirstOrThrow();
  const heads = await readHeads(db, vault);
  const { pending } = await db
    .selectFrom('joins')
    .select((row) => row.fn.countAll<number>().as('pending'))
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('status', '=', 'waiting')
    .where('expires_at_ms', '>', nowMs())
    .executeTakeFirstOrThrow();
  return {
    vaultId,
    generation: await readGeneration(db),
    serverTimeMs: Math.round(nowMs()),
    epoch,
    heads: heads.map((head) => ({
      device: head.deviceId,
      index: head.index,
      hash: head.hash as StatusAnswer['heads'][number]['hash'], // as it was stored
      isRevoked: head.isRevoked,
    })),
    slotsRevision: slots_revision,
    pendingJoins: pending,
    quota: {
      usedBytes: used_bytes + entry_bytes,
      limitBytes: limits.bytes,
      usedObjects: used_objects,
      limitObjects: limits.objects,
    },
  };
}

export interface StoredHead {
  readonly deviceNo: number;
  readonly deviceId: DeviceId;
  readonly index: number;
  readonly hash: string;
  readonly isRevoked: boolean;
}

export async function readHeads(db: Executor, { userId, vaultNo }: OwnVault): Promise<StoredHead[]> {
  const rows = await db
    .selectFrom('heads')
    .innerJoin('devices', (join) =>
      join.onRef('devices.user_id', '=', 'heads.user_id').onRef('devices.device_no', '=', 'heads.device_no'),
    )
    .select(['heads.device_no', 'heads.entry_index', 'heads.entry_hash', 'devices.device_id', 'devices.revoked_at_ms'])
    .where('heads.user_id', '=', userId)
    .where('heads.vault_no', '=', vaultNo)
    .orderBy('heads.device_no')
    .execute();
  return rows.map((row) => ({
    deviceNo: row.device_no,
    deviceId: row.device_id.toString('hex') as DeviceId, // as it was stored
    index: row.entry_index,
    hash: row.entry_hash.toString('hex'),
    isRevoked: row.revoked_at_ms !== null,
  }));
}

/** Notices that concern a vault. */
export function vaultTopic({ userId, vaultNo }: Pick<OwnVault, 'userId' | 'vaultNo'>): string {
  return `${userId}.${vaultNo}`;
}
