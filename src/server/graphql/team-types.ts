// Teams and webhooks as GraphQL shows them.

import { z } from 'zod';

import type { ProjectMapping, Team, TeamMember } from '../publishing/teams.ts';
import type { OwnerId } from '../publishing/tables.ts';
import { TEAM_ROLES, teamOwner, userOwner, type Viewer } from '../publishing/viewer.ts';
import type { Webhook } from '../webhooks/webhooks.ts';
import type { Builder } from './builder.ts';
import type { addSessionTypes } from './session-types.ts';

/** PostgreSQL stores no such character, and looks for none. */
const plainText = z.string().refine((text) => !text.includes('\u0000'), 'a character that no name has');
const idSchema = plainText.max(64);
const nameSchema = plainText.trim().min(1).max(100);
const roleSchema = z.enum(TEAM_ROLES);
const pathSchema = z.string().min(1).max(4_096);

export function addTeamTypes(builder: Builder, { Named }: ReturnType<typeof addSessionTypes>): void {
  const Member = builder.objectRef<TeamMember>('TeamMember').implement({
    fields: (t) => ({
      user: t.field({
        type: Named,
        resolve: async ({ userId }, _, context) => ({ id: userId, name: await context.nameOf(userId) }),
      }),
      role: t.exposeString('role'),
      joinedAt: t.field({ type: 'DateTime', resolve: ({ joinedAtMs }) => new Date(joinedAtMs).toISOString() }),
      me: t.boolean({ resolve: ({ userId }, _, { viewer }) => userId === viewer?.userId }),
    }),
  });
  const TeamType = builder.objectRef<Team>('Team').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      role: t.exposeString('role', { description: 'Of the viewer: owner or member' }),
      createdAt: t.field({ type: 'DateTime', resolve: ({ createdAtMs }) => new Date(createdAtMs).toISOString() }),
      members: t.field({
        type: [Member],
        resolve: async ({ id }, _, context) => context.teams.members(await context.visibility(), id),
      }),
    }),
  });
  const Project = builder.objectRef<ProjectMapping>('ProjectMapping').implement({
    fields: (t) => ({ projectPath: t.exposeString('projectPath'), team: t.exposeID('teamId') }),
  });
  const Invite = builder.objectRef<{ code: string; expiresAtMs: number }>('TeamInvite').implement({
    fields: (t) => ({
      code: t.exposeString('code', { description: 'Lets one person in, once; seen here only' }),
      expiresAt: t.field({ type: 'DateTime', resolve: ({ expiresAtMs }) => new Date(expiresAtMs).toISOString() }),
    }),
  });
  builder.queryFields((t) => ({
    viewer: t.field({
      type: Named,
      nullable: true,
      resolve: async (_, __, context) =>
        context.viewer === null
          ? null
          : { id: context.viewer.userId, name: await context.nameOf(context.viewer.userId) },
    }),
    teams: t.field({
      type: [TeamType],
      authScopes: { user: true },
      resolve: async (_, __, context) => [...(await context.teams.list(await context.visibility()))],
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      authScopes: { user: true },
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_, { id }, context) =>
        (await context.teams.list(await context.visibility())).find((team) => team.id === id) ?? null,
    }),
    projects: t.field({
      type: [Project],
      authScopes: { user: true },
      resolve: async (_, __, context) => [...(await context.teams.mappings(await context.visibility()))],
    }),
  }));
  builder.mutationFields((t) => ({
    createTeam: t.field({
      type: TeamType,
      authScopes: { user: true },
      args: { name: t.arg.string({ required: true, validate: nameSchema }) },
      resolve: async (_, { name }, context) => context.teams.create(await context.visibility(), name.trim()),
    }),
    inviteToTeam: t.field({
      type: Invite,
      authScopes: { user: true },
      args: { team: t.arg.id({ required: true }), role: t.arg.string({ required: true, validate: roleSchema }) },
      resolve: async (_, { team, role }, context) =>
        context.teams.invite(await context.visibility(), team, roleSchema.parse(role)),
    }),
    joinTeam: t.field({
      type: TeamType,
      authScopes: { user: true },
      args: { code: t.arg.string({ required: true, validate: plainText.max(200) }) },
      resolve: async (_, { code }, context) => context.teams.join(await context.visibility(), code),
    }),
    removeFromTeam: t.boolean({
      authScopes: { user: true },
      args: { team: t.arg.id({ required: true }), user: t.arg.id({ required: true }) },
      resolve: async (_, { team, user }, context) => {
        await context.teams.remove(await context.visibility(), team, idSchema.parse(user));
        return true;
      },
    }),
    setTeamRole: t.boolean({
      authScopes: { user: true },
      args: {
        team: t.arg.id({ required: true }),
        user: t.arg.id({ required: true }),
        role: t.arg.string({ required: true, validate: roleSchema }),
      },
      resolve: async (_, { team, user, role }, context) => {
        await context.teams.setRole(await context.visibility(), team, user, roleSchema.parse(role));
        return true;
      },
    }),
    mapProject: t.boolean({
      authScopes: { user: true },
      args: { projectPath: t.arg.string({ required: true, validate: pathSchema }), team: t.arg.id() },
      resolve: async (_, { projectPath, team }, context) => {
        await context.teams.mapProject(
          await context.visibility(),
          projectPath,
          team === null || team === undefined ? null : team,
        );
        return true;
      },
    }),
  }));
}

export function addWebhookTypes(builder: Builder): void {
  const WebhookType = builder.objectRef<Webhook>('Webhook').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      origin: t.exposeString('origin', { description: 'Scheme and host; the rest of the address may be a secret' }),
      waiting: t.exposeInt('waiting', { description: 'Deliveries that are still tried' }),
      dead: t.exposeInt('dead', { description: 'Deliveries that were given up' }),
    }),
  });
  const Created = builder.objectRef<{ id: string; secret: string }>('CreatedWebhook').implement({
    fields: (t) => ({
      id: t.exposeID('id'),
      secret: t.exposeString('secret', { description: 'What deliveries are signed with; seen here only' }),
    }),
  });
  builder.queryField('webhooks', (t) =>
    t.field({
      type: [WebhookType],
      authScopes: { user: true },
      args: { team: t.arg.id() },
      resolve: async (_, { team }, context) => {
        const visibility = await context.visibility();
        return [...(await context.webhooks.list(visibility, ownerOf(visibility.viewer, team)))];
      },
    }),
  );
  builder.mutationFields((t) => ({
    createWebhook: t.field({
      type: Created,
      authScopes: { user: true },
      args: { url: t.arg.string({ required: true }), team: t.arg.id() },
      resolve: async (_, { url, team }, context) => {
        const visibility = await context.visibility();
        return context.webhooks.create(visibility, ownerOf(visibility.viewer, team), url);
      },
    }),
    deleteWebhook: t.boolean({
      authScopes: { user: true },
      args: { id: t.arg.id({ required: true }), team: t.arg.id() },
      resolve: async (_, { id, team }, context) => {
        const visibility = await context.visibility();
        await context.webhooks.delete(visibility, ownerOf(visibility.viewer, team), id);
        return true;
      },
    }),
  }));
}

function ownerOf(viewer: Viewer, team: string | null | undefined): OwnerId {
  return team === null || team === undefined ? userOwner(viewer.userId) : teamOwner(team);
}
