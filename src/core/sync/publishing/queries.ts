// The questions, and the shape of their answers.

import { z } from 'zod';

const SESSION_FIELDS = `
  id sessionId summary projectPath author { id name } mine team { id name } messageCount redactions version createdAt updatedAt expiresAt
`;
const TEAM_FIELDS = 'id name role createdAt';

const time = z.string();
const teamName = z.object({ id: z.string(), name: z.string() });

export const serverSessionSchema = z.object({
  id: z.string(),
  sessionId: z.string(),
  summary: z.string(),
  projectPath: z.string(),
  author: teamName,
  mine: z.boolean(),
  team: teamName.nullable(),
  messageCount: z.int(),
  redactions: z.int(),
  version: z.int(),
  createdAt: time,
  updatedAt: time,
  expiresAt: time.nullable(),
});
export type ServerSession = z.output<typeof serverSessionSchema>;

const serverTeamSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(['owner', 'member']),
  createdAt: time,
});

const messageSchema = z.object({
  id: z.string().nullable(),
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string(),
  at: z.string().nullable(),
  model: z.string().nullable(),
});

export const SYNC_SESSION = {
  query: `mutation($input: SyncSessionInput!) { syncSession(input: $input) { session { ${SESSION_FIELDS} } secretsRedacted } }`,
  answer: z.object({ syncSession: z.object({ session: serverSessionSchema, secretsRedacted: z.int() }) }),
};
export const LIST_SESSIONS = {
  query: `query($first: Int, $after: String) { sessions(first: $first, after: $after) { edges { node { ${SESSION_FIELDS} } } pageInfo { hasNextPage endCursor } } }`,
  answer: z.object({
    sessions: z.object({
      edges: z.array(z.object({ node: serverSessionSchema })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  }),
};
export const FIND_PUBLISHED = {
  query: `query($sessionId: String!, $projectPath: String!, $team: String) { publication(sessionId: $sessionId, projectPath: $projectPath, team: $team) { team { id name } session { ${SESSION_FIELDS} } } }`,
  answer: z.object({
    publication: z.object({ team: teamName.nullable(), session: serverSessionSchema.nullable() }),
  }),
};
export const READ_SESSION = {
  query: `query($id: ID!) { session(id: $id) { ${SESSION_FIELDS} metadata messages { id role content at model } } }`,
  answer: z.object({
    session: serverSessionSchema
      .extend({ metadata: z.record(z.string(), z.json()), messages: z.array(messageSchema) })
      .nullable(),
  }),
};
export const WITHDRAW_SESSION = {
  query: `mutation($id: ID!) { withdrawSession(id: $id) { session { ${SESSION_FIELDS} } } }`,
  answer: z.object({ withdrawSession: z.object({ session: serverSessionSchema }) }),
};
export const LIST_TEAMS = {
  query: `{ teams { ${TEAM_FIELDS} } }`,
  answer: z.object({ teams: z.array(serverTeamSchema) }),
};
export const CREATE_TEAM = {
  query: `mutation($name: String!) { createTeam(name: $name) { ${TEAM_FIELDS} } }`,
  answer: z.object({ createTeam: serverTeamSchema }),
};
export const JOIN_TEAM = {
  query: `mutation($code: String!) { joinTeam(code: $code) { ${TEAM_FIELDS} } }`,
  answer: z.object({ joinTeam: serverTeamSchema }),
};
export const INVITE = {
  query: 'mutation($team: ID!, $role: String!) { inviteToTeam(team: $team, role: $role) { code expiresAt } }',
  answer: z.object({ inviteToTeam: z.object({ code: z.string(), expiresAt: time }) }),
};
export const LIST_MEMBERS = {
  query: 'query($team: ID!) { team(id: $team) { members { user { id name } role joinedAt me } } }',
  answer: z.object({
    team: z
      .object({
        members: z.array(
          z.object({ user: teamName, role: z.enum(['owner', 'member']), joinedAt: time, me: z.boolean() }),
        ),
      })
      .nullable(),
  }),
};
export const REMOVE_MEMBER = {
  query: 'mutation($team: ID!, $user: ID!) { removeFromTeam(team: $team, user: $user) }',
  answer: z.object({ removeFromTeam: z.boolean() }),
};
export const SET_ROLE = {
  query: 'mutation($team: ID!, $user: ID!, $role: String!) { setTeamRole(team: $team, user: $user, role: $role) }',
  answer: z.object({ setTeamRole: z.boolean() }),
};
export const MAP_PROJECT = {
  query: 'mutation($projectPath: String!, $team: ID) { mapProject(projectPath: $projectPath, team: $team) }',
  answer: z.object({ mapProject: z.boolean() }),
};
export const LIST_PROJECTS = {
  query: '{ projects { projectPath team } }',
  answer: z.object({ projects: z.array(z.object({ projectPath: z.string(), team: z.string() })) }),
};
