// What accounts are called, for those who share a team with them.

import type { AccountNames } from '../graphql/context.ts';
import type { Db } from '../store/store.ts';

export function createAccountNames(db: Db): AccountNames {
  return {
    namesOf: async (userIds) => {
      if (userIds.length === 0) return new Map();
      const rows = await db
        .selectFrom('users')
        .select(['user_id', 'email'])
        .where('user_id', 'in', [...userIds])
        .execute();
      return new Map(rows.map(({ user_id, email }) => [user_id, email]));
    },
  };
}
