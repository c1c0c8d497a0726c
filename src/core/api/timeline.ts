// The timeline: pages of changes, density, one item through time, what to filter by, search.

import { viewSummary } from '../timeline/views.ts';
import type { ApiDeps } from './api-deps.ts';
import { os } from './handlers.ts';

export function timelineHandlers({ session }: ApiDeps) {
  return {
    timeline: {
      page: os.timeline.page.handler(({ input }) =>
        session.unlocked().timeline.page(input.filter, input.limit, input.cursor),
      ),
      density: os.timeline.density.handler(({ input }) =>
        session
          .unlocked()
          .timeline.density(
            input.from === undefined ? null : Date.parse(input.from),
            input.to === undefined ? null : Date.parse(input.to),
            input.bins,
          ),
      ),
      item: os.timeline.item.handler(async ({ input }) => {
        const { rows, cursor } = await session.unlocked().timeline.item(input.key, input.limit, input.cursor);
        return { versions: rows, ...(cursor === undefined ? {} : { cursor }) };
      }),
      items: os.timeline.items.handler(() => session.unlocked().timeline.items()),
      facets: os.timeline.facets.handler(() => session.unlocked().timeline.facets()),
      resolve: os.timeline.resolve.handler(async ({ input }) => {
        const { vault } = session.unlocked().app;
        const id = await vault.resolveSnapshot(input.reference, session.app.clock.nowMs());
        return viewSummary(await vault.readSnapshot(id));
      }),
    },
    search: {
      query: os.search.query.handler(({ input }) => session.unlocked().timeline.search(input)),
    },
  };
}
