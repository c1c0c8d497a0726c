// Logging in by a code, against a real server: the account's password is typed on the server's page only.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { untilEntered } from '../../../src/core/sync/code-log-in.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
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

describe('untilEntered()', () => {
  const offline = new AppError('SYNC_OFFLINE', 'The line broke.', { isRetryable: true });
  const tooOld = new AppError('SYNC_REFUSED', 'The code is too old.');

  it.each([
    ['goes on over a line that breaks', [offline, null, 'entered'], 'entered'],
    ['ends where the code is refused', [null, tooOld, 'entered'], tooOld],
    [
      'ends where the line stays away for longer than the code is good',
      Array.from({ length: 9 }, () => offline),
      offline,
    ],
  ] as const)('%s', async (_, answers, outcome) => {
    let nowMs = 0;
    const left = [...answers];
    const entering = untilEntered<string>(
      async () => {
        const answer = left.shift() ?? null;
        if (answer instanceof AppError) throw answer;
        return answer;
      },
      {
        expiresAtMs: 5,
        nowMs: () => nowMs,
        sleep: async () => {
          nowMs += 1;
        },
      },
    );

    await expect(entering.catch((error: unknown) => error)).resolves.toBe(outcome);
  });
});
