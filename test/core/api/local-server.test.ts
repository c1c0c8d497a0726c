import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer } from 'node:net';
import { readFileSync, statSync, writeFileSync, chmodSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { provideApiToken } from '../../../src/core/api/local/api-token.ts';
import { startLocalServer, type LocalServer } from '../../../src/core/api/local/local-server.ts';
import { readRunningCaptures } from '../../../src/cli/remote/running-captures.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

let test: TestSession;
let server: LocalServer;
let token: string;

async function open(): Promise<void> {
  test = makeTestSession({ clock: systemClock });
  test.tmux.answer(async () => ({ items: [test.tmux.item('a')] }));
  await test.session.createVault(TEST_PASSWORD);
  server = await start(test);
  token = readFileSync(test.app.folder.apiToken, 'utf8').trim();
}

async function close(): Promise<void> {
  await server.close();
  await test[Symbol.asyncDispose]();
}

function start({ session, router }: TestSession, port = 0): Promise<LocalServer> {
  return startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  } & Record<string, unknown>;
}

/** Raw, so that a test can say whatever a hostile caller would. */
function call(
  method: string,
  path: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...options.headers };
    // A connection of its own: one that is kept could be cut by what another case has done.
    const address = { host: '127.0.0.1', port: server.port, agent: false };
    const request = httpRequest({ ...address, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.on('end', () => {
        const body = (text === '' ? {} : JSON.parse(text)) as Answer['body']; // ours is always a document
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the REST API', () => {
  beforeEach(open);
  afterEach(close);

  it('does what the names of the architecture say', async () => {
    const captured = await call('POST', '/api/snapshots', { headers: JSON_TYPE, body: '{}' });
    expect(captured).toMatchObject({ status: 200, body: { items: 1 } });
    const made = await call('POST', '/api/checkpoints', { headers: JSON_TYPE, body: '{"name":"one","tags":["x"]}' });
    expect(made).toMatchObject({ status: 200, body: { name: 'one', tags: ['x'], priority: 'normal', pinned: false } });
    const { id, snapshotId } = made.body as unknown as { id: string; snapshotId: string };
    const pinned = await call('PATCH', `/api/checkpoints/${id}`, { headers: JSON_TYPE, body: '{"pinned":true}' });
    expect(pinned).toMatchObject({ status: 200, body: { name: 'one', tags: ['x'], pinned: true } });
    const renamed = await call('PATCH', `/api/checkpoints/${id}`, { headers: JSON_TYPE, body: '{"name":"one"}' });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'one', tags: ['x'], pinned: true } });

    expect((await call('GET', '/api/snapshots?limit=1')).body).toMatchObject({
      snapshots: [{ id: snapshotId, checkpoint: { name: 'one' } }],
    });
    expect((await call('GET', '/api/snapshots/latest')).body).toMatchObject({ itemList: [{ title: 'a' }] });
    expect((await call('GET', `/api/snapshots/${snapshotId}/diff/latest`)).body).toMatchObject({
      added: [],
      removed: [],
    });
    expect((await call('GET', '/api/search?text=A')).body).toMatchObject({ hits: [{ title: 'a' }] });
    const narrowed = '/api/search?text=a&kinds=terminal&sources=tmux&since=2020-01-01T00:00:00.000Z&limit=5';
    expect((await call('GET', narrowed)).body).toMatchObject({ hits: [{ title: 'a', firstSeen: expect.any(String) }] });
    expect((await call('GET', '/api/search?text=a&kinds=window')).status).toBe(400);
    expect(
      (await call('PATCH', `/api/checkpoints/${id}`, { headers: JSON_TYPE, body: '{"pinned":true}' })).body,
    ).toMatchObject({ pinned: true, name: 'one' });
    expect((await call('GET', '/api/checkpoints')).body).toMatchObject({ checkpoints: [{ id, pinned: true }] });
    const plan = await call('POST', '/api/restore', {
      headers: JSON_TYPE,
      body: '{"snapshot":"latest","dryRun":true}',
    });
    expect(plan).toMatchObject({ status: 200, body: { undo: null } });
    const planFor = async (rest: object): Promise<unknown> =>
      call('POST', '/api/restore', {
        headers: JSON_TYPE,
        body: JSON.stringify({ snapshot: 'latest', dryRun: true, ...rest }),
      });
    expect(await planFor({ project: 'nowhere' })).toMatchObject({
      status: 404,
      body: { error: { code: 'ITEM_NOT_FOUND', message: expect.stringContaining('no project "nowhere"') } },
    });
    expect(await planFor({ project: 'nowhere', into: 'not/absolute' })).toMatchObject({
      status: 400,
      body: { error: { code: 'USAGE_INVALID' } },
    });
    expect(await planFor({ into: '/home/dev' })).toMatchObject({ status: 400 });
    expect(
      (await call('POST', '/api/checkpoints/batch-delete', { headers: JSON_TYPE, body: `{"ids":["${id}"]}` })).body,
    ).toEqual({ deleted: 1 });
    expect(await call('DELETE', `/api/checkpoints/${id}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'CHECKPOINT_NOT_FOUND' } },
    });
    expect((await call('GET', '/api/status')).body).toMatchObject({ vault: 'unlocked' });
    const described = await call('GET', '/api/openapi.json');
    expect(Object.keys(described.body['paths'] as object)).toEqual(
      expect.arrayContaining([
        '/checkpoints',
        '/checkpoints/{id}',
        '/checkpoints/batch-delete',
        '/snapshots/{id}/diff/{other}',
        '/restore',
        '/search',
        '/status',
      ]),
    );
  });

  it('answers a locked vault and things that are not there with sentences and a next step', async () => {
    expect(await call('GET', '/api/snapshots/0123456789abcdef')).toMatchObject({
      status: 404,
      body: { error: { code: 'SNAPSHOT_NOT_FOUND' } },
    });
    await test.session.lock();
    const locked = await call('GET', '/api/snapshots');
    expect(locked).toMatchObject({
      status: 423,
      body: { error: { code: 'VAULT_LOCKED', hint: expect.stringMatching(/password/) } },
    });
    const wrong = await call('POST', '/api/unlock', { headers: JSON_TYPE, body: '{"password":"something else"}' });
    expect(wrong).toMatchObject({ status: 403, body: { error: { code: 'VAULT_WRONG_PASSWORD' } } });
    expect(JSON.stringify(wrong.body)).not.toContain('something else');
  });
});

describe('callers that have no business here', () => {
  // One server for all of them: whatever one has done to it, the next one finds.
  beforeAll(open);
  afterAll(close);

  const refused = { status: 403, body: { error: { code: 'API_REFUSED' } } };

  it.each([
    ['no token', 'GET', '/api/status', { headers: { authorization: '' } }],
    ['a wrong token', 'GET', '/api/status', { headers: { authorization: `Bearer ${'x'.repeat(43)}` } }],
    ['another scheme', 'GET', '/api/status', { headers: { authorization: 'Basic Og==' } }],
    ['a foreign origin', 'GET', '/api/status', { headers: { origin: 'https://evil.example' } }],
    ['a null origin', 'GET', '/api/status', { headers: { origin: 'null' } }],
    ['another port of this machine', 'GET', '/api/status', { headers: { origin: 'http://127.0.0.1:1' } }],
    ['a rebinding name', 'GET', '/api/status', { headers: { host: 'evil.example' } }],
    ['a name that looks like ours', 'GET', '/api/status', { headers: { host: '127.0.0.1.evil.example' } }],
    ['a cross-site fetch', 'GET', '/api/status', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['a form post', 'POST', '/api/snapshots', { headers: { 'content-type': 'text/plain' }, body: '{}' }],
    [
      'a form',
      'POST',
      '/api/snapshots',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' },
    ],
    [
      'the bridge without a token',
      'POST',
      '/bridge/listCheckpoints',
      { headers: { ...JSON_TYPE, authorization: '' }, body: '{"arguments":[]}' },
    ],
    ['a hello without a challenge', 'GET', '/api/hello?challenge=x', {}],
  ])('refuses %s', async (_, method, path, options) => {
    const answer = await call(method, path, options);
    expect(answer).toMatchObject(refused);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('captured nothing for any of them', async () => {
    test.session.pause(null);
    await test.session.capture({ kind: 'manual' });
    const before = await test.session.unlocked().app.vault.listSnapshots({ limit: 100 });
    await call('POST', '/api/snapshots', { headers: { 'content-type': 'text/plain' }, body: '{}' });
    expect(await test.session.unlocked().app.vault.listSnapshots({ limit: 100 })).toHaveLength(before.length);
  });

  it('refuses what is too large, before it is read', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(2_000_000) });
    const answer = await call('POST', '/api/checkpoints', { headers: JSON_TYPE, body }).catch(() => null);
    // The connection may be cut while the caller still sends.
    if (answer !== null) expect(answer).toMatchObject({ status: 400, body: { error: { code: 'USAGE_INVALID' } } });
    expect((await call('GET', '/api/status')).status).toBe(200);
  });

  it.each([
    ['no JSON', '{'],
    ['another shape', '{"name":42}'],
    ['nothing', ''],
    ['a list', '[]'],
    ['deep nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['a prototype', '{"__proto__":{"name":"x"}}'],
  ])('answers %s clearly', async (_, body) => {
    const answer = await call('POST', '/api/checkpoints', { headers: JSON_TYPE, body });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'USAGE_INVALID', hint: expect.stringMatching(/\S/) });
    expect((await call('GET', '/api/status')).status).toBe(200);
  });

  it('survives bytes that are no HTTP, and addresses that are no paths', async () => {
    for (const bytes of [
      '\u0000\u0001\u0002\r\n\r\n',
      'GET /api/status\r\n\r\n',
      `GET ${'/x'.repeat(50_000)} HTTP/1.1\r\n\r\n`,
      'GET //// HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes));
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    expect((await call('GET', '/api/status')).status).toBe(200);
    expect(await call('GET', '/etc/passwd')).toMatchObject({ status: 404 });
    expect(await call('GET', '/api/%2e%2e/%2e%2e/etc/passwd')).toMatchObject({ status: 404 });
  });
});

describe('the server', () => {
  beforeEach(open);
  afterEach(close);

  it('answers a thousand calls at once: some are told to wait, none hangs, and the app lives', async () => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => call('GET', '/api/status')));
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 429]));
    expect(answers.find(({ status }) => status === 429)?.body.error?.hint).toMatch(/wait/i);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await call('GET', '/api/status')).status).toBe(200);
  });

  it('listens on the loopback interface and nowhere else', () => {
    const hexPort = server.port.toString(16).toUpperCase().padStart(4, '0');
    const listening = ['/proc/net/tcp', '/proc/net/tcp6']
      .flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${hexPort}`));
    expect(listening.map(([, local]) => local)).toEqual([`0100007F:${hexPort}`]);
  });

  it('says where it is in a private file, and no longer once it has ended', async () => {
    expect(JSON.parse(readFileSync(test.app.folder.running, 'utf8'))).toMatchObject({ port: server.port });
    expect(statSync(test.app.folder.running).mode & 0o077).toBe(0);
    expect(statSync(test.app.folder.apiToken).mode & 0o077).toBe(0);
    await server.close();
    expect(JSON.parse(readFileSync(test.app.folder.running, 'utf8'))).not.toHaveProperty('port');
  });

  it('makes a new token where others could have read the old one', () => {
    chmodSync(test.app.folder.apiToken, 0o644);
    expect(provideApiToken(test.app.folder.apiToken)).not.toBe(token);
    writeFileSync(test.app.folder.apiToken, 'short\n', { mode: 0o600 });
    expect(provideApiToken(test.app.folder.apiToken)).toMatch(/^[\w-]{43}$/);
  });

  it('says which port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(start(test, port)).rejects.toMatchObject({ code: 'USAGE_INVALID', message: `Port ${port} is taken.` });
    other.close();
  });
});

