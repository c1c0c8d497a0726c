import type { OpenApp } from './app.ts';
import { PublishingDesk } from './sync/publishing/publishing-desk.ts';
import { linkTo } from './sync/publishing/server-link.ts';
import { isPushExcluded } from './sessions/session-desk.ts';

/** Publishing over an open vault. */
export function createPublishing(
  opened: Pick<OpenApp, 'sessions' | 'loadCaptureSettings'>,
  /** What keeps the account; null where that cannot be. */
  account: Parameters<typeof linkTo>[0],
): PublishingDesk {
  return new PublishingDesk({
    store: opened.sessions,
    link: linkTo(account),
    isExcluded: async ({ tool, folder }) => {
      const { exclusion } = await opened.loadCaptureSettings();
      return isPushExcluded({ tool, ...(folder === null ? {} : { folder }) }, exclusion);
    },
  });
}
