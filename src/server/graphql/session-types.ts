// Published sessions as GraphQL shows them.

import { resolveCursorConnection } from '@pothos/plugin-relay';
import { z } from 'zod';

import { AppError } from '../../shared/model/app-error.ts';
import type { PublishedSession } from '../publishing/session-rows.ts';
import {
  sessionIdSchema,
  syncSessionInputSchema,
  type PublishedMessage,
  type SyncSessionInput,
} from '../publishing/session-document.ts';
import { notFound } from '../publishing/viewer.ts';
import type { Builder } from './builder.ts';
import type { GraphqlContext } from './context.ts';
import { formatNodeId, parseNodeId, readGlobalId } from './node-id.ts';

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;
const NODE_TYPE = 'Session';
const pageSchema = z.int().min(0).max(MAX_PAGE);

export function addSessionTypes(builder: Builder) {
  const Named = builder.objectRef<{ id: string; name: string }>('Named').implement({
    description: 'Somebody, or a team',
    fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
  });
  const Message = builder.objectRef<PublishedMessage>('Message').implement({
    fields: (t) => ({
      id: t.id({ nullable: true, resolve: ({ id }, _, context) => given(context, id) }),
      role: t.exposeString('role'),
      content: t.string({ resolve: ({ content }, _, context) => context.give(content) }),
      at: t.exposeString('at', { nullable: true }),
      model: t.string({ nullable: true, resolve: ({ model }, _, context) => given(context, model) }),
    }),
  });
  const Session = builder.objectRef<PublishedSession>(NODE_TYPE);
  builder.node(Session, {
    description: 'A published AI session, without its secrets',
    id: { resolve: (session) => formatNodeId(session) },
    isTypeOf: (value) => typeof value === 'object' && value !== null && 'publicationId' in value,
    // The other door to the same things: through the same check.
    loadOne: (id, context) => loadSession(context, id),
    authScopes: { user: true },
    fields: (t) => ({
      sessionId: t.exposeString('sessionId'),
      version: t.exposeInt('version'),
      messageCount: t.exposeInt('messageCount'),
      redactions: t.int({
        description: 'Places where a secret was taken out',
        resolve: ({ placeholders }) => placeholders,
      }),
      createdAt: t.field({ type: 'DateTime', resolve: ({ createdAtMs }) => toIso(createdAtMs) }),
      updatedAt: t.field({ type: 'DateTime', resolve: ({ updatedAtMs }) => toIso(updatedAtMs) }),
      expiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ expiresAtMs }) => (expiresAtMs === null ? null : toIso(expiresAtMs)),
      }),
      mine: t.boolean({ resolve: ({ authorId }, _, { viewer }) => authorId === viewer?.userId }),
      author: t.field({
        type: Named,
        resolve: async ({ authorId }, _, context) => ({ id: authorId, name: await context.nameOf(authorId) }),
      }),
      team: t.field({ type: Named, nullable: true, resolve: ({ owner }, _, context) => namedTeam(context, owner) }),
      summary: t.string({
        resolve: async (session, _, { sessions, give }) => give((await sessions.readHead(session)).summary),
      }),
      projectPath: t.string({
        resolve: async (session, _, { sessions, give }) => give((await sessions.readHead(session)).projectPath),
      }),
      messages: t.field({
        type: [Message],
        resolve: async (session, _, context) => (await context.bodyOf(session)).messages,
      }),
      metadata: t.field({
        type: 'JSON',
        resolve: async (session, _, context) => (await context.bodyOf(session)).metadata,
      }),
    }),
  });
  return { Session, Named };
}

