// The sync server by bytes on the wire: accounts and replication, and GraphQL.

import { encodeWireEntries } from '../../../src/shared/replication/entry.ts';
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '../../../src/shared/replication/limits.ts';
import { pathOf } from '../../../src/shared/replication/routes.ts';
import { aSession, SYNC } from '../../support/publishing-rig.ts';
import { ReplicaClient, toFrame } from '../../support/replica-client.ts';
import { nothing, type FuzzTarget } from '../target.ts';
import { checkAnswer } from './check-answer.ts';
import { exchange } from './exchange.ts';
import { fixedDevice, OBJECT, SyncWorlds, VAULT } from './sync-world.ts';

const HEAD = `Host: server\r\nAuthorization: Bearer {{token}}\r\n${PROTOCOL_HEADER}: ${PROTOCOL_VERSION}\r\nX-Forwarded-For: {{address}}\r\nConnection: close\r\n`;
const JSON_HEAD = 'Content-Type: application/json\r\nContent-Length: *\r\n';
const LOOK_EVERY = 50;
const WORDS = [
  '\r\n',
  '\r\n\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  'HEAD ',
  'GET ',
  'DELETE ',
  '//',
  '%00',
  '%ff',
  '%',
  '\\u0000',
  '\\ud800',
  '\u0000',
  '{{vault}}',
  '{{device}}',
  '{{object}}',
  '{{session}}',
  '{{other}}',
  '__proto__',
  '9007199254740993',
  '1e309',
  '-1',
  'null',
  '[]',
  '{',
  '}',
  '"',
];
const GRAPHQL_WORDS = [
  ...WORDS,
  '{ teams { id } }',
  '__schema { types { name } }',
  '__typename',
  'fragment F on Session { id ...F }',
  '...F',
  '@include(if: true)',
  '@defer',
  '$input',
  'query($a: ID!)',
  'subscription',
  '(first: 1000000)',
  '(first: -1)',
  '(after: "x")',
  '\\"',
  '\\"\\"\\"',
  'a: ',
  '#',
];

export function syncTargets(): FuzzTarget[] {
  return [
    socketTarget('sync-socket', replicaSamples(), WORDS),
    socketTarget('graphql-socket', graphqlSamples(), GRAPHQL_WORDS),
  ];
}

function socketTarget(name: string, samples: readonly Buffer[], words: readonly string[]): FuzzTarget {
  const worlds = new SyncWorlds();
  let inputs = 0;
  return {
    name,
    run: async (bytes) => {
      const { port, names, rules } = await worlds.current();
      const { answer, sent } = await exchange(port, bytes, names);
      // New tokens are told to who proves that they are theirs.
      if (answer !== null) checkAnswer(answer, rules, sent.includes(names['token'] ?? ''));
      inputs += 1;
      if (answer?.status === 401 || inputs % LOOK_EVERY === 0) await worlds.leaveIfLoggedOut();
    },
    samples,
    words,
    allows: nothing,
    close: () => worlds.close(),
  };
}

