import { describe, expect, it } from 'vitest';

import { SessionStore } from '../../../src/core/sessions/session-store.ts';
import { made } from '../../support/secret-samples.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

const TOKEN = `ghp_${made(36)}`;

async function coreWithSession(): Promise<{ readonly core: FakeCore; readonly id: string }> {
  const core = new FakeCore();
  const store = new SessionStore({ vault: core.vault, sources: [], nowMs: () => core.nowMs });
  const { session } = await store.create({ externalId: 'talk', name: 'Login' });
  await store.addMessages(session.id, [{ id: 'm1', role: 'user', text: `use ${TOKEN}` }]);
  return { core, id: session.id };
}

describe('cairn sessions publish', () => {
  it('shows what leaves and asks; without an answer nothing leaves', async () => {
    const { core, id } = await coreWithSession();

    const shown = await runCairn(['sessions', 'publish', id, '--dry-run'], { core });
    const refused = await runCairn(['sessions', 'publish', id], { core });

    expect(shown.stdout).toContain('Taken out: 1 secret at 1 place.');
    expect(shown.stdout).toContain('The server can read what is published');
    expect(shown.stdout + shown.stderr).not.toContain(TOKEN);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(core.publishingServer.sessions.size).toBe(0);
  });

  it('publishes with --yes, lists, reads, continues and withdraws', async () => {
    const { core, id } = await coreWithSession();

    const published = await runCairn(['sessions', 'publish', id, '--to', 'Crew', '--until', '7d', '--yes', '--json'], {
      core,
    });
    const document = JSON.parse(published.stdout);
    const list = await runCairn(['sessions', 'published'], { core });
    const read = await runCairn(['sessions', 'read', document.published.id], { core });
    const taken = await runCairn(['sessions', 'continue', document.published.id], { core });
    const withdrawn = await runCairn(['sessions', 'withdraw', document.published.id], { core });

    expect(document.published).toMatchObject({ team: { name: 'Crew' }, version: 1 });
    expect(Date.parse(document.published.expiresAt)).toBeGreaterThan(core.nowMs);
    expect(list.stdout).toContain('Login\n  by you, to the team Crew, 1 message');
    expect(read.stdout).toContain('use [REDACTED:github-token:1]');
    expect(taken.stdout).toContain('Go on with `cairn chat --session');
    expect(withdrawn.exitCode).toBe(0);
    expect((await runCairn(['sessions', 'published'], { core })).stdout).toContain('Nothing is published');
  });

  it('says what a second publication changes: how long it stays, and that others keep theirs', async () => {
    const { core, id } = await coreWithSession();
    await runCairn(['sessions', 'publish', id, '--to', 'Crew', '--until', '7d', '--yes'], { core });

    const longer = await runCairn(['sessions', 'publish', id, '--to', 'Crew', '--dry-run'], { core });
    const own = await runCairn(['sessions', 'publish', id, '--to', 'me', '--dry-run'], { core });

    expect(longer.stdout).toContain('It takes the place of version 1, which ends');
    expect(longer.stdout).toContain('this one stays until it is withdrawn, unless you give --until.');
    expect(longer.stdout).not.toContain('What you published to a team before');
    expect(own.stdout).toContain('What you published to a team before stays there until it is withdrawn.');
  });

  it('says so where a team or a time makes no sense', async () => {
    const { core, id } = await coreWithSession();

    expect((await runCairn(['sessions', 'publish', id, '--to', 'Nobody', '--yes'], { core })).exitCode).toBe(4);
    expect((await runCairn(['sessions', 'publish', id, '--until', 'yesterday', '--yes'], { core })).exitCode).toBe(2);
    expect((await runCairn(['sessions', 'read', 'nothing'], { core })).exitCode).toBe(4);
  });

  it('lists teams', async () => {
    const { core } = await coreWithSession();

    expect((await runCairn(['teams', 'list'], { core })).stdout).toContain('Crew  owner  0123456789abcdef');
  });
});
