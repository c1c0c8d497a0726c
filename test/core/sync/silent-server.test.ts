// A server that takes everything and says nothing: whoever turns sync off, or closes, does not wait for it.

import { expect, it } from 'vitest';

import { FaultProxy } from '../../support/fault-proxy/fault-proxy.ts';
import { startTestServer } from '../../support/sync-server.ts';
import { ACCOUNT_PASSWORD, createServiceDevice, EMAIL } from '../../support/sync-services.ts';

it('[S9] ends a round at once that waits for a server', { timeout: 20_000 }, async () => {
  await using server = await startTestServer();
  const port = Number(new URL(server.address).port);
  const target = () => ({ host: '127.0.0.1', port });
  await using line = await new FaultProxy({ target, random: () => 1, faultShare: 0 }).listen();
  await using device = await createServiceDevice('laptop');
  await device.sync.logIn({ server: line.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true });
  await device.sync.syncNow({ acceptsDeletions: false });
  line.always = 'silence';
  const asked = line.requests.length;
  device.sync.noteChange();
  await expect.poll(() => line.requests.length, { timeout: 10_000 }).toBeGreaterThan(asked);

  await device.sync.setOn(false);

  expect((await device.sync.status()).state).toBe('off');
});
