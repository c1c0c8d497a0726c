// What an account takes up, and whether more fits: its objects, its entries, and parts of objects that are not whole yet. Each is counted in the
// transaction that stores it, in the account's row, which is taken last: from then to the commit nobody else of the account stores anything.

import { Refusal } from '../http/refusal.ts';
import type { Executor } from '../store/store.ts';
import type { ReplicaDeps } from './replica-deps.ts';

/**
 * Where space is used up, entries are still taken until they alone are a tenth of it: who deletes says so in entries, and tells anew what is
 * left. They take some hundredth of what objects do.
 */
const ENTRY_SHARE = 0.1;
const MIN_ENTRY_SHARE_BYTES = 1024 * 1024;

interface Owner {
  readonly userId: string;
}

/** What objects take up. */
export interface Used {
  readonly bytes: number;
  readonly objects: number;
}

/** Looks without taking the row: what is refused costs no writing. */
export async function hasRoom({ limits }: ReplicaDeps, db: Executor, { userId }: Owner, added: Used): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select(['used_bytes', 'used_objects', 'entry_bytes'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return (
    row !== undefined &&
    row.used_bytes + row.entry_bytes + added.bytes <= limits.bytes &&
    row.used_objects + added.objects <= limits.objects
  );
}

/** Counts objects that were stored; false where they do not fit, and nothing may stay of them. */
export async function countObjects(
  { limits }: ReplicaDeps,
  tx: Executor,
  { userId }: Owner,
  added: Used,
): Promise<boolean> {
  if (added.bytes === 0 && added.objects === 0) return true;
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set((row) => ({
      used_bytes: row('used_bytes', '+', added.bytes),
      used_objects: row('used_objects', '+', added.objects),
    }))
    .where('user_id', '=', userId)
    .where((row) => row(row(row('used_bytes', '+', row.ref('entry_bytes')), '+', added.bytes), '<=', limits.bytes))
    .where((row) => row(row('used_objects', '+', added.objects), '<=', limits.objects))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Counts what a push has added, less what it has retired. What gives back as much as it takes is always taken, also where the limit was lowered
 * since.
 * @throws Refusal `quota`; then the push is undone
 */
export async function countEntries(
  { limits }: ReplicaDeps,
  tx: Executor,
  { userId }: Owner,
  addedBytes: number,
): Promise<void> {
  const share = Math.max(MIN_ENTRY_SHARE_BYTES, Math.floor(limits.bytes * ENTRY_SHARE));
  const counting = tx
    .updateTable('users')
    .set((row) => ({ entry_bytes: row('entry_bytes', '+', addedBytes) }))
    .where('user_id', '=', userId);
  const bounded = counting.where((row) => {
    const entries = row('entry_bytes', '+', addedBytes);
    return row.or([row(row('used_bytes', '+', entries), '<=', limits.bytes), row(entries, '<=', share)]);
  });
  const { numUpdatedRows } = await (addedBytes <= 0 ? counting : bounded).executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  throw new Refusal(
    'quota',
    "The account's space on the server is used up, and so is what is kept free for deleting.",
    'Let old history go on one of your devices, or ask whoever runs the server for more space.',
    { limit: limits.bytes },
  );
}

/** Takes the account's row, so that parts that come at once are counted one after the other; true where one more fits. */
export async function hasRoomForPart(
  { limits }: ReplicaDeps,
  tx: Executor,
  { userId }: Owner,
  sizeBytes: number,
): Promise<boolean> {
  const { used_bytes, entry_bytes } = await tx
    .updateTable('users')
    .set((row) => ({ used_bytes: row.ref('used_bytes') }))
    .where('user_id', '=', userId)
    .returning(['used_bytes', 'entry_bytes'])
    .executeTakeFirstOrThrow();
  const { part_bytes } = await tx
    .selectFrom('object_parts')
    .select((row) => row.fn.coalesce(row.fn.sum<number>(row.fn('length', ['bytes'])), row.lit(0)).as('part_bytes'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return used_bytes + entry_bytes + part_bytes + sizeBytes <= limits.bytes;
}
