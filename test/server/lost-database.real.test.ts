// A PostgreSQL that dies, hangs or is stopped under a running server: the server stays, says so at once, and goes on when it is back.

import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { openStore } from '../../src/server/store/store.ts';
import { ROUTES } from '../../src/shared/replication/routes.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { call, logIn, refusalOf, signUp, startTestServer } from '../support/sync-server.ts';

const bin = findPostgres();

describe.skipIf(bin === null)('a server whose PostgreSQL is lost', () => {
  let postgres: TestPostgres;
  beforeAll(() => {
    postgres = startPostgres(bin ?? '');
  });
  afterAll(() => postgres.close());

  it('lives on where a connection breaks inside a transaction', async () => {
    const store = await openStore({
      dataFolder: '',
      databaseUrl: postgres.createDatabase(),
      onTrouble: () => undefined,
    });
    let hasBegun = (): void => undefined;
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    let goOn = (): void => undefined;
    const lost = new Promise<void>((resolve) => (goOn = resolve));
    const read = store.db.transaction().execute(async (trx) => {
      await trx.selectFrom('server_state').selectAll().execute();
      hasBegun();
      await lost;
      return trx.selectFrom('server_state').selectAll().execute();
    });
    const outcome = read.then(
      () => 'read',
      () => 'refused',
    );
    await begun;

    await postgres.kill();
    // An error that nobody listens for would end the process, and this test with it.
    await wait(200);
    goOn();

    expect(await outcome).toBe('refused');
    await postgres.start();
    expect(await store.isReady()).toBe(true);
    await store.close();
  });

  it('asks devices to come again while it is stopped, and serves them afterwards', async () => {
    await using server = await startTestServer({ databaseUrl: postgres.createDatabase() });
    await signUp(server.address, 'ann@example.org');
    const { accessToken: token } = await logIn(server.address, 'ann@example.org');
    expect((await call(server.address, 'GET', ROUTES.account, { token })).status).toBe(200);

    postgres.stop();
    const answer = await call(server.address, 'GET', ROUTES.account, { token });
    await postgres.start();

    expect(refusalOf(answer)).toMatchObject({ code: 'unavailable', retryable: true, retryAfterMs: 5_000 });
    await expect
      .poll(async () => (await call(server.address, 'GET', ROUTES.account, { token })).status, { timeout: 10_000 })
      .toBe(200);
  });

  it('is not ready, within seconds, while its database hangs', async () => {
    const store = await openStore({
      dataFolder: '',
      databaseUrl: postgres.createDatabase(),
      onTrouble: () => undefined,
    });
    const goOn = postgres.halt();
    onTestFinished(goOn);
    const startedAtMs = performance.now();

    const answers = await Promise.all([store.isReady(), store.isReady()]);
    const tookMs = performance.now() - startedAtMs;
    goOn();

    expect(answers).toEqual([false, false]);
    expect(tookMs).toBeLessThan(6_000);
    await expect.poll(() => store.isReady(), { timeout: 10_000 }).toBe(true);
    await store.close();
  });
});
