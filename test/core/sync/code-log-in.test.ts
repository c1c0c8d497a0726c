// Logging in by a code, against a real server: the account's password is typed on the server's page only.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { aCapture, aTerminal } from '../../support/captures.ts';
import { call, signUp, startTestServer, type TestServer } from '../../support/sync-server.ts';
import { ACCOUNT_PASSWORD, createServiceDevice, EMAIL, joinServiceDevice } from '../../support/sync-services.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

describe('a code instead of a password', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await signUp(server.address, EMAIL);
  });

  afterAll(() => server[Symbol.asyncDispose]());

  async function enter(address: string, userCode: string, password = ACCOUNT_PASSWORD): Promise<number> {
    const response = await fetch(address, {
      method: 'POST',
      body: new URLSearchParams({ userCode, email: EMAIL, password }),
    });
    return response.status;
  }

  it('[S32] lets the device in once it was entered, and syncs', async () => {
    await using device = await createServiceDevice('laptop');
    await device.vault.save(aCapture([aTerminal('here')], { takenAtMs: TEST_NOW_MS }));
    const { userCode, address } = await device.sync.requestCode({ server: server.address, deviceName: 'Laptop' });
    expect(await device.sync.checkCode()).toBe(false);
    expect(await device.sync.checkCode()).toBe(false);
    expect((await device.sync.status()).account).toBeNull();
    expect(await enter(address, userCode, 'wrong password 1')).toBe(403);
    expect(await enter(address, userCode.toLowerCase())).toBe(200);

    expect(await device.sync.checkCode()).toBe(true);

    await device.sync.syncNow({ acceptsDeletions: false });
    expect(await device.sync.status()).toMatchObject({
      isOn: true,
      account: { server: server.address, email: EMAIL },
      device: { name: 'Laptop' },
      waiting: { snapshots: 0 },
    });
    await using other = await joinServiceDevice('other', server.address);
    await other.sync.syncNow({ acceptsDeletions: false });
    const there = await other.sync.withDevice('Laptop', (lane) => lane.listSnapshots({ limit: 10 }));
    expect(there).toHaveLength(1);
    await expect(device.sync.checkCode()).rejects.toMatchObject({ code: 'SYNC_LOGIN' });
  });

  it('says that a code is too old, and forgets it', async () => {
    await using device = await createServiceDevice('late');
    await device.sync.requestCode({ server: server.address });
    server.clock.offsetMs += 11 * 60_000;

    await expect(device.sync.checkCode()).rejects.toMatchObject({ code: 'SYNC_REFUSED' });

    await expect(device.sync.checkCode()).rejects.toMatchObject({ hint: 'Ask for a new code.' });
    expect((await call(server.address, 'GET', '/health')).status).toBe(200);
  });
});
