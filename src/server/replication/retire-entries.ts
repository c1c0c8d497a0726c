// Freeing the bodies of entries that their device has retired (S8). The signed part stays, so that the chain can still be verified; objects
// that no live entry names any more are marked, and freed after the grace time (collect-garbage.ts).

import { parseBody, type IndexRange } from '../../shared/replication/entry.ts';
import type { Executor } from '../store/store.ts';
import { inSlices } from './replica-deps.ts';
import type { OwnVault } from './vaults.ts';

/** Their bodies are read, each up to 1.3 MB. */
const ENTRIES_AT_ONCE = 50;
/** Each is looked up by the key, as if it were asked for alone; SQLite takes no deeper expression than of a thousand. */
const RANGES_AT_ONCE = 250;

/**
 * Part of the transaction that takes the retiring entries. The ranges may be of several of them: what two name is looked for once. Gives how many
 * bytes were freed.
 */
export async function retireEntries(
  tx: Executor,
  vault: OwnVault,
  deviceNo: number,
  ranges: ReadonlyArray<IndexRange>,
  nowMs: number,
): Promise<number> {
  let freedBytes = 0;
  for (const some of inSlices(joinRanges(ranges), RANGES_AT_ONCE))
    for (let after: number | null = 0; after !== null;) {
      const retired = await retireSome(tx, vault, deviceNo, { ranges: some, after }, nowMs);
      freedBytes += retired.freedBytes;
      after = retired.last;
    }
  return freedBytes;
}

interface Retired {
  readonly freedBytes: number;
  /** The entry it came to; null where there is none behind it. */
  readonly last: number | null;
}

async function retireSome(
  tx: Executor,
  { userId, vaultNo }: OwnVault,
  deviceNo: number,
  { ranges, after }: { readonly ranges: ReadonlyArray<IndexRange>; readonly after: number },
  nowMs: number,
): Promise<Retired> {
  const rows = await tx
    .selectFrom('entries')
    .select(['entry_index', 'body_bytes'])
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('device_no', '=', deviceNo)
    .where('entry_index', '>', after)
    .where((row) => row.or(ranges.map(({ first, last }) => row.between('entry_index', first, last))))
    .where('body_bytes', 'is not', null)
    .orderBy('entry_index')
    .limit(ENTRIES_AT_ONCE)
    .execute();
  if (rows.length === 0) return { freedBytes: 0, last: null };
  const indexes = rows.map(({ entry_index }) => entry_index);
  const ids = new Set(rows.flatMap(({ body_bytes }) => parseBody(body_bytes ?? new Uint8Array(0))?.requires ?? []));
  await tx
    .updateTable('entries')
    .set({ body_bytes: null })
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('device_no', '=', deviceNo)
    .where('entry_index', 'in', indexes)
    .execute();
  for (const slice of inSlices([...ids].map((id) => Buffer.from(id, 'hex')))) {
    await tx
      .deleteFrom('entry_objects')
      .where('user_id', '=', userId)
      .where('vault_no', '=', vaultNo)
      .where('object_id', 'in', slice)
      .where('device_no', '=', deviceNo)
      .where('entry_index', 'in', indexes)
      .execute();
    await markUnnamed(tx, userId, vaultNo, slice, nowMs);
  }
  return {
    freedBytes: rows.reduce((sum, { body_bytes }) => sum + (body_bytes?.length ?? 0), 0),
    last: rows.length < ENTRIES_AT_ONCE ? null : (rows.at(-1)?.entry_index ?? null),
  };
}

/** The same indexes in as few ranges as they have. */
function joinRanges(ranges: ReadonlyArray<IndexRange>): IndexRange[] {
  const joined: { first: number; last: number }[] = [];
  for (const { first, last } of ranges.toSorted((one, other) => one.first - other.first)) {
    const open = joined.at(-1);
    if (open !== undefined && first <= open.last + 1) open.last = Math.max(open.last, last);
    else joined.push({ first, last });
  }
  return joined;
}

async function markUnnamed(tx: Executor, userId: string, vaultNo: number, ids: Buffer[], nowMs: number): Promise<void> {
  await tx
    .updateTable('objects')
    .set({ unnamed_since_ms: nowMs })
    .where('user_id', '=', userId)
    .where('vault_no', '=', vaultNo)
    .where('object_id', 'in', ids)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('entry_objects')
            .select('entry_objects.device_no')
            .whereRef('entry_objects.user_id', '=', 'objects.user_id')
            .whereRef('entry_objects.vault_no', '=', 'objects.vault_no')
            .whereRef('entry_objects.object_id', '=', 'objects.object_id'),
        ),
      ),
    )
    .execute();
}
