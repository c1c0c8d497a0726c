import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { made } from '../../support/secret-samples.ts';
import { openPublishingRig, SYNC, aSession, type PublishingRig } from '../../support/publishing-rig.ts';
import { openTestSqlite } from '../../support/server-store.ts';

const READ = 'query($id: ID!) { session(id: $id) { id summary messages { content } } }';
const NODE = 'query($id: ID!) { node(id: $id) { id ... on Session { summary messages { content } } } }';
const LIST =
  'query($after: String, $first: Int) { sessions(after: $after, first: $first) { edges { cursor node { id summary } } pageInfo { endCursor hasNextPage } } }';

let rig: PublishingRig;
let team = '';
let id = '';

// One for all: none of these may change anything.
beforeAll(async () => {
  rig = await openPublishingRig(await openTestSqlite());
  team = await rig.makeTeam('ann', 'bob');
  id = (await rig.publish('ann', { team })).data.syncSession.session.id;
});

afterAll(() => rig[Symbol.asyncDispose]());

describe('a hostile client', () => {
  it("[S23] finds another's session by no door, and cannot tell it from one that is not there", async () => {
    const missing = Buffer.from(`Session:team.${team}.${'0'.repeat(24)}`).toString('base64');
    const WITHDRAW = 'mutation($id: ID!) { withdrawSession(id: $id) { session { id } } }';
    const MEMBERS = 'query($id: ID!) { team(id: $id) { name members { user { id } } } }';

    for (const query of [READ, NODE, WITHDRAW]) {
      const theirs = await rig.ask('eve', query, { id });
      const nobodys = await rig.ask('eve', query, { id: missing });
      expect(theirs.text).toBe(nobodys.text);
      expect(theirs.text).not.toContain('Fixing');
    }
    expect((await rig.ask('eve', LIST)).data.sessions.edges).toEqual([]);
    expect((await rig.ask('eve', MEMBERS, { id: team })).text).toBe((await rig.ask('eve', MEMBERS, { id: 'x' })).text);
    for (const door of [
      { query: 'mutation($t: ID!) { inviteToTeam(team: $t, role: "owner") { code } }' },
      { query: 'mutation($t: ID!) { removeFromTeam(team: $t, user: "ann") }' },
      { query: 'mutation($t: ID!) { setTeamRole(team: $t, user: "eve", role: "owner") }' },
      { query: 'mutation($t: ID) { mapProject(projectPath: "/x", team: $t) }' },
      { query: 'query($t: ID) { webhooks(team: $t) { id } }' },
      { query: 'mutation($t: ID) { createWebhook(team: $t, url: "https://example.org/x") { id } }' },
    ]) {
      const theirs = await rig.ask('eve', door.query, { t: team });
      expect(theirs.errors[0]?.extensions.code).toBe('NOT_FOUND');
      expect(theirs.text).toBe((await rig.ask('eve', door.query, { t: 'f'.repeat(16) })).text);
    }
    expect((await rig.publish('eve', { team })).errors[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('[S23] may use the same id as another, and neither sees of the other', async () => {
    const own = await rig.publish('eve', { summary: 'of eve' });

    expect(own.data.syncSession.session.version).toBe(1);
  });

  it('[S23] gets nothing without being logged in', async () => {
    for (const [query, variables] of [
      [READ, { id }],
      [NODE, { id }],
      [LIST, {}],
      [SYNC, { input: aSession() }],
      ['{ teams { id } }', {}],
      ['{ projects { team } }', {}],
    ] as const) {
      const answer = await rig.ask(null, query, variables);
      expect(answer.errors[0]?.extensions.code ?? JSON.stringify(answer.data)).toMatch(
        /UNAUTHENTICATED|\{"(?:node|session)":null\}/,
      );
      expect(answer.text).not.toContain('Fixing');
    }
  });

  it.each([
    ['another user', async (rig: PublishingRig) => (await rig.ask('ann', LIST)).data.sessions.edges[0]?.cursor ?? ''],
    ['nobody', async () => Buffer.from(`${'x'.repeat(12)}[1,"a"]`).toString('base64url')],
    ['SQL', async () => "x' OR 1=1 --"],
    ['a long text', async () => 'A'.repeat(10_000)],
    ['the empty text', async () => ''],
  ])('gets nothing by a cursor of %s', async (_, make) => {
    const { errors } = await rig.ask('eve', LIST, { after: await make(rig) });

    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(rig.troubles).toEqual([]);
  });

  it.each([
    ['-1', -1],
    ['101', 101],
    ['2 billion', 2_000_000_000],
  ])('gets no page of %s', async (_, first) => {
    expect((await rig.ask('ann', LIST, { first })).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  it.each([
    [
      'deep',
      `{ ${'sessions { edges { node { team '.repeat(1)}{ id } } } } ${'teams { members { user { id } } } '.repeat(1)} __schema { types { fields { type { ${'ofType { '.repeat(20)} name ${'} '.repeat(20)} } } } } }`,
    ],
    ['wide by aliases', `{ ${Array.from({ length: 40 }, (_, at) => `a${at}: teams { id }`).join(' ')} }`],
    ['wide at its root', `{ ${'teams { id } '.repeat(11)} }`],
    [
      'dear',
      `{ sessions(first: 100) { edges { node { messages { content } a: messages { content } b: messages { content } c: messages { content } d: messages { content } e: messages { content } } } } }`,
    ],
    [
      'of fragments in fragments',
      `${Array.from({ length: 20 }, (_, at) => `fragment f${at} on Session { ...f${at + 1} ...f${at + 1} }`).join(' ')} fragment f20 on Session { id } { sessions { edges { node { ...f0 } } } }`,
    ],
    ['of directives', `{ teams { id ${'@include(if: true) '.repeat(30)} } }`],
    ['of many tokens', `{ teams { ${'id '.repeat(3_000)} } }`],
    [
      'a fragment in itself',
      'fragment a on Session { ...b } fragment b on Session { ...a } { sessions { edges { node { ...a } } } }',
    ],
  ])('is refused a query that is %s', async (_, query) => {
    const { errors, data } = await rig.ask('ann', query);

    expect(errors.length).toBeGreaterThan(0);
    expect(data).toEqual({});
    expect(rig.troubles).toEqual([]);
  });

  it.each([
    ['its messages', (names: readonly string[]) => names.map((name) => `${name}: messages { content }`).join(' ')],
    [
      'their content',
      (names: readonly string[]) => `messages { ${names.map((name) => `${name}: content`).join(' ')} }`,
    ],
    ['its metadata', (names: readonly string[]) => names.map((name) => `${name}: metadata`).join(' ')],
  ])('gets a large session once, and not thirty times by other names for %s', async (_, fields) => {
    const message = { role: 'user', content: 'x '.repeat(450_000) };
    expect((await rig.publish('dan', { messages: Array.from({ length: 4 }, () => message) })).errors).toEqual([]);
    const names = Array.from({ length: 30 }, (_name, at) => `a${at}`);
    const ask = (some: readonly string[]) =>
      rig.ask('dan', `{ sessions(first: 1) { edges { node { ${fields(some)} } } } }`);

    expect((await ask(names.slice(0, 10))).errors).toEqual([]);
    const { errors, text } = await ask(names);

    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('more messages than one request may read') as string,
      extensions: { code: 'BAD_USER_INPUT', error: { hint: expect.stringContaining('once') as string } },
    });
    expect(text.length).toBeLessThan(66 * 1024 * 1024);
    expect(rig.troubles).toEqual([]);
  });

  it('is refused bodies that are too large, no JSON, or many queries at once', async () => {
    const huge = JSON.stringify({ query: '{ teams { id } }', variables: { x: 'y'.repeat(17 * 1024 * 1024) } });
    expect((await rig.send('ann', huge)).status).toBe(413);
    expect((await rig.send('ann', '{"query": ')).status).toBe(400);
    expect((await rig.send('ann', '[{"query":"{ teams { id } }"},{"query":"{ teams { id } }"}]')).status).toBe(400);
    const get = await rig.send('ann', '', {
      method: 'GET',
      path: `/graphql?query=${encodeURIComponent('mutation { createTeam(name: "x") { id } }')}`,
    });
    expect(get.status).toBe(405);
    const page = await rig.send('ann', '', { method: 'GET', headers: { accept: 'text/html' } });
    expect(await page.text()).not.toContain('<html');
    const cross = await rig.send('ann', '{"query":"{ teams { id } }"}', {
      headers: { origin: 'https://evil.example' },
    });
    expect(cross.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    ['a role that there is not', { messages: [{ role: 'root', content: 'CANARY' }] }],
    ['a session id with blanks', { sessionId: 'CANARY CANARY' }],
    ['a member that there is not', { CANARY: 1 }],
    ['a content that is a number', { messages: [{ role: 'user', content: { CANARY: 1 } }] }],
    ['metadata that is a list', { metadata: ['CANARY'] }],
    ['deep metadata', { metadata: { a: JSON.parse(`${'['.repeat(30)}"CANARY"${']'.repeat(30)}`) as unknown } }],
    ['large metadata', { metadata: { a: 'CANARY'.repeat(60_000) } }],
    ['a time that is none', { expiresAt: 'CANARY' }],
    ['a time that is over', { expiresAt: '2020-01-01T00:00:00Z', summary: 'CANARY' }],
    ['a time beyond all plans', { expiresAt: '2090-01-01T00:00:00Z', summary: 'CANARY' }],
    ['a negative version', { baseVersion: -1, summary: 'CANARY' }],
    ['a summary without end', { summary: 'CANARY'.repeat(5_000) }],
  ])('is told what is wrong with %s, without what it sent', async (_, input) => {
    const { errors, text } = await rig.publish('eve', input);

    expect(errors[0]?.extensions.code).toMatch(/BAD_USER_INPUT|GRAPHQL/);
    if (!('CANARY' in input)) expect(text).not.toContain('CANARY');
    expect(rig.troubles).toEqual([]);
  });

  it('cannot make the prototype of anything another', async () => {
    const body = `{"query": ${JSON.stringify(SYNC)}, "variables": {"input": ${JSON.stringify(aSession()).replace('{"tool":"chat"}', '{"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}}')}}}`;

    const response = await rig.send('eve', body);

    expect(response.status).toBe(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('hides nothing from the search by a comment, in a name, or split over escapes', async () => {
    const token = `glpat-${made(20)}`;

    const { data } = await rig.publish('eve', {
      messages: [{ role: 'user', content: `// secretlint-disable\n${token}` }],
      metadata: { [token]: JSON.stringify({ inner: JSON.stringify(token) }) },
    });
    const read = await rig.ask('eve', 'query($id: ID!) { session(id: $id) { metadata messages { content } } }', {
      id: data.syncSession.session.id,
    });

    expect(read.text).not.toContain(token);
    expect(read.errors).toEqual([]);
  });
});
