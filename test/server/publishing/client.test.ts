// The app's side against the real server: what the fake of the other tests stands for.

import { describe, expect, it } from 'vitest';

import { SessionStore } from '../../../src/core/sessions/session-store.ts';
import { PublishingDesk } from '../../../src/core/sync/publishing/publishing-desk.ts';
import { FakeVault } from '../../support/fake-vault.ts';
import { openPublishingRig, RIG_START_MS, type PublishingRig } from '../../support/publishing-rig.ts';
import { made } from '../../support/secret-samples.ts';
import { openTestSqlite } from '../../support/server-store.ts';

function deskOf(rig: PublishingRig, userId: string): { readonly desk: PublishingDesk; readonly store: SessionStore } {
  const store = new SessionStore({ vault: new FakeVault(), sources: [], nowMs: () => RIG_START_MS });
  const desk = new PublishingDesk({
    store,
    isExcluded: async () => false,
    link: { ask: async (question) => (await rig.send(userId, JSON.stringify(question))).json() as Promise<unknown> },
  });
  return { desk, store };
}

describe('the app and a real server', () => {
  it('share a session with a team: published, read, continued, withdrawn', async () => {
    await using rig = await openPublishingRig(await openTestSqlite());
    const ann = deskOf(rig, 'ann');
    const bob = deskOf(rig, 'bob');
    const team = await ann.desk.createTeam('Crew');
    const { code } = await ann.desk.invite(team.id, 'member');
    expect((await bob.desk.joinTeam(code)).role).toBe('member');
    await ann.desk.mapProject('/home/ann/app', team.id);
    expect(await ann.desk.projects()).toEqual([{ projectPath: '/home/ann/app', team: team.id }]);
    const { session } = await ann.store.create({
      externalId: 'x',
      name: 'Login',
      folder: '/home/ann/app',
      provider: 'openai',
    });
    await ann.store.addMessages(session.id, [
      { id: 'm1', role: 'user', text: `key ghp_${made(36)}` },
      { id: 'm2', role: 'assistant', text: 'no' },
    ]);

    const preview = await ann.desk.preview(session.id, undefined);
    expect(preview).toMatchObject({ to: { team: { id: team.id, name: 'Crew' } }, secrets: 1, published: null });
    const outcome = await ann.desk.publish(session.id, { to: undefined, expiresAt: null, digest: preview.digest });

    expect(outcome).toMatchObject({ secrets: 1, secretsFoundByServer: 0, session: { redactions: 1, messageCount: 2 } });
    expect((await ann.desk.preview(session.id, undefined)).published?.version).toBe(1);
    const [seen] = (await bob.desk.list({ limit: 10 })).sessions;
    expect(seen).toMatchObject({
      mine: false,
      author: { name: 'ann@example.org' },
      team: { name: 'Crew' },
      project: '/home/ann/app',
    });
    const taken = await bob.desk.continueHere(seen?.id ?? '');
    expect((await bob.store.allMessages(taken.id)).map(({ text }) => text)).toEqual([
      'key [REDACTED:github-token:1]',
      'no',
    ]);
    expect((await bob.desk.members(team.id)).map(({ name, role, me }) => ({ name, role, me }))).toEqual([
      { name: 'ann@example.org', role: 'owner', me: false },
      { name: 'bob@example.org', role: 'member', me: true },
    ]);
    await expect(bob.desk.withdraw(seen?.id ?? '')).rejects.toMatchObject({ code: 'PUBLISH_NOT_FOUND' });
    await ann.desk.withdraw(seen?.id ?? '');
    await expect(bob.desk.read(seen?.id ?? '')).rejects.toMatchObject({ code: 'PUBLISH_NOT_FOUND' });
    await ann.desk.setRole(team.id, 'bob', 'owner');
    await ann.desk.removeMember(team.id, 'ann');
    expect(await ann.desk.teams()).toEqual([]);
  });

  it('never lets an older state replace a newer one', async () => {
    await using rig = await openPublishingRig(await openTestSqlite());
    const [laptop, desktop] = [deskOf(rig, 'ann'), deskOf(rig, 'ann')];
    for (const [{ store }, updatedAtMs] of [
      [laptop, RIG_START_MS],
      [desktop, RIG_START_MS - 60_000],
    ] as const)
      await store.create({ externalId: 'x', name: 'Login', createdAtMs: RIG_START_MS - 120_000, updatedAtMs });
    const [session] = await laptop.store.list();
    const reference = session?.id ?? '';
    const publish = async ({ desk }: { readonly desk: PublishingDesk }) =>
      desk.publish(reference, { to: 'me', expiresAt: null, digest: (await desk.preview(reference, 'me')).digest });

    await publish(laptop);

    await expect(publish(desktop)).rejects.toMatchObject({ code: 'PUBLISH_CONFLICT' });
  });
});
