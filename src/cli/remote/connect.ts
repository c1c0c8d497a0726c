// Uses the open vault of an app that runs over the same folder.

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { App } from '../../core/app.ts';
import { createPublishing } from '../../core/create-publishing.ts';
import { createSessions } from '../../core/create-sessions.ts';
import { SessionStore } from '../../core/sessions/session-store.ts';
import { SettingsReader } from '../../core/settings-reader.ts';
import { RestoreService } from '../../core/restore/restore-service.ts';
import { findTmuxTerminal } from '../../core/sources/tmux/open-tmux-terminal.ts';
import type { Vault } from '../../core/vault/vault.ts';
import type { CaptureOutcome, CaptureRequest, OpenCore } from '../core.ts';
import { exportTo } from '../export-to.ts';
import { controlRunningSync } from './running-sync.ts';
import { createRemoteVault } from './remote-vault.ts';
import { findRunningApp, type RunningApp } from './running-app.ts';

/** The open vault of the running app; null where none runs, or its vault is not open. */
export async function connect(app: App, isProcessAlive: (pid: number) => boolean): Promise<OpenCore | null> {
  const running = await findRunningApp(app.folder, isProcessAlive);
  if (running === null) return null;
  let notices: Vault['notices'];
  try {
    notices = (await running.call('notices', [])) as Vault['notices']; // the other end's are typed so
  } catch (error) {
    if (error instanceof AppError) return null; // locked, damaged or gone: opening the vault here says what it is
    throw error;
  }
  const vault = createRemoteVault(running, notices);
  const capture = (request: CaptureRequest, signal: AbortSignal): Promise<CaptureOutcome> =>
    running.call('capture', [request], { signal }) as Promise<CaptureOutcome>; // as above
  const restores = new RestoreService({
    vault,
    host: app.host,
    sources: app.sources,
    nowMs: () => app.clock.nowMs(),
    lookAtPresent: (signal) => running.call('look', [], { signal }) as Promise<readonly SnapshotItem[]>, // as above
    capturePresent: async (signal) => (await capture({ kind: 'before-restore' }, signal)).summary.id,
    findTerminal: findTmuxTerminal,
  });
  const lookNow = (signal: AbortSignal): Promise<readonly SnapshotItem[]> =>
    running.call('look', [], { signal }) as Promise<readonly SnapshotItem[]>; // as above
  const settings = new SettingsReader({
    place: app.configPlace,
    sources: app.sources,
    vault,
    environment: app.exclusionEnvironment,
  });
  const opened = {
    vault,
    sessions: new SessionStore({ vault, sources: app.sources, nowMs: () => app.clock.nowMs() }),
    lookNow,
    loadCaptureSettings: () => settings.load(),
    config: () => settings.config(),
  };
  return {
    vault,
    sync: controlRunningSync(running),
    history: async (device) => createRemoteVault(running, notices, device),
    sessions: createSessions(app, opened, findTmuxTerminal),
    publishing: createPublishing(opened, {
      server: async () => ({
        ask: (question, signal) => running.call('askServer', [question], signal === undefined ? {} : { signal }),
      }),
    }),
    capture,
    run: () =>
      Promise.reject(
        new AppError('USAGE_INVALID', 'The running Cairn captures already.', { hint: 'Nothing needs to be done.' }),
      ),
    planRestore: (request) => restores.plan(request),
    applyRestore: (plan, request, progress) => whileHeld(running, () => restores.apply(plan, request, progress)),
    exportTo: (request) => exportTo(app, vault, request),
    undoRestore: (progress) => whileHeld(running, () => restores.undo(progress)),
    close: async () => undefined,
  };
}

/** Tells the app that a restore runs: it neither locks nor ends nor updates under it. @throws AppError VAULT_BUSY while another one runs */
async function whileHeld<Result>(running: RunningApp, work: () => Promise<Result>): Promise<Result> {
  const end = new AbortController();
  const held = Promise.withResolvers<void>();
  const holding = running
    .call('holdRestore', [], { signal: end.signal, onProgress: () => held.resolve() })
    .then(() => held.resolve(), held.reject);
  try {
    await held.promise;
    return await work();
  } finally {
    end.abort();
    await holding;
  }
}
