import type { Executor } from '../store/store.ts';

/**
 * Takes the account's row, so that whoever lets a device in or renews its tokens, and a change of the password, go one after the other until
 * the transaction ends. Comes before every other row of the account; gives the hash of the password in force. Both databases understand this way.
 */
export async function lockAccount(tx: Executor, userId: string): Promise<string | null> {
  const row = await tx
    .updateTable('users')
    .set((users) => ({ password_hash: users.ref('password_hash') }))
    .where('user_id', '=', userId)
    .returning('password_hash')
    .executeTakeFirst();
  return row?.password_hash ?? null;
}
