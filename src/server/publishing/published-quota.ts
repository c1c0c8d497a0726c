// What each account may have published, in sealed bytes, wherever it was published to. It counts for whoever published: they can free it again, and
// nobody uses up what belongs to somebody else (docs/decisions/0048).

import type { Transaction } from 'kysely';

import { AppError } from '../../shared/model/app-error.ts';
import type { ServerTables } from '../store/tables.ts';

const MEGABYTE = 1_000_000;

/**
 * Counts what was stored or freed, in the transaction that does it: thrown here, that is undone too. What makes less of it is always taken, also
 * where the limit was lowered since.
 * @throws AppError PUBLISH_QUOTA
 */
export async function countPublished(
  tx: Transaction<ServerTables>,
  userId: string,
  addedBytes: number,
  maxBytes: number,
): Promise<void> {
  await tx
    .insertInto('published_usage')
    .values({ user_id: userId, used_bytes: 0 })
    .onConflict((conflict) => conflict.column('user_id').doNothing())
    .execute();
  const counting = tx
    .updateTable('published_usage')
    .set((row) => ({ used_bytes: row('used_bytes', '+', addedBytes) }))
    .where('user_id', '=', userId);
  const { numUpdatedRows } = await (
    addedBytes <= 0 ? counting : counting.where((row) => row(row('used_bytes', '+', addedBytes), '<=', maxBytes))
  ).executeTakeFirst();
  if (numUpdatedRows === 0n) throw quotaReached(maxBytes);
}

function quotaReached(maxBytes: number): AppError {
  const limit = `${Number((maxBytes / MEGABYTE).toPrecision(3))} MB`;
  return new AppError(
    'PUBLISH_QUOTA',
    `Nothing was published: with this, your published sessions would take more than the ${limit} that this server gives an account.`,
    {
      hint: 'Withdraw some of yours (`cairn sessions withdraw`), let others go by themselves (`--until`), or ask whoever runs the server for more.',
    },
  );
}
