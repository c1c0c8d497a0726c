import type { App, OpenApp } from './app.ts';
import { RestoreService, type RestoreServiceDeps } from './restore/restore-service.ts';

/** The restores of an unlocked app: planned against what it sees now, undone by what it captured just before. */
export function createRestores(
  app: Pick<App, 'host' | 'sources' | 'clock'>,
  opened: Pick<OpenApp, 'vault' | 'lookNow' | 'captureNow'>,
  findTerminal: RestoreServiceDeps['findTerminal'],
): RestoreService {
  const { host, sources, clock } = app;
  return new RestoreService({
    vault: opened.vault,
    host,
    sources,
    nowMs: () => clock.nowMs(),
    lookAtPresent: (signal) => opened.lookNow(signal),
    capturePresent: async (signal) => (await opened.captureNow({ kind: 'before-restore', signal })).summary.id,
    findTerminal,
  });
}
