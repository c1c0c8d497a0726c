// The wrapped key slots of a vault, as they are (S6): replaced by compare-and-set, so that of two devices that change the password one learns
// of the other.

import type { Slots } from '../../shared/replication/replica.ts';
import { Refusal } from '../http/refusal.ts';
import type { Db } from '../store/store.ts';
import type { OwnVault } from './vaults.ts';

export async function readSlots(db: Db, { userId, vaultNo }: OwnVault): Promise<Slots> {
  const { slots, slots_revision } = await db
    .selectFrom('vaults')
    .select(['slots', 'slots_revision'])
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .executeTakeFirstOrThrow();
  return { revision: slots_revision, slots: slots?.toString('base64') ?? '' };
}

/** @throws Refusal `conflict` */
export async function writeSlots(db: Db, { userId, vaultNo }: OwnVault, { revision, slots }: Slots): Promise<Slots> {
  const { numUpdatedRows } = await db
    .updateTable('vaults')
    .set({ slots: Buffer.from(slots, 'base64'), slots_revision: revision + 1 })
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('slots_revision', '=', revision)
    .executeTakeFirst();
  if (numUpdatedRows === 0n)
    throw new Refusal('conflict', 'The key slots were changed in the meantime.', 'Read them again first.');
  return { revision: revision + 1, slots };
}
