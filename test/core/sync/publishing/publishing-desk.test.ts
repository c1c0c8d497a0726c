import { describe, expect, it } from 'vitest';

import { SessionStore } from '../../../../src/core/sessions/session-store.ts';
import type { Session } from '../../../../src/core/sessions/session.ts';
import { PublishingDesk } from '../../../../src/core/sync/publishing/publishing-desk.ts';
import type { ServerLink } from '../../../../src/core/sync/publishing/server-link.ts';
import { FakePublishingServer } from '../../../support/fake-publishing.ts';
import { FakeVault } from '../../../support/fake-vault.ts';
import { made } from '../../../support/secret-samples.ts';

const TOKEN = `ghp_${made(36)}`;

interface Rig {
  readonly desk: PublishingDesk;
  readonly store: SessionStore;
  readonly server: FakePublishingServer;
  readonly session: Session;
}

async function openRig(options: { readonly link?: ServerLink; readonly isExcluded?: boolean } = {}): Promise<Rig> {
  const server = new FakePublishingServer();
  const store = new SessionStore({ vault: new FakeVault(), sources: [], nowMs: () => 1_768_478_400_000 });
  const { session } = await store.create({ externalId: 'talk', name: 'Login', folder: '/home/ann/app' });
  await store.addMessages(session.id, [
    { id: 'm1', role: 'user', text: `my token is ${TOKEN}, why?` },
    { id: 'm2', role: 'assistant', text: `never show ${TOKEN}` },
  ]);
  const desk = new PublishingDesk({
    store,
    link: options.link ?? server,
    isExcluded: async () => options.isExcluded ?? false,
  });
  return { desk, store, server, session: await store.get(session.id) };
}

describe('PublishingDesk', () => {
  it('[S21] shows what would be taken out before anything leaves', async () => {
    const { desk, server, session } = await openRig();

    const preview = await desk.preview(session.id, undefined);

    expect(preview).toMatchObject({
      session: { id: session.id, name: 'Login' },
      to: { team: null },
      messageCount: 2,
      secrets: 1,
      places: 2,
      published: null,
      findings: [
        {
          rule: 'github-token',
          number: 1,
          masked: 'ghp_…, 40 characters',
          count: 2,
          places: ['message 1', 'message 2'],
          contexts: ['my token is [REDACTED:github-token:1], why?', 'never show [REDACTED:github-token:1]'],
        },
      ],
    });
    expect(JSON.stringify(preview) + server.received.join('')).not.toContain(TOKEN);
  });

  it('publishes exactly what was shown, without its secrets', async () => {
    const { desk, server, session } = await openRig();
    const { digest } = await desk.preview(session.id, undefined);

    const outcome = await desk.publish(session.id, { to: undefined, expiresAt: null, digest });

    expect(outcome).toMatchObject({ secrets: 1, secretsFoundByServer: 0, session: { version: 1, mine: true } });
    expect(server.received.join('')).not.toContain(TOKEN);
    expect((await desk.read(outcome.session.id)).messages[0]?.content).toBe(
      'my token is [REDACTED:github-token:1], why?',
    );
    expect((await desk.list({ limit: 10 })).sessions).toHaveLength(1);
    expect((await desk.preview(session.id, undefined)).published?.version).toBe(1);
  });

  it('publishes nothing where the session went on since it was shown', async () => {
    const { desk, server, store, session } = await openRig();
    const { digest } = await desk.preview(session.id, undefined);
    await store.addMessages(session.id, [{ id: 'm3', role: 'user', text: 'one more' }]);

    const publishing = desk.publish(session.id, { to: undefined, expiresAt: null, digest });

    await expect(publishing).rejects.toMatchObject({ code: 'PUBLISH_CONFLICT' });
    expect(server.sessions.size).toBe(0);
  });

  it("publishes nothing that the user's rules hide", async () => {
    const { desk, server, session } = await openRig({ isExcluded: true });

    await expect(desk.preview(session.id, undefined)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(server.received).toEqual([]);
  });

  it('takes a published session into its own, once', async () => {
    const { desk, session, store } = await openRig();
    const { digest } = await desk.preview(session.id, undefined);
    const { session: published } = await desk.publish(session.id, { to: undefined, expiresAt: null, digest });

    const taken = await desk.continueHere(published.id);
    const again = await desk.continueHere(published.id);

    expect(taken).toMatchObject({
      tool: 'chat',
      name: 'Login',
      messageCount: 2,
      details: { publishedBy: 'ann@example.org' },
    });
    expect(again.id).toBe(taken.id);
    expect(taken.id).not.toBe(session.id);
    expect((await store.allMessages(taken.id)).map(({ text }) => text)).toEqual([
      'my token is [REDACTED:github-token:1], why?',
      'never show [REDACTED:github-token:1]',
    ]);
  });

  it('withdraws, and then there is nothing', async () => {
    const { desk, session } = await openRig();
    const { digest } = await desk.preview(session.id, undefined);
    const { session: published } = await desk.publish(session.id, { to: undefined, expiresAt: null, digest });

    await desk.withdraw(published.id);

    await expect(desk.read(published.id)).rejects.toMatchObject({ code: 'PUBLISH_NOT_FOUND' });
  });

  it.each([
    ['no JSON object', 'words'],
    ['data of another shape', { data: { teams: [{ id: 7 }] } }],
    ['an error of another shape', { errors: [{ message: 'x' }] }],
  ])('believes no server that answers with %s', async (_, answer) => {
    const { desk } = await openRig({ link: { ask: async () => answer } });

    await expect(desk.teams()).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
  });

  it("passes the server's own words on", async () => {
    const error = { code: 'PUBLISH_REFUSED', message: 'Only an owner may.', hint: 'Ask one.', retryable: false };
    const { desk } = await openRig({
      link: { ask: async () => ({ errors: [{ message: 'x', extensions: { error } }] }) },
    });

    await expect(desk.teams()).rejects.toMatchObject({ code: 'PUBLISH_REFUSED', message: 'Only an owner may.' });
  });
});
