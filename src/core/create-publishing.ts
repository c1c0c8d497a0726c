import type { OpenApp } from './app.ts';
import { PublishingDesk } from './sync/publishing/publishing-desk.ts';
import { NO_LINK, type ServerLink } from './sync/publishing/server-link.ts';
import { isPushExcluded } from './sessions/session-desk.ts';

/** Publishing over an open vault. */
export function createPublishing(
  opened: Pick<OpenApp, 'sessions' | 'loadCaptureSettings'>,
  link: ServerLink = NO_LINK,
): PublishingDesk {
  return new PublishingDesk({
    store: opened.sessions,
    link,
    isExcluded: async ({ tool, folder }) => {
      const { exclusion } = await opened.loadCaptureSettings();
      return isPushExcluded({ tool, ...(folder === null ? {} : { folder }) }, exclusion);
    },
  });
}
