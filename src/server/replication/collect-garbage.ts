// Freeing what nobody needs any more (S8): objects that no live entry has named for 30 days, parts of uploads that were given up, joins and
// tokens that have expired. Vault by vault, in slices, each under the vault's lock, so that a push never meets half of it.

import { FREE_AFTER_DAYS } from '../../shared/replication/limits.ts';
import type { ObjectId } from '../../shared/replication/ids.ts';
import type { Executor } from '../store/store.ts';
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

async function freeSlice(deps: ReplicaDeps, vault: Pick<OwnVault, 'userId' | 'vaultNo'>): Promise<number> {
  return removeObjects(deps, vault, (tx) =>
    tx
      .selectFrom('objects')
      .select(['object_id', 'place', 'size_bytes'])
      .where('user_id', '=', vault.userId)
      .where('vault_no', '=', vault.vaultNo)
      .where('unnamed_since_ms', '<', deps.nowMs() - FREE_AFTER_DAYS * DAY_MS)
      .limit(SLICE)
      .execute(),
  );
}

/**
 * Frees at once what its device wants gone: of these objects those that no live entry of any device names, with what was begun of their
 * upload. Gives how many.
 */
export async function freeObjects(deps: ReplicaDeps, vault: OwnVault, ids: ReadonlyArray<ObjectId>): Promise<number> {
  const { userId, vaultNo } = vault;
  let freed = 0;
  for (const slice of inSlices(
    ids.map((id) => Buffer.from(id, 'hex')),
    SLICE,
  )) {
    freed += await removeObjects(deps, vault, (tx) =>
      tx
        .selectFrom('objects')
        .select(['object_id', 'place', 'size_bytes'])
        .where('user_id', '=', userId)
        .where('vault_no', '=', vaultNo)
        .where('object_id', 'in', slice)
        .where('unnamed_since_ms', 'is not', null)
        .execute(),
    );
    await deps.db
      .deleteFrom('object_parts')
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where('object_id', 'in', slice)
      .execute();
  }
  return freed;
}

interface FoundObject {
  readonly object_id: Buffer;
  readonly place: string;
  readonly size_bytes: number;
}

/** Removes objects that are looked for with the vault held; their bytes go once no row names them. */
async function removeObjects(
  { db, objects }: ReplicaDeps,
  vault: Pick<OwnVault, 'userId' | 'vaultNo'>,
  find: (tx: Executor) => Promise<FoundObject[]>,
): Promise<number> {
  const { userId, vaultNo } = vault;
  const rows = await db.transaction().execute(async (tx) => {
    await lockVault(tx, vault);
    const found = await find(tx);
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
