// A server that takes everything and says nothing: whoever turns sync off, or closes, does not wait for it.

import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { createLoginServer } from '../../../src/core/sync/http-server.ts';
import { readAccount, writeAccount } from '../../../src/core/sync/sync-records.ts';
import { PROTOCOL_VERSION } from '../../../src/shared/replication/limits.ts';
import { aCapture, aStream, aTerminal } from '../../support/captures.ts';
import { FaultProxy } from '../../support/fault-proxy/fault-proxy.ts';
import { startTestServer, type TestServer } from '../../support/sync-server.ts';
import { ACCOUNT_PASSWORD, createServiceDevice, EMAIL, type ServiceDevice } from '../../support/sync-services.ts';

function lineTo({ address }: TestServer): Promise<FaultProxy> {
  const target = () => ({ host: '127.0.0.1', port: Number(new URL(address).port) });
  return new FaultProxy({ target, random: () => 1, faultShare: 0 }).listen();
}

/** A device with an account there, and nothing to sync. */
async function levelWith(address: string): Promise<ServiceDevice> {
  const device = await createServiceDevice('laptop');
  await device.sync.logIn({ server: address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true });
  await device.sync.syncNow({ acceptsDeletions: false });
  return device;
}

it('[S9] ends a round at once that waits for a server', { timeout: 20_000 }, async () => {
  await using server = await startTestServer();
  await using line = await lineTo(server);
  await using device = await levelWith(line.address);
  line.always = 'silence';
  const asked = line.requests.length;
  device.sync.noteChange();
  await expect.poll(() => line.requests.length, { timeout: 10_000 }).toBeGreaterThan(asked);

  await device.sync.setOn(false);

  expect((await device.sync.status()).state).toBe('off');
});

it('[S9] does not wait for new tokens either', { timeout: 20_000 }, async () => {
  await using server = await startTestServer();
  await using line = await lineTo(server);
  await using device = await levelWith(line.address);
  const account = await readAccount(device.vault);
  if (account === null) throw new RangeError('it is logged in');
  await device.sync.setOn(false);
  await writeAccount(device.vault, { ...account, accessUntilMs: 0 });
  line.always = 'silence';
  const asked = line.requests.length;
  await device.restart();
  await expect.poll(() => line.requests.length, { timeout: 10_000 }).toBeGreaterThan(asked);

  await device.sync.setOn(false);

  expect((await device.sync.status()).state).toBe('off');
});

it('[S9] does not wait for a line whose bandwidth is capped', { timeout: 20_000 }, async () => {
  await using server = await startTestServer();
  await using device = await levelWith(server.address);
  await device.sync.setSelection({ ...(await device.sync.selection()), maxKilobytesPerSecond: 1 });
  const text = Array.from({ length: 20_000 }, (_, at) => `line ${at * 7919}`).join('\n');
  await device.vault.save(aCapture([aTerminal('large', { streams: [aStream({ text })] })]));
  device.sync.noteChange();
  await expect.poll(async () => (await device.sync.status()).state, { timeout: 10_000 }).toBe('syncing');
  await delay(500);
  expect((await device.sync.status()).state).toBe('syncing');

  await device.sync.setOn(false);

  expect((await device.sync.status()).state).toBe('off');
});

it('[S11] takes an answer that is slow, and not one that says nothing', { timeout: 20_000 }, async () => {
  const hello = JSON.stringify({
    product: 'cairn-server',
    serverVersion: '1.0.0',
    protocol: { oldest: PROTOCOL_VERSION, newest: PROTOCOL_VERSION },
    signUp: 'open',
    serverTimeMs: 0,
  });
  let waitsMs = 150;
  const server = createServer((_, response) => {
    void (async () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (let at = 0; at < hello.length; at += 10) {
        await delay(waitsMs);
        response.write(hello.slice(at, at + 10));
      }
      response.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const login = createLoginServer({ url: `http://127.0.0.1:${port}`, nowMs: () => Date.now(), silenceMs: 600 });

  await expect(login.hello(new AbortController().signal)).resolves.toMatchObject({ serverVersion: '1.0.0' });
  waitsMs = 1_500;
  await expect(login.hello(new AbortController().signal)).rejects.toMatchObject({ code: 'SYNC_OFFLINE' });

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
