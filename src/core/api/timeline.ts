// The timeline: pages of changes, density, one item through time, what to filter by, search.

import { viewSummary } from '../timeline/views.ts';
import { viewWhereWasI, whereWasI } from '../timeline/where-was-i.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';
import { withHistory } from './histories.ts';
import { viewSessionHit } from './sessions.ts';

/** Messages of sessions that the first answer to a search tells, and how long it looks for them. */
const MAX_SESSION_HITS = 20;
const SESSIONS_BUDGET_MS = 1_000;

const MINUTE_MS = 60_000;

export function timelineHandlers({ session }: ApiDeps) {
  return {
    timeline: {
      page: os.timeline.page.handler(({ input }) =>
        withHistory(session, input.device, ({ timeline }) => timeline.page(input.filter, input.limit, input.cursor)),
      ),
      density: os.timeline.density.handler(({ input }) =>
        withHistory(session, input.device, ({ timeline }) =>
          timeline.density(
            input.from === undefined ? null : Date.parse(input.from),
            input.to === undefined ? null : Date.parse(input.to),
            input.bins,
          ),
        ),
      ),
      item: os.timeline.item.handler(({ input }) =>
        withHistory(session, input.device, async ({ timeline }) => {
          const { rows, cursor } = await timeline.item(input.key, input.limit, input.cursor);
          return { versions: rows, ...(cursor === undefined ? {} : { cursor }) };
        }),
      ),
      items: os.timeline.items.handler(() => session.unlocked().timeline.items()),
      whereWasI: os.timeline.whereWasI.handler(async ({ input: { awayMinutes, project } }) =>
        viewWhereWasI(
          await whereWasI(session.unlocked().app.vault, {
            nowMs: session.app.clock.nowMs(),
            awayMs: awayMinutes * MINUTE_MS,
            ...(project === undefined ? {} : { project }),
          }),
        ),
      ),
      facets: os.timeline.facets.handler(() => session.unlocked().timeline.facets()),
      resolve: os.timeline.resolve.handler(({ input }) =>
        withHistory(session, input.device, async ({ vault }) => {
          const id = await vault.resolveSnapshot(input.reference, session.app.clock.nowMs());
          return viewSummary(await vault.readSnapshot(id));
        }),
      ),
    },
    search: {
      query: os.search.query.handler(({ input: { device, ...input } }) =>
        withHistory(session, device, async ({ vault, timeline, isOther }) => {
          const answer = await timeline.search(input);
          if (input.cursor !== undefined) return answer;
          const { store } = session.unlocked().sessions;
          const { hits } = await (isOther ? store.over(vault) : store).search({
            text: input.text,
            limit: MAX_SESSION_HITS,
            budgetMs: input.firstWithinMs ?? SESSIONS_BUDGET_MS,
            ...(input.kinds === undefined ? {} : { kinds: input.kinds }),
            ...(input.sources === undefined ? {} : { sources: input.sources }),
            ...(input.projects === undefined ? {} : { projects: input.projects }),
            ...(input.since === undefined ? {} : { sinceMs: Date.parse(input.since) }),
            ...(input.until === undefined ? {} : { untilMs: Date.parse(input.until) }),
          });
          return { ...answer, sessions: hits.map(viewSessionHit) };
        }),
      ),
    },
  };
}
