// What the shell needs of the running application. It holds no state of its own.

import type { CheckpointId } from '../shared/model/ids.ts';
import type { RestorePrompt } from '../shared/contract/schemas.ts';
import type { Config } from '../core/config/config.ts';
import type { AppSession } from '../core/session/session.ts';

export type ShellSession = Pick<
  AppSession,
  | 'on'
  | 'emit'
  | 'status'
  | 'isRestoring'
  | 'unlock'
  | 'lock'
  | 'capture'
  | 'checkpoint'
  | 'pause'
  | 'resume'
  | 'forget'
  | 'noteDesktop'
  | 'close'
> & {
  /** Whether something from before is missing now; null where there is nothing to ask. @throws AppError VAULT_LOCKED */
  restorePrompt(): Promise<RestorePrompt['prompt']>;
  /** Removes the name again; the snapshot goes as any other. @throws AppError VAULT_LOCKED */
  deleteCheckpoint(id: CheckpointId): Promise<void>;
  /** @throws AppError CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, CONFIG_INVALID */
  readConfig(): Config;
};

/** Shows the shell its side of the session. */
export function createShellSession(session: AppSession): ShellSession {
  return {
    on: (listener) => session.on(listener),
    emit: (event) => session.emit(event),
    status: () => session.status(),
    get isRestoring() {
      return session.isRestoring;
    },
    unlock: (secret) => session.unlock(secret),
    lock: () => session.lock(),
    capture: (request) => session.capture(request),
    checkpoint: (attributes) => session.checkpoint(attributes),
    pause: (untilMs) => session.pause(untilMs),
    resume: () => session.resume(),
    forget: (minutes) => session.forget(minutes),
    noteDesktop: (facts) => session.noteDesktop(facts),
    restorePrompt: () => session.unlocked().prompts.current(),
    close: () => session.close(),
    deleteCheckpoint: async (id) => {
      await session.unlocked().app.vault.deleteCheckpoints([id]);
      session.emit({ type: 'checkpoints.changed' });
    },
    readConfig: () => session.app.readConfig(),
  };
}
