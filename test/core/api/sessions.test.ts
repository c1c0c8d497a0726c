// Sessions over REST, on a real vault: pushes that may be repeated, limits, imports, a locked vault.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startLocalServer, type LocalServer } from '../../../src/core/api/local/local-server.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeTestSession, type TestSession } from '../../support/test-session.ts';
import { TEST_PASSWORD } from '../../support/test-vault.ts';

let test: TestSession;
let server: LocalServer;
let token: string;

beforeEach(async () => {
  test = makeTestSession({ clock: systemClock });
  await test.session.createVault(TEST_PASSWORD);
  const { session, router } = test;
  server = await startLocalServer({ session, router, version: '0.0.0', pid: 1_000_001, port: 0 });
  token = readFileSync(test.app.folder.apiToken, 'utf8').trim();
});
afterEach(async () => {
  await server.close();
  await test[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.port}/api${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }; // ours is always a document
}

const push = (more: object = {}) =>
  call('POST', '/sessions', {
    slug: '2026-01-01_x_abc',
    title: 'One',
    project: 'api',
    folder: '/srv/api',
    status: 'active',
    ...more,
  });

describe('/api/sessions', () => {
  it('takes a push once, however often it comes', async () => {
    const made = await push();
    expect(made).toMatchObject({
      status: 200,
      body: { isNew: true, name: 'One', project: 'api', folder: '/srv/api', status: 'active', messageCount: 0 },
    });

    const again = await push({ status: 'complete', title: 'One more' });
    const byName = await call('POST', '/sessions', { slug: '2026-01-01_x_abc', project: 'api', model: 'm' });

    const { id } = made.body;
    expect(again.body).toMatchObject({ isNew: false, id, status: 'complete', name: 'One more' });
    expect(byName.body).toMatchObject({ isNew: false, id, model: 'm', name: 'One more', folder: '/srv/api' });
    expect((await call('GET', '/sessions')).body).toMatchObject({ sessions: [{ id, name: 'One more' }] });
    expect((await push({ project: 'web', folder: '/srv/web' })).body['id']).not.toBe(id);
    expect(test.events.some(({ type }) => type === 'sessions.changed')).toBe(true);
  });

  it('takes messages, alone or together, each once', async () => {
    const { id } = (await push()).body;
    const one = { role: 'user', content: 'How does it work?', messageId: 'm1', at: '2026-01-01T10:00:00.000Z' };
    expect((await call('POST', `/sessions/${String(id)}/messages`, one)).body).toEqual({
      id,
      saved: 1,
      messageCount: 1,
    });
    const messages = [
      { id: 'm1', role: 'user', content: 'How does it work?' },
      { id: 'm2', role: 'assistant', content: 'Well.', model: 'gpt' },
    ];
    expect((await call('POST', `/sessions/${String(id)}/messages`, { messages })).body).toEqual({
      id,
      saved: 1,
      messageCount: 2,
    });

    const read = await call('GET', `/sessions/${String(id).slice(0, 8)}?messages=1`);
    expect(read.body).toMatchObject({
      preview: 'How does it work?',
      messageCount: 2,
      firstIndex: 1,
      messages: [{ id: 'm2', role: 'assistant', content: 'Well.', model: 'gpt' }],
    });
  });

  it('filters, changes and deletes', async () => {
    const { id } = (await push()).body;
    await push({ slug: 'other', project: 'web', folder: '/srv/web' });

    expect((await call('GET', '/sessions?project=web')).body).toMatchObject({ sessions: [{ project: 'web' }] });
    expect((await call('GET', '/sessions?limit=1')).body['sessions']).toHaveLength(1);
    expect((await call('PATCH', `/sessions/${String(id)}`, { name: 'Mine', pinned: true })).body).toMatchObject({
      name: 'Mine',
      pinned: true,
    });
    expect((await push({ title: 'Theirs' })).body).toMatchObject({ name: 'Mine' });
    expect((await call('DELETE', `/sessions/${String(id)}`)).body).toEqual({ deleted: 1 });
    expect(await call('GET', `/sessions/${String(id)}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'SESSION_NOT_FOUND' } },
    });
    expect(await call('DELETE', `/sessions/${String(id)}`)).toMatchObject({ status: 404 });
  });

  it.each([
    ['nothing', {}],
    ['no name', { title: 'x', project: 'api' }],
    ['a relative folder', { slug: 'x', folder: 'here' }],
    ['a tool that is no word', { externalId: 'x', tool: '../x' }],
    ['a long title', { slug: 'x', title: 'x'.repeat(301) }],
  ])('refuses a push with %s', async (_, body) => {
    expect(await call('POST', '/sessions', body)).toMatchObject({
      status: 400,
      body: { error: { code: 'USAGE_INVALID' } },
    });
    expect((await call('GET', '/sessions')).body).toEqual({ sessions: [] });
  });

  it('refuses messages that are too large or of no role', async () => {
    const { id } = (await push()).body;
    const path = `/sessions/${String(id)}/messages`;

    expect((await call('POST', path, { role: 'user', content: 'x'.repeat(900_001) })).status).toBe(400);
    expect((await call('POST', path, { role: 'robot', content: 'x' })).status).toBe(400);
    expect((await call('POST', path, { messages: [] })).status).toBe(400);
    expect((await call('POST', path, { role: 'user', content: 'x'.repeat(900_000) })).body).toMatchObject({ saved: 1 });
    expect((await call('POST', '/sessions/0123456789abcdef/messages', { role: 'user', content: 'x' })).status).toBe(
      404,
    );
  });

  it('says that the vault is locked', async () => {
    await push();
    await test.session.lock();

    for (const answer of [await push(), await call('GET', '/sessions')])
      expect(answer).toMatchObject({ status: 423, body: { error: { code: 'VAULT_LOCKED' } } });
  });
});

describe('/api/projects/{id}/import-sessions', () => {
  it('imports by folder and then by name, and keeps what it imported in step', async () => {
    using folder = makeTemporaryFolder();
    const project = join(folder.path, 'shop');
    cpSync(fileURLToPath(new URL('../../fixtures/agent-sessions/v1', import.meta.url)), project, { recursive: true });
    const path = `/projects/${encodeURIComponent(project)}/import-sessions`;

    expect((await call('POST', path, { dryRun: true })).body).toMatchObject({
      dryRun: true,
      sessions: [{ action: 'new' }],
    });
    expect((await call('GET', '/sessions')).body).toEqual({ sessions: [] });
    expect((await call('POST', path, {})).body).toMatchObject({
      sessions: [{ action: 'new', title: 'Overhaul sessions' }],
    });
    expect((await call('POST', '/projects/shop/import-sessions', {})).body).toMatchObject({
      dryRun: false,
      sessions: [{ action: 'unchanged' }],
    });
    expect(await call('POST', '/projects/nothing/import-sessions', {})).toMatchObject({ status: 404 });
    const [{ id }] = (await call('GET', '/sessions')).body['sessions'] as [{ id: string }];
    const pushed = await call('POST', '/sessions', {
      slug: '2026-01-12_overhaul_k9m2x7',
      project: 'shop',
      status: 'failed',
    });
    expect(pushed.body).toMatchObject({ id, isNew: false });

    const state = join(project, 'agents', 'sessions', '2026-01-12_overhaul_k9m2x7', 'state.json');
    writeFileSync(state, readFileSync(state, 'utf8').replace('Overhaul sessions', 'Overhaul everything'));
    const nameOf = async () => ((await call('GET', `/sessions/${id}`)).body as { name: string }).name;
    await expect.poll(nameOf, { timeout: 10_000 }).toBe('Overhaul everything');
  });
});
