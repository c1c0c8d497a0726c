import { describe, expect, it } from 'vitest';

import { accountAnswerSchema, helloAnswerSchema } from '../../src/shared/replication/account.ts';
import { pathOf, ROUTES } from '../../src/shared/replication/routes.ts';
import { openStore } from '../../src/server/store/store.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import {
  ACCOUNT_PASSWORD,
  call,
  logIn,
  newDevice,
  refresh,
  refusalOf,
  signText,
  signUp,
  startTestServer,
} from '../support/sync-server.ts';

const EMAIL = 'a@example.org';

async function account(address: string, token: string) {
  return accountAnswerSchema.parse((await call(address, 'GET', ROUTES.account, { token })).json);
}

describe('accounts of the sync server', () => {
  it('[S32] logs a device in by a code, and refreshes its tokens', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);

    const device = await logIn(server.address, EMAIL);
    const first = device.accessToken;
    const reply = await refresh(server.address, device);

    expect(reply.status).toBe(200);
    expect((await account(server.address, device.accessToken)).devices.map((one) => one.deviceId)).toEqual([
      device.deviceId,
    ]);
    expect(refusalOf(await call(server.address, 'GET', ROUTES.account, { token: first })).code).toBe('unauthenticated');
  });

  it('[S32] lets an access token live for 15 minutes', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const device = await logIn(server.address, EMAIL);

    server.clock.offsetMs = 14 * 60_000;
    expect((await call(server.address, 'GET', ROUTES.account, { token: device.accessToken })).status).toBe(200);
    server.clock.offsetMs = 16 * 60_000;
    expect((await call(server.address, 'GET', ROUTES.account, { token: device.accessToken })).status).toBe(401);
  });

  it('[S32] gives the pair again whose answer was lost, and ends the device where a used refresh token comes later', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const device = await logIn(server.address, EMAIL);
    const old = device.refreshToken;
    await refresh(server.address, device);

    const again = await refresh(server.address, device, old);
    expect(again.status).toBe(200);
    expect((await call(server.address, 'GET', ROUTES.account, { token: device.accessToken })).status).toBe(200);

    const replayed = await refresh(server.address, device, old);
    expect(replayed.status).toBe(401);
    expect((await call(server.address, 'GET', ROUTES.account, { token: device.accessToken })).status).toBe(401);
  });

  it('[S32] refuses a refresh token without the key of its device', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const device = await logIn(server.address, EMAIL);
    const thief = { ...newDevice(), refreshToken: device.refreshToken };

    expect((await refresh(server.address, thief)).status).toBe(401);
    expect((await refresh(server.address, device)).status).toBe(200);
  });

  it('[S6] ends the tokens of a revoked device at once, and lets it in no more', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const [one, other] = [await logIn(server.address, EMAIL), await logIn(server.address, EMAIL)];
    const path = pathOf('device', { device: other.deviceId });

    await call(server.address, 'DELETE', path, { token: one.accessToken });

    expect((await call(server.address, 'GET', ROUTES.account, { token: other.accessToken })).status).toBe(401);
    expect((await refresh(server.address, other)).status).toBe(401);
    await expect(logIn(server.address, EMAIL, other)).rejects.toThrow();
  });

  it('[S32] answers alike whether an account exists or not, and makes guessing slow', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const approve = async (email: string, password: string) =>
      refusalOf(
        await call(server.address, 'POST', ROUTES.approve, { json: { userCode: 'BCDF2345', email, password } }),
      );

    const [known, unknown] = [await approve(EMAIL, 'wrong password'), await approve('b@example.org', 'wrong password')];
    expect(known).toEqual(unknown);
    expect(
      await call(server.address, 'POST', ROUTES.signUp, { json: { email: EMAIL, password: 'another password' } }),
    ).toMatchObject({ status: 202, json: {} });

    const codes = [];
    for (let attempt = 0; attempt < 8; attempt += 1) codes.push((await approve(EMAIL, 'wrong password')).code);
    expect([codes[0], codes.at(-1)]).toEqual(['wrong-credentials', 'rate']);
    // The right password waits too: else the wait would tell which one was right.
    expect((await approve(EMAIL, ACCOUNT_PASSWORD)).code).toBe('rate');
  });

  it('[S32] gives tokens only to the device that holds the key, once, and while the code is fresh', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const device = newDevice();
    const { signingKey, agreementKey } = device;
    const ask = async () =>
      (
        await call(server.address, 'POST', ROUTES.deviceCode, {
          json: { signingKey, agreementKey, name: 'x', platform: 'linux' },
        })
      ).json as { deviceCode: string; userCode: string };
    const { deviceCode, userCode } = await ask();
    const take = async (signer = device) =>
      call(server.address, 'POST', ROUTES.deviceToken, {
        json: { deviceCode, signature: signText(signer, `cairn device log-in v1\n${deviceCode}`) },
      });

    expect(refusalOf(await take()).code).toBe('pending');
    expect(refusalOf(await take()).code).toBe('rate');
    const approved = await call(server.address, 'POST', ROUTES.approve, {
      json: { userCode, email: EMAIL, password: ACCOUNT_PASSWORD },
    });
    expect(approved.status).toBe(200);
    expect(refusalOf(await take(newDevice())).code).toBe('unauthenticated');
    expect((await take()).status).toBe(200);
    expect(refusalOf(await take()).code).toBe('not-found');

    const late = await ask();
    server.clock.offsetMs = 11 * 60_000;
    const refused = await call(server.address, 'POST', ROUTES.approve, {
      json: { userCode: late.userCode, email: EMAIL, password: ACCOUNT_PASSWORD },
    });
    expect(refusalOf(refused).code).toBe('not-found');
  });

  it('logs in by the page in a browser, and shows nothing that was typed', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const { signingKey, agreementKey } = newDevice();
    const asked = await call(server.address, 'POST', ROUTES.deviceCode, {
      json: { signingKey, agreementKey, name: 'x', platform: 'linux' },
    });
    const { userCode } = asked.json as { userCode: string };
    const post = async (password: string) => {
      const response = await fetch(`${server.address}/device`, {
        method: 'POST',
        body: new URLSearchParams({ userCode, email: EMAIL, password }),
      });
      return { status: response.status, text: await response.text() };
    };

    const wrong = await post('<script>guess</script>');
    expect([wrong.status, wrong.text.includes('guess')]).toEqual([403, false]);
    expect((await post(ACCOUNT_PASSWORD)).text).toContain('let in');
  });

  it('counts a device once, however often it logs in', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const device = await logIn(server.address, EMAIL);
    for (let times = 0; times < 3; times += 1) await logIn(server.address, EMAIL, device);
    const store = await openStore({ dataFolder: server.folder, databaseUrl: null, onTrouble: () => undefined });

    const { device_count: count } = await store.db.selectFrom('users').select('device_count').executeTakeFirstOrThrow();

    await store.close();
    expect(count).toBe(1);
  });

  it('[S33] says who is too old, and hello needs no version', async () => {
    await using server = await startTestServer();
    const withVersion = async (version: string) =>
      refusalOf(await call(server.address, 'GET', ROUTES.account, { headers: { 'cairn-protocol': version } }));

    expect((await withVersion('0')).tooOld).toEqual({ side: 'client', oldest: 1, newest: 1 });
    expect((await withVersion('2')).tooOld).toEqual({ side: 'server', oldest: 1, newest: 1 });
    expect((await withVersion('x')).code).toBe('bad-request');
    const hello = await fetch(`${server.address}${ROUTES.hello}`);
    expect(helloAnswerSchema.parse(await hello.json()).protocol).toEqual({ oldest: 1, newest: 1 });
  });

  it('is alive, ready, and counts; strangers do not see the numbers', async () => {
    await using server = await startTestServer();
    const status = async (path: string, headers = {}) => (await call(server.address, 'GET', path, { headers })).status;

    expect([await status('/health'), await status('/ready'), await status('/metrics')]).toEqual([200, 200, 200]);
    expect(await status('/metrics', { 'x-forwarded-for': '203.0.113.7' })).toBe(404);
    const { bytes } = await call(server.address, 'GET', '/metrics');
    expect(bytes.toString()).toContain('cairn_requests_total{path="/health",method="GET",status="200"} 1');
  });

  it('makes no accounts where sign-up is closed', async () => {
    await using server = await startTestServer({ isSignUpOpen: false });

    const reply = await call(server.address, 'POST', ROUTES.signUp, {
      json: { email: EMAIL, password: ACCOUNT_PASSWORD },
    });

    expect(refusalOf(reply).code).toBe('forbidden');
  });

  it.each(['sqlite', 'postgres'] as const)('takes no character that is none, on %s', async (kind) => {
    const bin = findPostgres();
    if (kind === 'postgres' && bin === null) return;
    const postgres = kind === 'postgres' && bin !== null ? startPostgres(bin) : null;
    try {
      await using server = await startTestServer({ databaseUrl: postgres?.createDatabase() ?? null });
      const { address } = server;
      await signUp(address, EMAIL);
      const { accessToken: token, deviceId: device } = await logIn(address, EMAIL);
      const { signingKey, agreementKey } = newDevice();
      const ask = async (query: string) => {
        const { json } = await call(address, 'POST', ROUTES.graphql, {
          token,
          json: { query, variables: { n: 'a\u0000b' } },
        });
        return (json as { errors: { extensions: { code: string } }[] }).errors.map(({ extensions }) => extensions.code);
      };

      const refused = [
        await call(address, 'PATCH', pathOf('device', { device }), { token, json: { name: 'a\u0000b' } }),
        await call(address, 'POST', ROUTES.deviceCode, {
          json: { signingKey, agreementKey, name: 'a', platform: 'a\u0000b' },
        }),
      ];

      expect(refused.map(({ status }) => status)).toEqual([400, 400]);
      expect(await ask('mutation($n: String!) { createTeam(name: $n) { id } }')).toEqual(['BAD_USER_INPUT']);
      expect(await ask('mutation($n: String!) { joinTeam(code: $n) { id } }')).toEqual(['BAD_USER_INPUT']);
      // What is only looked for is not there, or is no id.
      const code = kind === 'sqlite' ? 'NOT_FOUND' : 'BAD_USER_INPUT';
      expect(await ask('mutation($n: ID!) { deleteWebhook(id: $n) }')).toEqual([code]);
    } finally {
      postgres?.close();
    }
  });

  it('writes no address, password, code or token to its log', async () => {
    await using server = await startTestServer();
    await signUp(server.address, EMAIL);
    const device = await logIn(server.address, EMAIL);
    await call(server.address, 'GET', `/v1/secret-path-${EMAIL}`, { token: device.accessToken });
    await call(server.address, 'POST', ROUTES.approve, {
      json: { userCode: 'BCDF2345', email: EMAIL, password: 'canary-password' },
    });

    const text = server.log.join('');
    for (const secret of [EMAIL, ACCOUNT_PASSWORD, 'canary', device.accessToken, device.refreshToken, 'secret-path'])
      expect(text.includes(secret)).toBe(false);
  });
});
