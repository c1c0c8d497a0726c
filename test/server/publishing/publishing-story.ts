// What publishing does, told once and run on every database.

import { randomBytes } from 'node:crypto';

import type { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';

import { verifyAllAudits } from '../../../src/server/publishing/administer-publishing.ts';
import { resealSessions } from '../../../src/server/publishing/published-sessions.ts';
import { parseServerKeys } from '../../../src/server/encryption/server-keys.ts';
import type { OwnerId } from '../../../src/server/publishing/tables.ts';
import { up as addPublishedQuota } from '../../../src/server/store/migrations/0040-published-quota.ts';
import type { Store } from '../../../src/server/store/store.ts';
import { aSession, openPublishingRig, type GraphqlAnswer } from '../../support/publishing-rig.ts';
import { made } from '../../support/secret-samples.ts';

const LIST = `query($first: Int, $after: String) { sessions(first: $first, after: $after) {
  edges { cursor node { id sessionId summary } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
const READ =
  'query($id: ID!) { session(id: $id) { id summary projectPath version metadata messages { role content at model } author { id name } mine } }';
const WITHDRAW = 'mutation($id: ID!) { withdrawSession(id: $id) { session { id } } }';
const HOUR_MS = 3_600_000;

export function tellPublishingStory(name: string, openStore: () => Promise<Store>): void {
  describe(`publishing on ${name}`, () => {
    it('[S20] publishes, lists and reads a session; the same again is its next version', async () => {
      await using rig = await openPublishingRig(await openStore());

      const first = await rig.publish('ann');
      const second = await rig.publish('ann', { summary: 'Fixed the login' });

      expect(first.errors).toEqual([]);
      expect(first.data.syncSession).toMatchObject({
        session: { sessionId: 'a1b2c3d4e5f60718', version: 1, messageCount: 2, mine: true, team: null, redactions: 0 },
        secretsRedacted: 0,
      });
      expect(second.data.syncSession.session).toMatchObject({ id: first.data.syncSession.session.id, version: 2 });
      const list = await rig.ask('ann', LIST);
      expect(list.data.sessions.edges.map(({ node }) => node.summary)).toEqual(['Fixed the login']);
      const read = await rig.ask('ann', READ, { id: first.data.syncSession.session.id });
      expect(read.data.session).toMatchObject({
        summary: 'Fixed the login',
        projectPath: '/home/ann/src/app',
        metadata: { tool: 'chat' },
        author: { id: 'ann', name: 'ann@example.org' },
        messages: [
          { role: 'user', content: 'why does it fail?', at: null, model: null },
          { role: 'assistant', content: 'the cookie is not set', at: '2026-01-15T10:00:00.000Z', model: 'a-model' },
        ],
      });
    });

    it('[S21] takes secrets out of every part, and counts them', async () => {
      await using rig = await openPublishingRig(await openStore());
      const token = `ghp_${made(36)}`;
      const password = `${made(10)}!x`;

      const { data, text } = await rig.publish('ann', {
        summary: `with ${token}`,
        messages: [{ role: 'user', content: `${token} and DB_PASSWORD=${password}` }],
        metadata: { env: { password }, list: [`npm_${made(36)}`] },
      });

      expect(data.syncSession).toMatchObject({ secretsRedacted: 3, placesRedacted: 5, session: { redactions: 5 } });
      const read = await rig.ask('ann', READ, { id: data.syncSession.session.id });
      for (const secret of [token, password, made(36)]) expect(text + read.text).not.toContain(secret);
      expect(read.data.session?.messages[0]?.content).toMatch(
        /^\[REDACTED:github-token:1\] and DB_PASSWORD=\[REDACTED:assignment:\d\]$/,
      );
    });

    it('[S20] stores nothing where the search does not end in time', async () => {
      await using rig = await openPublishingRig(await openStore(), { redaction: { limitMs: 1, threads: 1 } });

      const answer = await rig.publish('ann', { messages: [{ role: 'user', content: 'x '.repeat(200_000) }] });

      expect(answer.errors[0]?.extensions.error?.code).toBe('PUBLISH_REDACTION_FAILED');
      expect(await rig.store.db.selectFrom('published_sessions').selectAll().execute()).toEqual([]);
      expect(await rig.store.db.selectFrom('audit_entries').select('outcome').execute()).toEqual([
        { outcome: 'refused' },
      ]);
    });

    it('keeps an account within its quota, wherever and however many it publishes at once', async () => {
      await using rig = await openPublishingRig(await openStore(), { maxBytes: 20_000 });
      const team = await rig.makeTeam('ann', 'bob');
      const usedBy = async (userId: string) => {
        const { db } = rig.store;
        const row = await db.selectFrom('published_usage').selectAll().where('user_id', '=', userId).executeTakeFirst();
        const rows = await db
          .selectFrom('published_sessions')
          .select('size_bytes')
          .where('author_id', '=', userId)
          .execute();
        expect(row?.used_bytes ?? 0).toBe(rows.reduce((sum, { size_bytes }) => sum + size_bytes, 0));
        return row?.used_bytes ?? 0;
      };
      const large = (sessionId: string, length = 6_000) => ({
        sessionId,
        team: sessionId === 's1' ? team : 'me',
        messages: [{ role: 'user', content: randomBytes(length / 2).toString('hex') }],
      });

      const ids = Array.from({ length: 6 }, (_, at) => `s${at}`);
      const answers = await Promise.all(ids.map((id) => rig.publish('ann', large(id))));
      const refused = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions));
      const stored = answers.flatMap(({ errors, data }) => (errors.length === 0 ? [data.syncSession.session] : []));

      expect(refused.map(({ code, error }) => [code, error?.code])).toEqual(
        refused.map(() => ['QUOTA', 'PUBLISH_QUOTA']),
      );
      expect(refused[0]?.error?.hint).toMatch(/^Withdraw some of yours .*`--until`.* ask whoever runs the server/);
      expect(stored.length).toBeGreaterThan(1);
      expect(stored.length).toBeLessThan(6);
      expect(await usedBy('ann')).toBeLessThanOrEqual(20_000);
      expect(rig.counts.get('cairn_published_over_quota_total')).toBe(refused.length);
      // Somebody else has a quota of their own.
      expect((await rig.publish('bob', { ...large('b1'), team })).errors).toEqual([]);

      // The next state of what is there counts by the difference, and less is always taken.
      const [first] = stored;
      const again = { ...large(first?.sessionId ?? ''), team: first?.team?.id ?? 'me' };
      expect((await rig.publish('ann', again)).errors).toEqual([]);
      const more = { ...again, messages: [{ role: 'user', content: randomBytes(15_000).toString('hex') }] };
      expect((await rig.publish('ann', more)).errors[0]?.extensions.code).toBe('QUOTA');
      expect((await rig.ask('ann', READ, { id: first?.id })).data.session?.messages).toHaveLength(1);
      const used = await usedBy('ann');
      expect((await rig.publish('ann', { ...again, messages: [{ role: 'user', content: 'short' }] })).errors).toEqual(
        [],
      );
      expect(await usedBy('ann')).toBeLessThan(used);

      // What was withdrawn, and what has expired, is free again.
      for (const { id } of stored) await rig.ask('ann', WITHDRAW, { id });
      expect(await usedBy('ann')).toBe(0);
      const expiresAt = new Date(Date.UTC(2026, 0, 15, 13)).toISOString();
      expect((await rig.publish('ann', { ...large('late'), expiresAt })).errors).toEqual([]);
      expect(await usedBy('ann')).toBeGreaterThan(0);
      rig.pass(2 * HOUR_MS);
      await rig.publishing.work();
      expect(await usedBy('ann')).toBe(0);
    });

    it('counts what was published before there was a quota, and lets a smaller state in over it', async () => {
      const store = await openStore();
      await using rig = await openPublishingRig(store);
      await rig.publish('ann', { messages: [{ role: 'user', content: randomBytes(4_000).toString('hex') }] });
      const { size_bytes: size } = await store.db
        .selectFrom('published_sessions')
        .select('size_bytes')
        .executeTakeFirstOrThrow();
      await store.db.schema.dropTable('published_usage').execute();
      await addPublishedQuota(store.db as unknown as Kysely<unknown>); // as a migration sees it
      expect(await store.db.selectFrom('published_usage').selectAll().execute()).toEqual([
        { user_id: 'ann', used_bytes: size },
      ]);

      const tight = await openPublishingRig(store, { maxBytes: 100, serverKeys: rig.serverKeys });
      const next = await tight.publish('ann', { messages: [{ role: 'user', content: 'short' }] });
      const other = await tight.publish('ann', { sessionId: 'other' });
      await tight.publishing.close();

      expect(next.errors).toEqual([]);
      expect(other.errors[0]?.extensions.code).toBe('QUOTA');
    });

    it('pages through many sessions, newest first, and shows each once', async () => {
      await using rig = await openPublishingRig(await openStore());
      for (let at = 0; at < 7; at += 1) await rig.publish('ann', { sessionId: `s${at}` });

      const seen: string[] = [];
      let after: string | null = null;
      for (let pages = 0; pages < 4; pages += 1) {
        const { data }: GraphqlAnswer = await rig.ask('ann', LIST, { first: 3, after });
        seen.push(...data.sessions.edges.map(({ node }) => node.sessionId));
        after = data.sessions.pageInfo.endCursor;
        if (!data.sessions.pageInfo.hasNextPage) break;
      }

      expect(seen).toEqual(['s6', 's5', 's4', 's3', 's2', 's1', 's0']);
    });

    it('refuses what is older than what is there, and of two at once loses none', async () => {
      await using rig = await openPublishingRig(await openStore());
      await rig.publish('ann', { changedAt: '2026-01-15T10:00:00Z' });

      const older = await rig.publish('ann', { changedAt: '2026-01-15T09:00:00Z', summary: 'older' });
      const based = await rig.publish('ann', { baseVersion: 7 });
      const both = await Promise.all([rig.publish('ann', { summary: 'x' }), rig.publish('ann', { summary: 'y' })]);

      expect(older.errors[0]?.extensions.code).toBe('CONFLICT');
      expect(based.errors[0]?.extensions.code).toBe('CONFLICT');
      expect(both.map(({ data }) => data.syncSession.session.version).toSorted((a, b) => a - b)).toEqual([2, 3]);
    });

    it('goes to the team that the project is mapped to, else to oneself', async () => {
      await using rig = await openPublishingRig(await openStore());
      const team = await rig.makeTeam('ann', 'bob');
      await rig.ask('ann', 'mutation($p: String!, $t: ID) { mapProject(projectPath: $p, team: $t) }', {
        p: '/home/ann/src/app',
        t: team,
      });

      const mapped = await rig.publish('ann');
      const alone = await rig.publish('ann', { team: 'me' });
      const other = await rig.publish('ann', { projectPath: '/home/ann/else', sessionId: 'other' });
      const projects = await rig.ask('ann', '{ projects { projectPath team } }');

      expect(mapped.data.syncSession.session.team).toEqual({ id: team, name: 'Crew' });
      expect(alone.data.syncSession.session.team).toBeNull();
      expect(other.data.syncSession.session.team).toBeNull();
      expect(projects.data.projects).toEqual([{ projectPath: '/home/ann/src/app', team }]);
      expect((await rig.ask('bob', LIST)).data.sessions.edges).toHaveLength(1);
      expect((await rig.ask('bob', READ, { id: mapped.data.syncSession.session.id })).data.session?.mine).toBe(false);
    });

    it('[S25] ends access with the membership, at once', async () => {
      await using rig = await openPublishingRig(await openStore());
      const team = await rig.makeTeam('ann', 'bob');
      const { data } = await rig.publish('ann', { team });
      const { id } = data.syncSession.session;
      expect((await rig.ask('bob', READ, { id })).data.session).not.toBeNull();

      await rig.ask('ann', 'mutation($t: ID!) { removeFromTeam(team: $t, user: "bob") }', { t: team });

      expect((await rig.ask('bob', READ, { id })).data.session).toBeNull();
      expect((await rig.ask('bob', LIST)).data.sessions.edges).toEqual([]);
      expect((await rig.publish('bob', { team })).errors[0]?.extensions.code).toBe('NOT_FOUND');
    });

    it('[S25] withdraws and lets expire; nothing sealed stays', async () => {
      await using rig = await openPublishingRig(await openStore());
      const gone = await rig.publish('ann');
      await rig.publish('ann', { sessionId: 'late', expiresAt: new Date(Date.UTC(2026, 0, 15, 13)).toISOString() });

      await rig.ask('ann', WITHDRAW, { id: gone.data.syncSession.session.id });
      expect((await rig.ask('ann', LIST)).data.sessions.edges).toHaveLength(1);
      rig.pass(2 * HOUR_MS);
      expect((await rig.ask('ann', LIST)).data.sessions.edges).toEqual([]);
      await rig.publishing.work();

      expect(await rig.store.db.selectFrom('published_sessions').select('session_id').execute()).toEqual([]);
      const audit = await rig.store.db
        .selectFrom('audit_entries')
        .select(['action', 'actor_id'])
        .orderBy('position')
        .execute();
      expect(audit.map(({ action, actor_id }) => `${actor_id} ${action}`)).toEqual([
        'ann session.publish',
        'ann session.publish',
        'ann session.withdraw',
        'server session.expire',
      ]);
    });

    it('lets a member withdraw their own, an owner any, and nobody else anything', async () => {
      await using rig = await openPublishingRig(await openStore());
      const team = await rig.makeTeam('ann', 'bob', 'cem');
      const ofAnn = (await rig.publish('ann', { team })).data.syncSession.session.id;
      const ofBob = (await rig.publish('bob', { team })).data.syncSession.session.id;

      expect((await rig.ask('cem', WITHDRAW, { id: ofBob })).errors[0]?.extensions.code).toBe('NOT_FOUND');
      expect((await rig.ask('bob', WITHDRAW, { id: ofAnn })).errors[0]?.extensions.code).toBe('NOT_FOUND');
      expect((await rig.ask('ann', WITHDRAW, { id: ofBob })).errors).toEqual([]);
      expect((await rig.ask('ann', WITHDRAW, { id: ofAnn })).errors).toEqual([]);
    });

    it('keeps a team with an owner, and an invitation for one person, once', async () => {
      await using rig = await openPublishingRig(await openStore());
      const team = await rig.makeTeam('ann', 'bob');
      const INVITE = 'mutation($t: ID!) { inviteToTeam(team: $t, role: "member") { code } }';
      const JOIN = 'mutation($c: String!) { joinTeam(code: $c) { id role } }';
      const { code } = (await rig.ask('ann', INVITE, { t: team })).data.inviteToTeam;

      expect((await rig.ask('bob', INVITE, { t: team })).errors[0]?.extensions.code).toBe('FORBIDDEN');
      expect((await rig.ask('dora', INVITE, { t: team })).errors[0]?.extensions.code).toBe('NOT_FOUND');
      const joins = await Promise.all([rig.ask('cem', JOIN, { c: code }), rig.ask('dora', JOIN, { c: code })]);
      expect(joins.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
      expect((await rig.ask('eve', JOIN, { c: `${team}.wrong` })).errors[0]?.extensions.code).toBe(
        'TEAM_INVITE_INVALID',
      );
      const alone = await rig.ask('ann', 'mutation($t: ID!) { removeFromTeam(team: $t, user: "ann") }', { t: team });
      expect(alone.errors[0]?.extensions.code).toBe('FORBIDDEN');
      const late = (await rig.ask('ann', INVITE, { t: team })).data.inviteToTeam.code;
      rig.pass(8 * 24 * HOUR_MS);
      expect((await rig.ask('eve', JOIN, { c: late })).errors[0]?.extensions.code).toBe('TEAM_INVITE_INVALID');
    });

    it.each([
      ['made a member again', 'mutation($t: ID!) { setTeamRole(team: $t, user: "bob", role: "member") }'],
      ['taken out', 'mutation($t: ID!) { removeFromTeam(team: $t, user: "bob") }'],
    ])('[S25] ends the codes and webhooks of an owner who is %s, and nobody else’s', async (_, query) => {
      await using rig = await openPublishingRig(await openStore());
      const team = await rig.makeTeam('ann', 'bob');
      const ask = (userId: string, text: string) => rig.ask(userId, text, { t: team });
      await ask('ann', 'mutation($t: ID!) { setTeamRole(team: $t, user: "bob", role: "owner") }');
      const INVITE = 'mutation($t: ID!) { inviteToTeam(team: $t, role: "owner") { code } }';
      const HOOK = 'mutation($t: ID!) { createWebhook(team: $t, url: "https://example.org/x") { id } }';
      const [ofAnn, ofBob] = [await ask('ann', INVITE), await ask('bob', INVITE)];
      const kept = (await ask('ann', HOOK)).data.createWebhook.id;
      await ask('bob', HOOK);
      await rig.publish('ann', { team });

      expect((await ask('ann', query)).errors).toEqual([]);

      const join = (userId: string, { data }: typeof ofAnn) =>
        rig.ask(userId, 'mutation($c: String!) { joinTeam(code: $c) { id } }', { c: data.inviteToTeam.code });
      expect((await join('eve', ofBob)).errors[0]?.extensions.code).toBe('TEAM_INVITE_INVALID');
      expect((await join('eve', ofAnn)).errors).toEqual([]);
      const { webhooks } = (await ask('ann', 'query($t: ID) { webhooks(team: $t) { id waiting } }')).data;
      expect(webhooks).toEqual([{ id: kept, waiting: 1 }]);
      const waiting = await rig.store.db.selectFrom('webhook_deliveries').select('webhook_id').execute();
      expect(waiting).toEqual([{ webhook_id: kept }]);
    });

    it('[S25] keeps the last of a team in it while something is published there', async () => {
      await using rig = await openPublishingRig(await openStore());
      const team = await rig.makeTeam('ann', 'bob');
      const ofBob = (await rig.publish('bob', { team })).data.syncSession.session.id;
      const leave = (user: string) =>
        rig.ask(user, 'mutation($t: ID!, $u: ID!) { removeFromTeam(team: $t, user: $u) }', { t: team, u: user });

      expect((await leave('ann')).errors[0]?.message).toContain('needs an owner');
      expect((await leave('bob')).errors).toEqual([]);
      const refused = (await leave('ann')).errors[0];
      expect(refused?.message).toContain('published sessions');
      expect(refused?.extensions).toMatchObject({
        code: 'FORBIDDEN',
        error: { hint: expect.stringContaining('cairn sessions withdraw') as string },
      });
      await rig.ask('ann', WITHDRAW, { id: ofBob });
      expect((await leave('ann')).errors).toEqual([]);
      expect((await rig.ask('ann', '{ teams { id } }')).text).toBe('{"data":{"teams":[]}}');
    });

    it('[S24] notices a changed, missing, or cut-off audit entry', async () => {
      await using rig = await openPublishingRig(await openStore());
      for (let at = 0; at < 4; at += 1) await rig.publish('ann', { sessionId: `s${at}` });
      const verify = async (known = new Map<string, { position: number; hash: string }>()) =>
        (await verifyAllAudits(rig.store.db, rig.serverKeys, () => 0, known))[0];
      const kept = (await verify())?.head ?? { position: 0, hash: '' };
      expect(await verify()).toMatchObject({ owner: 'user:ann', entries: 4, broken: null });
      const { db } = rig.store;

      await db.updateTable('audit_entries').set({ actor_id: 'eve' }).where('position', '=', 2).execute();
      expect((await verify())?.broken?.position).toBe(2);
      await db.updateTable('audit_entries').set({ actor_id: 'ann' }).where('position', '=', 2).execute();
      expect((await verify())?.broken).toBeNull();

      const last = await db.selectFrom('audit_entries').selectAll().where('position', '=', 4).executeTakeFirstOrThrow();
      await db.deleteFrom('audit_entries').where('position', '=', 4).execute();
      expect((await verify())?.broken).not.toBeNull();
      // Whoever can write can also put the head back: then only a head that was kept tells.
      const third = await db
        .selectFrom('audit_entries')
        .select('hash')
        .where('position', '=', 3)
        .executeTakeFirstOrThrow();
      await db.updateTable('audit_heads').set({ position: 3, hash: third.hash }).execute();
      expect((await verify())?.broken).toBeNull();
      expect((await verify(new Map([['user:ann', kept]])))?.broken).not.toBeNull();

      await db.insertInto('audit_entries').values(last).execute();
      await db.updateTable('audit_heads').set({ position: 4, hash: last.hash }).execute();
      await db.deleteFrom('audit_entries').where('position', '=', 2).execute();
      expect((await verify())?.broken?.position).toBe(2);
    });

    it('[S22] rotates the key of an owner and of the server while everything stays readable', async () => {
      const [oldKey, newer] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
      await using rig = await openPublishingRig(await openStore(), { serverKeys: parseServerKeys(oldKey) });
      const { id } = (await rig.publish('ann')).data.syncSession.session;
      const owner: OwnerId = 'user:ann';

      await rig.publishing.keys.rotate(owner);
      await rig.publish('ann', { sessionId: 'next' });
      expect((await rig.ask('ann', READ, { id })).errors).toEqual([]);
      const deps = { db: rig.store.db, keys: rig.publishing.keys };
      expect(await resealSessions(deps, owner, 10)).toBe(1);
      expect(await resealSessions(deps, owner, 10)).toBe(0);
      expect((await rig.ask('ann', READ, { id })).data.session?.summary).toBe('Fixing the login');

      const { db } = rig.store;
      const both = await openPublishingRig(rig.store, { serverKeys: parseServerKeys(`${newer},${oldKey}`) });
      await both.publishing.work();
      await both.publishing.close();
      const only = await openPublishingRig(rig.store, { serverKeys: parseServerKeys(newer) });
      expect((await only.ask('ann', READ, { id })).data.session?.summary).toBe('Fixing the login');
      await only.publishing.close();
      const wrong = await openPublishingRig(rig.store, {
        serverKeys: parseServerKeys(Buffer.alloc(32, 9).toString('base64')),
      });
      expect((await wrong.ask('ann', READ, { id })).errors[0]?.extensions.error?.code).toBe('SERVER_KEY_UNREADABLE');
      await wrong.publishing.close();
      expect(
        (await db.selectFrom('owner_keys').select('key_version').where('owner_id', '=', owner).execute()).length,
      ).toBe(3);
    });

    it('[S22] refuses what was moved between owners or versions in the database', async () => {
      await using rig = await openPublishingRig(await openStore());
      const ofAnn = (await rig.publish('ann')).data.syncSession.session.id;
      await rig.publish('bob', { summary: 'of bob' });
      const { db } = rig.store;
      const stolen = await db
        .selectFrom('published_sessions')
        .select(['sealed_head', 'sealed_body'])
        .where('owner_id', '=', 'user:bob')
        .executeTakeFirstOrThrow();

      await db.updateTable('published_sessions').set(stolen).where('owner_id', '=', 'user:ann').execute();

      const { errors, text } = await rig.ask('ann', READ, { id: ofAnn });
      expect(errors[0]?.extensions.error?.code).toBe('SERVER_ENCRYPTION_FAILED');
      expect(text).not.toContain('of bob');
    });

    it('[S22] leaves no word of a session in any column', async () => {
      await using rig = await openPublishingRig(await openStore());
      const canary = `canary${made(12)}`;
      await rig.publish(
        'ann',
        aSession({
          projectPath: `/home/${canary}`,
          summary: canary,
          messages: [{ role: 'user', content: canary, model: canary }],
          metadata: { [canary]: canary },
        }),
      );
      await rig.ask('ann', 'mutation($p: String!) { mapProject(projectPath: $p) }', { p: `/home/${canary}` });

      for (const table of [
        'published_sessions',
        'audit_entries',
        'project_mappings',
        'owner_keys',
        'webhooks',
      ] as const) {
        const rows = await rig.store.db.selectFrom(table).selectAll().execute();
        const stored = Buffer.concat(
          rows.flatMap((row) =>
            Object.values(row).map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
          ),
        );
        expect(stored.indexOf(canary)).toBe(-1);
        expect(stored.indexOf(Buffer.from(canary).toString('base64').slice(0, 16))).toBe(-1);
      }
      expect(rig.troubles).toEqual([]);
    });
  });
}
