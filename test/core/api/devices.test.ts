// Two apps that share a vault over a real server, as they run: what is done in one is there in the other, without a word.

import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connect } from '../../../src/cli/remote/connect.ts';
import { startLocalServer, type LocalServer } from '../../../src/core/api/local/local-server.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { setConfigValueSync } from '../../../src/core/config/config.ts';
import { readExclusionRules, writeExclusionRules } from '../../../src/core/config/exclusion-settings.ts';
import { joinReplica } from '../../../src/core/create-sync.ts';
import { scanSecrets } from '../../../src/core/secrets/scan-secrets.ts';
import { startTestServer, type TestServer } from '../../support/sync-server.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

const ACCOUNT = { email: 'ann@example.org', password: 'account password 1' };

describe('two apps that share a vault', () => {
  let server: TestServer;
  const apps: { readonly test: TestSession; readonly local: LocalServer; readonly token: string }[] = [];

  const call = async (at: number, method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const app = apps[at];
    const response = await fetch(`http://127.0.0.1:${app?.local.port}/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${app?.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>; // ours is always a document
  };
  const serve = async (test: TestSession): Promise<void> => {
    const { session, router, app } = test;
    const local = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
    apps.push({ test, local, token: readFileSync(app.folder.apiToken, 'utf8').trim() });
  };
  const laptop = (): TestSession => apps[0]?.test ?? fail();
  const desktop = (): TestSession => apps[1]?.test ?? fail();
  const fail = (): never => {
    throw new RangeError('both were started');
  };

  beforeAll(async () => {
    server = await startTestServer();
    const first = makeTestSession({ clock: systemClock });
    await first.session.createVault(TEST_PASSWORD);
    await serve(first);
    await call(0, 'POST', '/sync/login', { server: server.address, ...ACCOUNT, signUp: true, deviceName: 'laptop' });
    await call(0, 'POST', '/sync/now', {});
    const second = makeTestSession({ clock: systemClock });
    await joinReplica(second.app, {
      server: server.address,
      account: ACCOUNT,
      deviceName: 'desktop',
      secret: { type: 'password', text: TEST_PASSWORD },
      signal: new AbortController().signal,
      onCode: () => undefined,
      onWords: () => undefined,
      isSameWords: async () => true,
    });
    await second.session.unlock({ type: 'password', text: TEST_PASSWORD });
    await serve(second);
  });

  afterAll(async () => {
    for (const { test, local } of apps) {
      await local.close();
      await test[Symbol.asyncDispose]();
    }
    await server[Symbol.asyncDispose]();
  });

  it('[S10] a session that was pushed into one is listed, read and found in the other', async () => {
    const push = { slug: 'plan', title: 'The plan', project: 'api', folder: '/srv/api' };
    const { id } = await call(0, 'POST', '/sessions', push);
    await call(0, 'POST', `/sessions/${String(id)}/messages`, { role: 'user', content: 'Where is the lantern?' });

    await expect
      .poll(async () => (await call(1, 'GET', '/sessions/The%20plan?device=laptop'))['messages'], { timeout: 20_000 })
      .toMatchObject([{ role: 'user', content: 'Where is the lantern?' }]);
    expect(await call(1, 'GET', '/sessions?device=laptop')).toMatchObject({ sessions: [{ name: 'The plan' }] });
    expect(await call(1, 'GET', '/sessions')).toEqual({ sessions: [] });
    expect(await call(1, 'GET', '/search?text=lantern&device=laptop')).toMatchObject({
      sessions: [{ name: 'The plan' }],
    });
    expect(await call(1, 'GET', '/sessions?device=nobody')).toMatchObject({ error: { code: 'DEVICE_NOT_FOUND' } });
  });

  it('a secret of what one captured is found by a command beside the other', async () => {
    const token = ['ghp', `Zx9${'Qw3rT7yU'.repeat(4)}k`].join('_');
    const push = { slug: 'deploy', title: 'Deploy', project: 'api', folder: '/srv/api' };
    const { id } = await call(0, 'POST', '/sessions', push);
    await call(0, 'POST', `/sessions/${String(id)}/messages`, { role: 'user', content: `use ${token}` });
    const open = await connect(desktop().app, () => true);
    const laptopId = (await open?.sync?.devices())?.find(({ isThis }) => !isThis)?.id ?? fail();
    const vault = (await open?.history?.(laptopId)) ?? fail();
    const device = { id: laptopId, name: 'laptop', state: 'active', wasThis: false } as const;

    const scan = () => scanSecrets(open?.vault ?? fail(), { others: [{ device, vault }] });

    await expect
      .poll(async () => (await scan()).findings, { timeout: 20_000 })
      .toMatchObject([{ rule: 'github-token', count: 0, others: [{ device, count: 1, messages: [{ session: id }] }] }]);
  });

  it('[S32] a command beside one logs it in again by a code', async () => {
    const { sync } = (await connect(laptop().app, () => true)) ?? fail();
    const code = (await sync?.requestCode({ server: server.address })) ?? fail();
    expect(await sync?.checkCode()).toBe(false);
    const { userCode } = code;
    await fetch(code.address, { method: 'POST', body: new URLSearchParams({ userCode, ...ACCOUNT }) });

    expect(await sync?.checkCode()).toBe(true);

    expect(await call(0, 'POST', '/sync/now', {})).toMatchObject({ isOn: true, account: { email: ACCOUNT.email } });
  });

  it('[S7] a rule and a retention that were set in one count in the other', async () => {
    const { app, session } = laptop();
    const context = { environment: app.exclusionEnvironment, sourceIds: app.configPlace.sourceIds };
    const { vault } = session.unlocked().app;
    await writeExclusionRules(vault, { kind: 'urls', rules: ['bank.example'] }, context);
    setConfigValueSync(app.configPlace, 'retention.dailyDays', '60');
    await call(0, 'POST', '/sync/now', {});

    const there = desktop();
    await expect.poll(() => there.app.readConfig().retention.dailyDays, { timeout: 20_000 }).toBe(60);
    expect((await readExclusionRules(there.session.unlocked().app.vault)).urls).toEqual(['bank.example']);
    expect(there.events).toContainEqual({ type: 'settings.changed' });
  });
});
