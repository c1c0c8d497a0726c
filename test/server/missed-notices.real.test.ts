// Notices between nodes come over one connection of PostgreSQL. Where that breaks, nobody knows what was told meanwhile: every device looks.

import pg from 'pg';
import { expect, it } from 'vitest';

import { pathOf } from '../../src/shared/replication/routes.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { newVaultId, ReplicaClient } from '../support/replica-client.ts';
import { logIn, signUp, startTestServer } from '../support/sync-server.ts';

const bin = findPostgres();

it.skipIf(bin === null)('[S10] tells open streams to look where the connection for notices broke', async () => {
  const postgres = startPostgres(bin ?? '');
  try {
    const databaseUrl = postgres.createDatabase();
    await using server = await startTestServer({ databaseUrl });
    await signUp(server.address, 'a@example.org');
    const client = new ReplicaClient(server.address, await logIn(server.address, 'a@example.org'), newVaultId());
    await client.createVault();
    const ended = new AbortController();
    const events = await fetch(`${server.address}${pathOf('events', { vault: client.vault })}`, {
      headers: { authorization: `Bearer ${client.device.accessToken}`, 'cairn-protocol': '1' },
      signal: ended.signal,
    });
    let told = '';
    const reading = (async () => {
      for await (const piece of events.body ?? []) told += Buffer.from(piece).toString('utf8');
    })().catch(() => undefined); // it is ended below
    await expect.poll(() => told).toContain('welcome');

    const administrator = new pg.Client({ connectionString: databaseUrl });
    await administrator.connect();
    await administrator.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`,
    );
    await administrator.end();

    await expect.poll(() => told, { timeout: 10_000 }).toContain(`{"device":"${client.device.deviceId}","index":0}`);
    ended.abort();
    await reading;
  } finally {
    postgres.close();
  }
});
