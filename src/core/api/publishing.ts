// Published sessions and teams.

import type { PublishingDesk } from '../sync/publishing/publishing-desk.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';
import { viewSession } from './sessions.ts';

const done = { ok: true as const };

export function publishingHandlers({ session }: ApiDeps) {
  const desk = (): PublishingDesk => session.unlocked().publishing;
  return {
    publishing: {
      preview: os.publishing.preview.handler(({ input, signal }) => desk().preview(input.id, input.to, signal)),
      publish: os.publishing.publish.handler(({ input, signal }) =>
        desk().publish(input.id, { to: input.to, expiresAt: input.expiresAt ?? null, digest: input.digest }, signal),
      ),
      list: os.publishing.list.handler(async ({ input: { limit, cursor } }) => {
        const page = await desk().list(cursor === undefined ? { limit } : { limit, cursor });
        return { sessions: [...page.sessions], ...(page.cursor === null ? {} : { cursor: page.cursor }) };
      }),
      read: os.publishing.read.handler(async ({ input }) => {
        const { session: published, messages } = await desk().read(input.id);
        return { ...published, messages: [...messages] };
      }),
      withdraw: os.publishing.withdraw.handler(({ input }) => desk().withdraw(input.id)),
      continue: os.publishing.continue.handler(async ({ input }) => ({
        session: viewSession(await desk().continueHere(input.id)),
      })),
    },
    teams: {
      list: os.teams.list.handler(async () => ({ teams: [...(await desk().teams())] })),
      create: os.teams.create.handler(({ input }) => desk().createTeam(input.name)),
      invite: os.teams.invite.handler(({ input }) => desk().invite(input.team, input.role)),
      join: os.teams.join.handler(({ input }) => desk().joinTeam(input.code)),
      members: os.teams.members.handler(async ({ input }) => ({ members: [...(await desk().members(input.team))] })),
      removeMember: os.teams.removeMember.handler(async ({ input }) => {
        await desk().removeMember(input.team, input.member);
        return done;
      }),
      setRole: os.teams.setRole.handler(async ({ input }) => {
        await desk().setRole(input.team, input.member, input.role);
        return done;
      }),
      mapProject: os.teams.mapProject.handler(async ({ input }) => {
        await desk().mapProject(input.projectPath, input.team);
        return done;
      }),
      projects: os.teams.projects.handler(async () => ({ projects: [...(await desk().projects())] })),
    },
  };
}
