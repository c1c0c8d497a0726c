// New devices that ask for the vault's key, and old ones that hand it over, sealed (S6). The server sees neither the key nor the words.

import type { z } from 'zod';

import type { DeviceId } from '../../shared/replication/ids.ts';
import type { answerJoinRequestSchema, Join } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import { notFound, Refusal } from '../http/refusal.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import { vaultTopic, type OwnVault } from './vaults.ts';

const JOIN_MS = 15 * 60_000;

export async function askToJoin({ db, notices, nowMs }: ReplicaDeps, caller: Caller, vault: OwnVault): Promise<void> {
  const fresh = {
    requested_at_ms: nowMs(),
    expires_at_ms: nowMs() + JOIN_MS,
    status: 'waiting' as const,
    sealed_key: null,
    approved_by_no: null,
  };
  await db
    .insertInto('joins')
    .values({ user_id: vault.userId, vault_no: vault.vaultNo, device_no: caller.deviceNo, ...fresh })
    .onConflict((conflict) => conflict.columns(['user_id', 'vault_no', 'device_no']).doUpdateSet(fresh))
    .execute();
  notices.publish(vaultTopic(vault), `${caller.deviceId} 0`);
}

/** Those that have not expired; the sealed key is shown to its own device only. */
export async function readJoins(
  { db, nowMs }: ReplicaDeps,
  caller: Caller,
  { userId, vaultNo }: OwnVault,
): Promise<Join[]> {
  const rows = await db
    .selectFrom('joins')
    .innerJoin('devices', (join) =>
      join.onRef('devices.user_id', '=', 'joins.user_id').onRef('devices.device_no', '=', 'joins.device_no'),
    )
    .leftJoin('devices as approver', (join) =>
      join.onRef('approver.user_id', '=', 'joins.user_id').onRef('approver.device_no', '=', 'joins.approved_by_no'),
    )
    .select(['joins.device_no', 'joins.requested_at_ms', 'joins.expires_at_ms', 'joins.status', 'joins.sealed_key'])
    .select(['devices.device_id', 'devices.name', 'devices.platform', 'devices.signing_key', 'devices.agreement_key'])
    .select('approver.device_id as approver_id')
    .where('joins.user_id', '=', userId)
    .where('joins.vault_no', '=', vaultNo)
    .where('joins.expires_at_ms', '>', nowMs())
    .orderBy('joins.device_no')
    .execute();
  return rows.map((row) => ({
    device: row.device_id.toString('hex') as DeviceId, // as it was stored
    name: row.name,
    platform: row.platform,
    signingKey: row.signing_key.toString('hex'),
    agreementKey: row.agreement_key.toString('hex'),
    requestedAtMs: row.requested_at_ms,
    expiresAtMs: row.expires_at_ms,
    status: row.status,
    sealedKey: row.device_no === caller.deviceNo ? (row.sealed_key?.toString('base64') ?? null) : null,
    approvedBy: (row.approver_id?.toString('hex') ?? null) as DeviceId | null, // as it was stored
  }));
}

/** @throws Refusal `not-found` */
export async function readJoin(deps: ReplicaDeps, caller: Caller, vault: OwnVault, device: DeviceId): Promise<Join> {
  const join = (await readJoins(deps, caller, vault)).find((one) => one.device === device);
  if (join === undefined) throw notFound('request to join');
  return join;
}

/** @throws Refusal `not-found`, `forbidden` where a device answers itself or waits to join, too */
export async function answerJoin(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  device: DeviceId,
  answer: z.infer<typeof answerJoinRequestSchema>,
): Promise<void> {
  const joins = await readJoins(deps, caller, vault);
  if (joins.some((join) => join.device === caller.deviceId && join.status !== 'approved'))
    throw new Refusal(
      'forbidden',
      'A device that waits to join lets nobody in.',
      'Answer on a device that has the vault.',
    );
  const { db, notices, nowMs } = deps;
  const { numUpdatedRows } = await db
    .updateTable('joins')
    .set(
      answer.answer === 'approve'
        ? {
            status: 'approved',
            sealed_key: Buffer.from(answer.sealedKey, 'base64'),
            approved_by_no: caller.deviceNo,
          }
        : { status: 'refused' },
    )
    .where('user_id', '=', vault.userId)
    .where('vault_no', '=', vault.vaultNo)
    .where('status', '=', 'waiting')
    .where('expires_at_ms', '>', nowMs())
    .where('device_no', 'in', (query) =>
      query
        .selectFrom('devices')
        .select('device_no')
        .where('user_id', '=', vault.userId)
        .where('device_id', '=', Buffer.from(device, 'hex')),
    )
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw notFound('request to join');
  notices.publish(vaultTopic(vault), `${device} 0`);
}
