// Old devices with new servers, and the reverse (S33): what one side does not speak is said in a sentence with what to do, on a device that
// worked until then too, and nothing is lost meanwhile. A proxy puts other versions in the place of those that are really spoken.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PlainError } from '../../../src/shared/model/app-error.ts';
import { aCapture, aTerminal } from '../../support/captures.ts';
import { FaultProxy } from '../../support/fault-proxy/fault-proxy.ts';
import { startTestServer, type TestServer } from '../../support/sync-server.ts';
import {
  ACCOUNT_PASSWORD,
  createServiceDevice,
  EMAIL,
  joinServiceDevice,
  type ServiceDevice,
} from '../../support/sync-services.ts';
import { TEST_NOW_MS } from '../../support/test-vault.ts';

const ACCOUNT = { email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true };
const UPDATE_HERE = {
  code: 'SYNC_TOO_OLD',
  message: expect.stringMatching(/too old for the server\.$/),
  hint: expect.stringContaining('Update Cairn'),
};
const UPDATE_SERVER = {
  code: 'SYNC_TOO_OLD',
  message: 'The server is too old for this Cairn.',
  hint: expect.stringMatching(/update/i),
};

describe('a device and a server of other versions', () => {
  let server: TestServer;
  let line: FaultProxy;
  let laptop: ServiceDevice;
  let count = 0;

  const now = (device: ServiceDevice): Promise<void> => device.sync.syncNow({ acceptsDeletions: false });
  const capture = async (): Promise<string> => {
    count += 1;
    const items = [aTerminal(`terminal ${count}`)];
    const { summary } = await laptop.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + count * 30_000 }));
    return summary.id;
  };

  beforeAll(async () => {
    server = await startTestServer();
    const port = Number(new URL(server.address).port);
    line = await new FaultProxy({
      target: () => ({ host: '127.0.0.1', port }),
      random: () => 1,
      faultShare: 0,
    }).listen();
    laptop = await createServiceDevice('laptop');
    await laptop.sync.logIn({ ...ACCOUNT, server: line.address });
    await now(laptop);
  });

  afterAll(async () => {
    await laptop[Symbol.asyncDispose]();
    await line[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each([
    { name: 'the server has given up what this device speaks', version: '0', expected: UPDATE_HERE },
    { name: 'the server does not speak yet what this device speaks', version: '2', expected: UPDATE_SERVER },
  ])('[S33] says who must be updated where $name, and sends the rest afterwards', async ({ version, expected }) => {
    line.replacements = [{ from: 'cairn-protocol: 1', to: `cairn-protocol: ${version}` }];
    const id = await capture();

    await expect(now(laptop)).rejects.toMatchObject(expected);

    const status = await laptop.sync.status();
    expect(status).toMatchObject({ isOn: true, state: 'disconnected', waiting: { snapshots: 1 } });
    expect(status.error).toMatchObject(expected as Partial<PlainError>);
    line.replacements = [];
    await now(laptop);
    await using other = await joinServiceDevice(`other ${version}`, server.address);
    await now(other);
    const there = await other.sync.withDevice('laptop', (lane) => lane.listSnapshots({ limit: 100 }));
    expect(there.map((one) => String(one.id))).toContain(id);
  });

  it.each([
    { name: 'newer than this device', speaks: '"oldest":2,"newest":3', expected: UPDATE_HERE },
    { name: 'older than this device', speaks: '"oldest":0,"newest":0', expected: UPDATE_SERVER },
  ])('[S33] logs in nowhere where the server is $name: nothing of the account goes there', async (test) => {
    await using device = await createServiceDevice('new');
    line.replacements = [{ from: '"oldest":1,"newest":1', to: test.speaks }];
    const asked = line.requests.length;

    const logIn = device.sync.logIn({ ...ACCOUNT, server: line.address });

    await expect(logIn).rejects.toMatchObject(test.expected);
    line.replacements = [];
    expect(line.requests.slice(asked)).toEqual(['GET /v1/hello']);
    expect(await device.sync.status()).toMatchObject({ isOn: false, account: null });
  });

  it('[S33] works with a server that speaks more than this device', async () => {
    await capture();
    line.replacements = [{ from: '"oldest":1,"newest":1', to: '"oldest":1,"newest":7' }];

    await using device = await joinServiceDevice('current', line.address);

    line.replacements = [];
    await now(device);
    expect(await device.sync.status()).toMatchObject({ error: null, troubles: [] });
  });

  it('[S33] takes what a newer server says beside what it knows', async () => {
    line.replacements = [{ from: '"pendingJoins":0', to: '"newerThing":0,"pendingJoins":0' }];

    await now(laptop);

    line.replacements = [];
    expect(await laptop.sync.status()).toMatchObject({ error: null, troubles: [] });
  });

  it('[S33] repeats what a newer server refuses for a reason that it does not know', async () => {
    line.replacements = [
      { from: '/status', to: '/moon' },
      { from: '"code":"not-found"', to: '"code":"moon-is-full"' },
    ];

    await expect(now(laptop)).rejects.toMatchObject({
      code: 'SYNC_REFUSED',
      message: 'There is no such address.',
    });

    line.replacements = [];
    await now(laptop);
  });
});
