// The whole server: log-in, GraphQL, and what is left of a session's words anywhere on it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createSyncServer } from '../../../src/core/sync/http-server.ts';
import { SessionStore } from '../../../src/core/sessions/session-store.ts';
import { PublishingDesk } from '../../../src/core/sync/publishing/publishing-desk.ts';
import { FakeVault } from '../../support/fake-vault.ts';
import { aSession, SYNC } from '../../support/publishing-rig.ts';
import { made } from '../../support/secret-samples.ts';
import { call, logIn, signUp, startTestServer, type TestServer } from '../../support/sync-server.ts';

const NOW_MS = Date.UTC(2026, 0, 15);

/** Every byte of every file of the data folder, and all that was logged. */
function allBytes({ folder, log }: TestServer): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat([
    ...files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))),
    Buffer.from(log.join('\n')),
  ]);
}

describe('publishing on a running server', () => {
  it('[S22] leaves no word of a session in files, logs, metrics or errors', async () => {
    await using server = await startTestServer();
    await signUp(server.address, 'ann@example.org');
    const { accessToken: token } = await logIn(server.address, 'ann@example.org');
    const canary = `canary${made(14)}`;
    const ask = (query: string, variables: object) =>
      call(server.address, 'POST', '/graphql', { token, json: { query, variables } });
    const input = aSession({
      projectPath: `/home/${canary}`,
      summary: canary,
      messages: [{ role: 'user', content: `${canary} ghp_${made(36)}`, model: canary }],
      metadata: { [canary]: canary, deep: [{ canary }] },
    });

    const published = await ask(SYNC, { input });
    const listed = await ask('{ sessions { edges { node { summary messages { content } } } } }', {});
    const refused = [
      await ask(SYNC, { input: { ...input, sessionId: `${canary} ${canary}` } }),
      await ask(SYNC, { input: { ...input, messages: [{ role: canary, content: canary }] } }),
      await ask(SYNC, { input: { ...input, messages: canary } }),
      await ask(`mutation { syncSession(input: { summary: "${canary}" }) { secretsRedacted } }`, {}),
      await ask(`{ ${canary} }`, {}),
      await call(server.address, 'POST', '/graphql', {
        token,
        bytes: Buffer.from(canary),
        headers: { 'content-type': 'application/json' },
      }),
    ];
    await ask('mutation($p: String!) { mapProject(projectPath: $p) }', { p: `/home/${canary}` });
    const metrics = await call(server.address, 'GET', '/metrics');

    expect(published.bytes.toString()).toContain('"version":1');
    expect(listed.bytes.toString()).toContain(canary);
    expect(metrics.bytes.toString()).not.toContain(canary);
    for (const { bytes } of refused.slice(0, 3)) expect(bytes.toString()).not.toContain(canary);
    const bytes = allBytes(server);
    expect(bytes.length).toBeGreaterThan(10_000);
    for (const word of [
      canary,
      made(36),
      Buffer.from(canary).toString('base64').slice(0, 18),
      Buffer.from(canary).toString('hex'),
    ])
      expect(bytes.indexOf(word)).toBe(-1);
    // The search would find it: it finds what may be readable.
    expect(bytes.indexOf('a1b2c3d4e5f60718')).toBeGreaterThan(-1);
  });

  it('[S23] is closed to whoever is not logged in', async () => {
    await using server = await startTestServer();

    const answers = [
      await call(server.address, 'POST', '/graphql', { json: { query: '{ teams { id } }' } }),
      await call(server.address, 'POST', '/graphql', { json: { query: '{ teams { id } }' }, token: 'x'.repeat(43) }),
    ];

    for (const { status } of answers) expect(status).toBe(401);
    expect((await call(server.address, 'GET', '/graphql?query={teams{id}}')).status).toBeGreaterThanOrEqual(400);
  });

  it('is spoken to by the app over its own way to the server', async () => {
    await using server = await startTestServer();
    await signUp(server.address, 'ann@example.org');
    const { accessToken, refreshToken } = await logIn(server.address, 'ann@example.org');
    const tokens = { accessToken, refreshToken, accessUntilMs: Date.now() + 600_000 };
    const link = createSyncServer(
      { url: server.address, nowMs: () => Date.now() },
      { sign: async () => '', read: () => tokens, write: async () => undefined },
    );
    const store = new SessionStore({ vault: new FakeVault(), sources: [], nowMs: () => NOW_MS });
    const { session } = await store.create({ externalId: 'x', name: 'Login' });
    await store.addMessages(session.id, [{ id: 'm', role: 'user', text: `use ghp_${made(36)}` }]);
    const desk = new PublishingDesk({ store, link, isExcluded: async () => false });

    const { digest } = await desk.preview(session.id, undefined);
    const { session: published } = await desk.publish(session.id, { to: undefined, expiresAt: null, digest });

    expect(published).toMatchObject({ author: { name: 'ann@example.org' }, mine: true, version: 1 });
    expect((await desk.read(published.id)).messages[0]?.content).toBe('use [REDACTED:github-token:1]');
    await expect(desk.invite('0'.repeat(16), 'member')).rejects.toMatchObject({ code: 'PUBLISH_NOT_FOUND' });
  });
});
