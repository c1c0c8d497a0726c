// syncSession of 10 kB with a secret in it, over HTTP with log-in, redaction, sealing and audit, on SQLite and on PostgreSQL in one run. Client,
// server and database share the machine: ratios say more than figures.

import { findPostgres, startPostgres } from '../support/postgres.ts';
import { made } from '../support/secret-samples.ts';
import { call, logIn, signUp, startTestServer } from '../support/sync-server.ts';
import { percentile, type Figure } from './measure.ts';

// All within what one address may ask at once, see src/server/http/http-server.ts.
const WARM_UP = 20;
const SERIAL = 200;
const PARALLEL = 300;
const CLIENTS = 10;
const SIZE = 10_000;

const SYNC = 'mutation($input: SyncSessionInput!) { syncSession(input: $input) { session { id } secretsRedacted } }';
const TEXT = `${'The cookie is set for the wrong path, so the login is lost. '.repeat(Math.ceil(SIZE / 60)).slice(0, SIZE)} ghp_${made(36)}`;

async function measure(name: string, databaseUrl: string | null): Promise<Figure[]> {
  await using server = await startTestServer({ databaseUrl });
  await signUp(server.address, 'ann@example.org');
  const { accessToken: token } = await logIn(server.address, 'ann@example.org');
  let count = 0;
  const publish = async (): Promise<number> => {
    count += 1;
    const input = {
      sessionId: `s${count}`,
      projectPath: '/home/ann/app',
      summary: 'Fixing the login',
      messages: [{ role: 'user', content: TEXT }],
      metadata: { tool: 'chat' },
    };
    const started = performance.now();
    const { status, bytes } = await call(server.address, 'POST', '/graphql', {
      token,
      json: { query: SYNC, variables: { input } },
    });
    if (status !== 200 || !bytes.includes('"secretsRedacted":1')) throw new Error(`it answered ${status}`);
    return performance.now() - started;
  };
  for (let at = 0; at < WARM_UP; at += 1) await publish();
  const serial: number[] = [];
  for (let at = 0; at < SERIAL; at += 1) serial.push(await publish());
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let at = 0; at < PARALLEL / CLIENTS; at += 1) await publish();
    }),
  );
  const perSecond = PARALLEL / ((performance.now() - started) / 1_000);
  return [
    { name: `syncSession of 10 kB on ${name}, p50`, value: percentile(serial, 0.5), unit: 'ms' },
    { name: `syncSession of 10 kB on ${name}, p99`, value: percentile(serial, 0.99), unit: 'ms' },
    { name: `syncSession of 10 kB on ${name}, ${CLIENTS} at once, a second`, value: perSecond, unit: 'count' },
  ];
}

const figures = await measure('SQLite', null);
const bin = findPostgres();
if (bin !== null) {
  const postgres = startPostgres(bin, '');
  try {
    figures.push(...(await measure('PostgreSQL', postgres.createDatabase())));
  } finally {
    postgres.close();
  }
}
process.stdout.write(JSON.stringify(figures));
