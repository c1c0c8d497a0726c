// Freeing what nobody needs any more (S8): objects that no live entry has named for 30 days, parts of uploads that were given up, joins and
// tokens that have expired. Vault by vault, in slices, each under the vault's lock, so that a push never meets half of it.

import { FREE_AFTER_DAYS } from '../../shared/replication/limits.ts';
import { inSlices, type ReplicaDeps } from './replica-deps.ts';
import { lockVault, type OwnVault } from './vaults.ts';

const DAY_MS = 24 * 3_600_000;
const PARTS_KEPT_MS = 7 * DAY_MS;
const SLICE = 500;

/** Gives how many objects were freed. Safe on several nodes at once, and against an end at any point. */
export async function collectGarbage(deps: ReplicaDeps, signal: AbortSignal): Promise<number> {
  const { db, nowMs } = deps;
  await db
    .deleteFrom('object_parts')
    .where('stored_at_ms', '<', nowMs() - PARTS_KEPT_MS)
    .execute();
  await db
    .deleteFrom('joins')
    .where('expires_at_ms', '<', nowMs() - DAY_MS)
    .execute();
  await db.deleteFrom('tokens').where('expires_at_ms', '<', nowMs()).execute();
  const vaults = await db.selectFrom('vaults').select(['user_id', 'vault_no']).execute();
  let freed = 0;
  for (const { user_id, vault_no } of vaults) {
    for (;;) {
      if (signal.aborted) return freed;
      const slice = await freeSlice(deps, { userId: user_id, vaultNo: vault_no });
      freed += slice;
      if (slice < SLICE) break;
    }
  }
  return freed;
}

async function freeSlice(
  { db, objects, nowMs }: ReplicaDeps,
  vault: Pick<OwnVault, 'userId' | 'vaultNo'>,
): Promise<number> {
  const { userId, vaultNo } = vault;
  const rows = await db.transaction().execute(async (tx) => {
    await lockVault(tx, vault);
    const found = await tx
      .selectFrom('objects')
      .select(['object_id', 'place', 'size_bytes'])
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where('unnamed_since_ms', '<', nowMs() - FREE_AFTER_DAYS * DAY_MS)
      .limit(SLICE)
      .execute();
    for (const slice of inSlices(found))
      await tx
        .deleteFrom('objects')
        .where('user_id', '=', userId)
        .where('vault_no', '=', vaultNo)
        .where(
          'object_id',
          'in',
          slice.map((row) => row.object_id),
        )
        .execute();
    if (found.length > 0)
      await tx
        .updateTable('users')
        .set((row) => ({
          used_bytes: row(
            'used_bytes',
            '-',
            found.reduce((sum, one) => sum + one.size_bytes, 0),
          ),
          used_objects: row('used_objects', '-', found.length),
        }))
        .where('user_id', '=', userId)
        .execute();
    return found;
  });
  await objects.remove(
    db,
    userId,
    rows.map(({ place }) => place),
  );
  return rows.length;
}
