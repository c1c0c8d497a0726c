// What must hold on both databases. PostgreSQL is started by the test; where it is not installed its part is skipped, and counted.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ROUTES } from '../../src/shared/replication/routes.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { call, logIn, refresh, signUp, startTestServer } from '../support/sync-server.ts';

const EMAIL = 'a@example.org';
const bin = findPostgres();

describe.each(['sqlite', 'postgres'] as const)('the sync server on %s', (kind) => {
  describe.skipIf(kind === 'postgres' && bin === null)('', () => {
    let postgres: TestPostgres | null = null;
    beforeAll(() => {
      if (kind === 'postgres' && bin !== null) postgres = startPostgres(bin);
    });
    afterAll(() => postgres?.close());
    const start = () => startTestServer({ databaseUrl: postgres?.createDatabase() ?? null });

    it('[S32] logs a device in, and refreshes its tokens', async () => {
      await using server = await start();
      await signUp(server.address, EMAIL);
      const device = await logIn(server.address, EMAIL);

      expect((await refresh(server.address, device)).status).toBe(200);
      expect((await call(server.address, 'GET', ROUTES.account, { token: device.accessToken })).status).toBe(200);
    });
  });
});