export function addSessionQueries(builder: Builder, { Session, Named }: ReturnType<typeof addSessionTypes>): void {
  builder.queryField('session', (t) =>
    t.field({
      type: Session,
      nullable: true,
      authScopes: { user: true },
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }, context) => {
        const nodeId = readGlobalId(id, NODE_TYPE);
        return nodeId === null ? null : loadSession(context, nodeId);
      },
    }),
  );
  builder.queryField('sessions', (t) =>
    t.connection({
      type: Session,
      authScopes: { user: true },
      resolve: async (_, args, context) => {
        for (const size of [args.first, args.last])
          if (size !== null && size !== undefined && !pageSchema.safeParse(size).success)
            throw new AppError('USAGE_INVALID', `A page has 0 to ${MAX_PAGE} sessions.`, { hint: 'Ask for fewer.' });
        const visibility = await context.visibility();
        const { userId } = visibility.viewer;
        const { cursors, sessions } = context;
        return resolveCursorConnection<Promise<readonly PublishedSession[]>>(
          {
            args,
            defaultSize: DEFAULT_PAGE,
            maxSize: MAX_PAGE,
            toCursor: ({ updatedAtMs, publicationId }: PublishedSession) =>
              cursors.encode(userId, { updatedAtMs, publicationId }),
          },
          async ({ before, after, limit, inverted }): Promise<readonly PublishedSession[]> =>
            sessions.list(visibility, {
              limit,
              isInverted: inverted,
              ...(after === undefined ? {} : { after: cursors.decode(userId, after) }),
              ...(before === undefined ? {} : { before: cursors.decode(userId, before) }),
            }),
        );
      },
    }),
  );
  const Publication = builder
    .objectRef<{ team: { id: string; name: string } | null; session: PublishedSession | null }>('Publication')
    .implement({
      description: 'Where a session of the viewer would go, and what they have published of it there',
      fields: (t) => ({
        team: t.expose('team', { type: Named, nullable: true }),
        session: t.expose('session', { type: Session, nullable: true }),
      }),
    });
  builder.queryField('publication', (t) =>
    t.field({
      type: Publication,
      authScopes: { user: true },
      args: {
        sessionId: t.arg.string({ required: true, validate: sessionIdSchema }),
        projectPath: t.arg.string({ required: true, validate: z.string().max(4_096) }),
        team: t.arg.string(),
      },
      resolve: async (_, { sessionId, projectPath, team }, context) => {
        const found = await context.sessions.findOwn(await context.visibility(), {
          sessionId,
          projectPath,
          team: team ?? null,
        });
        return { team: await namedTeam(context, found.owner), session: found.session };
      },
    }),
  );
}

export function addSessionMutations(builder: Builder, { Session }: ReturnType<typeof addSessionTypes>): void {
  const MessageInput = builder.inputType('MessageInput', {
    fields: (t) => ({
      id: t.string(),
      role: t.string({ required: true, description: 'user, assistant or system' }),
      content: t.string({ required: true }),
      at: t.field({ type: 'DateTime' }),
      model: t.string(),
    }),
  });
  const SyncSessionInputType = builder.inputType('SyncSessionInput', {
    fields: (t) => ({
      sessionId: t.string({
        required: true,
        description: 'What the device calls it; the same again is its next state',
      }),
      projectPath: t.string({ required: true }),
      summary: t.string({ required: true }),
      messages: t.field({ type: [MessageInput], required: true }),
      metadata: t.field({ type: 'JSON' }),
      team: t.string({
        description: "A team's id, or `me`; left out: what the project is mapped to, else the viewer alone",
      }),
      expiresAt: t.field({ type: 'DateTime' }),
      changedAt: t.field({
        type: 'DateTime',
        description: 'When the session last changed; an older state never replaces a newer one',
      }),
      baseVersion: t.int({
        description: 'The version that this is made of; 0 for none. Another one there is a conflict',
      }),
    }),
  });
  const Payload = builder
    .objectRef<{ session: PublishedSession; secretsRedacted: number; placesRedacted: number }>('SyncSessionPayload')
    .implement({
      fields: (t) => ({
        session: t.expose('session', { type: Session }),
        secretsRedacted: t.exposeInt('secretsRedacted', { description: 'Distinct secrets that the server took out' }),
        placesRedacted: t.exposeInt('placesRedacted', { description: 'Places where they stood' }),
      }),
    });
  builder.mutationField('syncSession', (t) =>
    t.field({
      type: Payload,
      authScopes: { user: true },
      args: { input: t.arg({ type: SyncSessionInputType, required: true, validate: syncSessionInputSchema }) },
      resolve: async (_, { input }, context) =>
        // What it is was checked by the schema above.
        context.sessions.publish(await context.visibility(), input as SyncSessionInput),
    }),
  );
  const Withdrawn = builder.objectRef<{ session: PublishedSession }>('WithdrawSessionPayload').implement({
    fields: (t) => ({ session: t.expose('session', { type: Session }) }),
  });
  builder.mutationField('withdrawSession', (t) =>
    t.field({
      type: Withdrawn,
      authScopes: { user: true },
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_, { id }, context) => {
        const place = parseNodeId(readGlobalId(id, NODE_TYPE) ?? '');
        if (place === null) throw notFound('session');
        return {
          session: await context.sessions.withdraw(await context.visibility(), place.owner, place.publicationId),
        };
      },
    }),
  );
}

function given({ give }: GraphqlContext, text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : give(text);
}

async function loadSession(context: GraphqlContext, nodeId: string): Promise<PublishedSession | null> {
  const place = parseNodeId(nodeId);
  return place === null ? null : context.sessions.get(await context.visibility(), place.owner, place.publicationId);
}

async function namedTeam(context: GraphqlContext, owner: string): Promise<{ id: string; name: string } | null> {
  if (!owner.startsWith('team:')) return null;
  const id = owner.slice('team:'.length);
  return { id, name: await context.teamNameOf(id) };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
