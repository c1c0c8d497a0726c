// Publishing over a real database, spoken to as a client does: GraphQL over HTTP requests.

import { expect } from 'vitest';

import { newKey } from '../../src/server/encryption/cipher.ts';
import { parseServerKeys, type ServerKeys } from '../../src/server/encryption/server-keys.ts';
import { createPublishing, type Publishing } from '../../src/server/publishing/create-publishing.ts';
import type { RedactionPoolOptions } from '../../src/server/secrets/redaction-pool.ts';
import type { Store } from '../../src/server/store/store.ts';

export const RIG_START_MS = Date.UTC(2026, 0, 15, 12);

export interface SessionData {
  readonly id: string;
  readonly sessionId: string;
  readonly version: number;
  readonly summary: string;
  readonly projectPath: string;
  readonly mine: boolean;
  readonly team: { readonly id: string; readonly name: string } | null;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** What the questions of the tests are answered with; each answer has what was asked for. */
export interface AnswerData {
  readonly syncSession: { readonly session: SessionData; readonly secretsRedacted: number };
  readonly session: SessionData | null;
  readonly node: SessionData | null;
  readonly sessions: {
    readonly edges: readonly { readonly cursor: string; readonly node: SessionData }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
  readonly createTeam: { readonly id: string };
  readonly inviteToTeam: { readonly code: string };
  readonly projects: readonly { readonly projectPath: string; readonly team: string }[];
  readonly createWebhook: { readonly id: string; readonly secret: string };
  readonly webhooks: readonly { readonly id: string; readonly waiting: number; readonly dead: number }[];
}

export interface GraphqlAnswer {
  readonly data: AnswerData;
  readonly errors: readonly {
    readonly message: string;
    readonly extensions: { readonly code: string; readonly error?: { readonly code: string; readonly hint: string } };
  }[];
  readonly text: string;
  readonly status: number;
}

export interface PublishingRig extends AsyncDisposable {
  readonly store: Store;
  readonly publishing: Publishing;
  readonly serverKeys: ServerKeys;
  readonly troubles: string[];
  readonly counts: ReadonlyMap<string, number>;
  /** Asks as this user; null: as nobody. */
  ask(userId: string | null, query: string, variables?: object): Promise<GraphqlAnswer>;
  /** Sends any body. */
  send(
    userId: string | null,
    body: string,
    init?: { readonly method?: string; readonly headers?: Record<string, string>; readonly path?: string },
  ): Promise<Response>;
  publish(userId: string, input?: object): Promise<GraphqlAnswer>;
  /** A team of these users, the first its owner. */
  makeTeam(owner: string, ...members: readonly string[]): Promise<string>;
  pass(ms: number): void;
}

export async function openPublishingRig(
  store: Store,
  options: {
    readonly redaction?: RedactionPoolOptions;
    readonly mayBePrivate?: boolean;
    readonly maxBytes?: number;
    readonly serverKeys?: ServerKeys;
  } = {},
): Promise<PublishingRig> {
  let nowMs = RIG_START_MS;
  const troubles: string[] = [];
  const counts = new Map<string, number>();
  const serverKeys = options.serverKeys ?? parseServerKeys(newKey().toString('base64'));
  const publishing = createPublishing({
    db: store.db,
    serverKeys,
    names: { namesOf: async (ids) => new Map(ids.map((id) => [id, `${id}@example.org`])) },
    nowMs: () => {
      nowMs += 1;
      return nowMs;
    },
    random: () => 0.5,
    webhookRules: { mayBePrivate: options.mayBePrivate ?? false },
    redaction: options.redaction ?? { threads: 1 },
    maxBytes: options.maxBytes ?? 1_000_000_000,
    count: (name, amount) => counts.set(name, (counts.get(name) ?? 0) + amount),
    onTrouble: (what) => troubles.push(what),
  });
  const send: PublishingRig['send'] = (userId, body, { method = 'POST', headers = {}, path = '/graphql' } = {}) =>
    publishing.handle(
      new Request(`http://server.test${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(method === 'GET' ? {} : { body }),
      }),
      { viewer: userId === null ? null : { userId, deviceId: `${userId}-laptop`, address: '192.0.2.7' } },
    );
  const ask: PublishingRig['ask'] = async (userId, query, variables = {}) => {
    const response = await send(userId, JSON.stringify({ query, variables }));
    const text = await response.text();
    const parsed = JSON.parse(text) as { data?: AnswerData; errors?: GraphqlAnswer['errors'] };
    return { data: parsed.data ?? ({} as AnswerData), errors: parsed.errors ?? [], text, status: response.status };
  };
  const rig: PublishingRig = {
    store,
    publishing,
    serverKeys,
    troubles,
    counts,
    ask,
    send,
    publish: (userId, input = {}) => ask(userId, SYNC, { input: { ...aSession(), ...input } }),
    makeTeam: async (owner, ...members) => {
      const { data } = await ask(owner, 'mutation { createTeam(name: "Crew") { id } }');
      const { id } = data.createTeam;
      for (const member of members) {
        const invited = await ask(owner, 'mutation($t: ID!) { inviteToTeam(team: $t, role: "member") { code } }', {
          t: id,
        });
        const joined = await ask(member, 'mutation($c: String!) { joinTeam(code: $c) { id } }', {
          c: invited.data.inviteToTeam.code,
        });
        expect(joined.errors).toEqual([]);
      }
      return id;
    },
    pass: (ms) => {
      nowMs += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await publishing.close();
      await store.close();
    },
  };
  return rig;
}

export const SYNC = `mutation($input: SyncSessionInput!) { syncSession(input: $input) {
  session { id sessionId version summary projectPath messageCount redactions mine team { id name } expiresAt } secretsRedacted placesRedacted } }`;

export function aSession(overrides: object = {}): Record<string, unknown> {
  return {
    sessionId: 'a1b2c3d4e5f60718',
    projectPath: '/home/ann/src/app',
    summary: 'Fixing the login',
    messages: [
      { role: 'user', content: 'why does it fail?' },
      { role: 'assistant', content: 'the cookie is not set', model: 'a-model', at: '2026-01-15T10:00:00.000Z' },
    ],
    metadata: { tool: 'chat' },
    ...overrides,
  };
}
