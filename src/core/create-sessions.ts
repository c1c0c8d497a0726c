import type { PlainError } from '../shared/model/app-error.ts';
import type { App, OpenApp } from './app.ts';
import { AgentSessionKeeper } from './sessions/agents/keep-in-step.ts';
import { takeNotes } from './sessions/hooks/hook-notes.ts';
import { isPushExcluded, SessionDesk, type SessionDeskDeps, type SessionExclusion } from './sessions/session-desk.ts';

/** Keeps imported sessions in step with their files while the vault is open, and tells of every change. */
export function keepSessions(
  app: Pick<App, 'clock' | 'host' | 'folder'>,
  opened: Pick<OpenApp, 'vault' | 'sessions' | 'scheduler' | 'loadCaptureSettings'>,
  { onChanged, onFailed }: { readonly onChanged: () => void; readonly onFailed: (error: PlainError) => void },
): AgentSessionKeeper {
  const keeper = new AgentSessionKeeper({
    vault: opened.vault,
    store: opened.sessions,
    setTimer: (callback, delayMs) => app.clock.setTimer(callback, delayMs),
    loadExclusion: () => loadExclusion(opened),
    takeNotes: async () => {
      const exclusion = await loadExclusion(opened);
      await takeNotes(opened.sessions, { host: app.host, home: app.folder.path }, (push) =>
        isPushExcluded(push, exclusion),
      );
    },
    onFailed,
  });
  opened.sessions.onChanged(() => {
    onChanged();
    // What was imported just now is watched from now on.
    keeper.consider();
  });
  opened.scheduler.on('captured', () => keeper.consider());
  keeper.consider();
  return keeper;
}

/** What is done with the sessions of an unlocked app. */
export function createSessions(
  app: Pick<App, 'host' | 'sources'>,
  opened: Pick<OpenApp, 'vault' | 'sessions' | 'lookNow' | 'loadCaptureSettings' | 'config'>,
  findTerminal: SessionDeskDeps['findTerminal'],
): SessionDesk {
  return new SessionDesk({
    store: opened.sessions,
    vault: opened.vault,
    host: app.host,
    sources: app.sources,
    limits: () => opened.config().sessions,
    loadExclusion: () => loadExclusion(opened),
    lookNow: (signal) => opened.lookNow(signal),
    findTerminal,
  });
}

async function loadExclusion(opened: Pick<OpenApp, 'loadCaptureSettings'>): Promise<SessionExclusion> {
  return (await opened.loadCaptureSettings()).exclusion;
}