function request(line: string, body?: string | Uint8Array): Buffer {
  const head = typeof body === 'string' ? JSON_HEAD : body === undefined ? '' : BYTES_HEAD;
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${HEAD}${head}\r\n`), Buffer.from(body ?? '')]);
}

const BYTES_HEAD = 'Content-Type: application/octet-stream\r\nContent-Length: *\r\n';

function replicaSamples(): Buffer[] {
  const device = fixedDevice();
  const to = { vault: VAULT, device: device.deviceId };
  const client = new ReplicaClient('', device, VAULT);
  const entries = [client.nextEntry([OBJECT.id]), client.nextEntry()];
  const json = (value: unknown): string => JSON.stringify(value);
  return [
    request('GET /v1/hello'),
    request('GET /metrics'),
    request('GET /device'),
    request('POST /device', 'userCode=BCDF-2345&email=ann%40example.org&password=x'),
    request('POST /v1/auth/sign-up', json({ email: 'new@example.org', password: 'long enough 1' })),
    request(
      'POST /v1/auth/device',
      json({ signingKey: '01'.repeat(32), agreementKey: '02'.repeat(32), name: 'laptop', platform: 'linux' }),
    ),
    request('POST /v1/auth/device/approve', json({ userCode: 'BCDF-2345', email: 'ann@example.org', password: 'no' })),
    request('POST /v1/auth/device/token', json({ deviceCode: 'x'.repeat(43), signature: '03'.repeat(64) })),
    request('POST /v1/auth/refresh', json({ refreshToken: 'x'.repeat(43), signature: '03'.repeat(64) })),
    request('POST /v1/auth/password', json({ oldPassword: 'no', newPassword: 'long enough 2' })),
    request('GET /v1/account'),
    request('PATCH /v1/devices/{{device}}', json({ name: 'desk' })),
    request(`PUT ${pathOf('vault', to)}`, json({ epoch: 1 })),
    request(`GET ${pathOf('status', to)}`),
    request(`POST ${pathOf('entries', to)}`, encodeWireEntries(entries)),
    request(`POST ${pathOf('pull', to)}`, json({ after: [{ device: to.device, index: 0 }], maxEntries: 10 })),
    request(`PUT ${pathOf('objects', to)}`, toFrame(OBJECT)),
    request(`PUT ${pathOf('objects', to)}`, toFrame(OBJECT, { totalBytes: 100, offset: 12 })),
    request(`POST ${pathOf('have', to)}`, json({ ids: [OBJECT.id, '00'.repeat(16)] })),
    request(`POST ${pathOf('getObjects', to)}`, json({ objects: [{ id: OBJECT.id, offset: 3 }], maxBytes: 100 })),
    request(`POST ${pathOf('damaged', to)}`, json({ ids: ['00'.repeat(16)] })),
    request(`GET ${pathOf('slots', to)}`),
    request(`PUT ${pathOf('slots', to)}`, json({ revision: 0, slots: 'AAAA' })),
    request(`GET ${pathOf('joins', to)}`),
    request(`POST ${pathOf('joins', to)}`, '{}'),
    request(`POST ${pathOf('answerJoin', to)}`, json({ answer: 'approve', sealedKey: 'AAAA' })),
    request(`GET ${pathOf('events', to)}`),
  ];
}

function graphqlSamples(): Buffer[] {
  const ask = (query: string, variables: object = {}): Buffer =>
    request('POST /graphql', JSON.stringify({ query, variables }));
  return [
    ask(SYNC, { input: aSession() }),
    ask('query($id: ID!) { session(id: $id) { id summary messages { content at } metadata } }', { id: '{{session}}' }),
    ask('query($id: ID!) { node(id: $id) { id ... on Session { summary } } }', { id: '{{other}}' }),
    ask('{ sessions(first: 2) { edges { cursor node { id author { name } team { id } } } pageInfo { endCursor } } }'),
    ask('{ publication(sessionId: "a1b2c3d4e5f60718", projectPath: "/p") { team { id } session { id } } }'),
    ask('mutation { createTeam(name: "Crew") { id role members { user { id } } } }'),
    ask('mutation($t: ID!) { inviteToTeam(team: $t, role: "member") { code expiresAt } }', { t: 'f'.repeat(16) }),
    ask('mutation { joinTeam(code: "x") { id } }'),
    ask('mutation { mapProject(projectPath: "/p") }'),
    ask('mutation($id: ID!) { withdrawSession(id: $id) { session { id } } }', { id: '{{other}}' }),
    ask('mutation { createWebhook(url: "https://example.org/hook") { id secret } }'),
    ask('{ webhooks { id origin waiting dead } projects { projectPath team } viewer { id } teams { id name } }'),
    ask('query A { __schema { queryType { fields { name args { name } } } } } fragment F on Session { id }'),
  ];
}
