// A database of the server's own for one test.

import { openStore, type Store } from '../../src/server/store/store.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** SQLite in a folder that is gone when the store is closed. */
export async function openTestSqlite(): Promise<Store> {
  const folder = makeTemporaryFolder();
  const store = await openStore({ dataFolder: folder.path, databaseUrl: null, onTrouble: () => undefined });
  return {
    ...store,
    close: async () => {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}