describe('a restore of the command line', () => {
  beforeEach(open);
  afterEach(close);

  const isRestoring = async (wanted: boolean): Promise<void> => {
    for (let tries = 0; tries < 300 && test.session.isRestoring !== wanted; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(test.session.isRestoring).toBe(wanted);
  };

  it('keeps the vault from being locked until the caller hangs up', async () => {
    const headers = { authorization: `Bearer ${token}`, ...JSON_TYPE };
    const end = new AbortController();
    const url = `http://127.0.0.1:${server.port}/bridge/holdRestore`;
    const held = await fetch(url, { method: 'POST', headers, body: '{"arguments":[]}', signal: end.signal });
    const first = await held.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toContain('progress');
    await isRestoring(true);
    expect(await call('POST', '/api/lock')).toMatchObject({ status: 409, body: { error: { code: 'VAULT_BUSY' } } });
    end.abort();
    await isRestoring(false);
    expect((await call('POST', '/api/lock')).status).toBe(200);
  });
});

describe('readRunningCaptures()', () => {
  beforeEach(open);
  afterEach(close);

  it('tells how the running app captures, its vault open or locked; nothing once it has ended', async () => {
    const read = () => readRunningCaptures(test.app.folder, () => true);

    expect(await read()).toMatchObject({ shell: 'serve', capture: { isLate: false } });
    await test.session.lock();
    expect(await read()).toMatchObject({ shell: 'serve', capture: { state: 'locked-writing' } });
    await server.close();
    expect(await read()).toBeNull();
    server = await start(test);
  });
});
