// Looks for updates of the chosen channel, fetches them, and installs them when the app quits or when the user says so. Never before
// there is a vault, never during a restore, and always after a last capture. It sends nothing but the request for the file.

import { AppError } from '../shared/model/app-error.ts';
import type { Clock } from '../core/clock.ts';
import { every } from './every.ts';
import type { SettingsWatch } from './settings-watch.ts';
import type { ShellSession } from './shell-session.ts';
import { nextUpdateState, type UpdateEvent, type UpdateState } from './update-state.ts';

const CHECK_EVERY_MS = 6 * 3_600_000;
/** Starting is busy enough. */
const FIRST_CHECK_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 60_000;

export type UpdateChannel = 'stable' | 'beta';
export type ReportedUpdate = Exclude<UpdateEvent, { readonly type: 'turned-off' | 'turned-on' | 'checking' }>;

/** What fetches and installs; `electron-updates.ts` is the real one. */
export interface Updates {
  setChannel(channel: UpdateChannel): void;
  on(listener: (event: ReportedUpdate) => void): void;
  /** Looks and, where there is one, fetches it; events tell what came of it. */
  check(): Promise<void>;
  setInstallsOnQuit(installsOnQuit: boolean): void;
  /** Ends the app and starts the new one. */
  install(): void;
}

export interface UpdaterDeps {
  /** Made when a channel is first in force; null where this build knows no place to look at. */
  readonly createUpdates: (() => Promise<Updates>) | null;
  readonly session: ShellSession;
  readonly settings: SettingsWatch;
  readonly clock: Clock;
  /** Captures a last time and closes everything. */
  readonly closeAll: () => Promise<void>;
  readonly onChanged: (state: UpdateState) => void;
}

export class Updater {
  readonly #deps: UpdaterDeps;
  readonly #startedAtMs: number;
  /** Settles to null where it could not be made. */
  #updates: Promise<Updates | null> = Promise.resolve(null);
  #isMade = false;
  #state: UpdateState = { name: 'off' };
  #checkedAtMs: number | null = null;

  constructor(deps: UpdaterDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.clock.monotonicMs();
    deps.settings.follow(({ desktop }) => this.#follow(desktop.updateChannel));
    every(LOOK_EVERY_MS, () => void this.#consider(), deps.clock);
  }

  state(): UpdateState {
    return this.#state;
  }

  /** Before everything is closed: an update may not come in where a restore was cut off. */
  async noteQuitting(): Promise<void> {
    const isSafe = !this.#deps.session.isRestoring;
    (await this.#updates)?.setInstallsOnQuit(isSafe && this.#state.name === 'ready');
  }

  /** @throws AppError VAULT_BUSY while a restore runs */
  async install(): Promise<void> {
    const updates = await this.#updates;
    if (this.#state.name !== 'ready' || updates === null) return;
    if (this.#deps.session.isRestoring) {
      throw new AppError('VAULT_BUSY', 'A restore is running.', {
        hint: 'Install the update when it is done.',
        isRetryable: true,
      });
    }
    await this.#deps.closeAll();
    updates.install();
  }

  #follow(channel: string): void {
    const { createUpdates } = this.#deps;
    if (createUpdates === null || (channel !== 'stable' && channel !== 'beta')) {
      this.#take({ type: 'turned-off' });
      return;
    }
    if (!this.#isMade) this.#updates = this.#make(createUpdates);
    this.#isMade = true;
    void this.#updates.then((updates) => updates?.setChannel(channel));
    this.#checkedAtMs = null;
    this.#take({ type: 'turned-on' });
  }

  async #make(createUpdates: () => Promise<Updates>): Promise<Updates | null> {
    try {
      const updates = await createUpdates();
      updates.on((event) => this.#take(event));
      return updates;
    } catch {
      this.#take({ type: 'turned-off' });
      return null;
    }
  }

  async #consider(): Promise<void> {
    const { session, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const isDue =
      this.#checkedAtMs === null
        ? nowMs - this.#startedAtMs >= FIRST_CHECK_AFTER_MS
        : nowMs - this.#checkedAtMs >= CHECK_EVERY_MS;
    const isIdle = this.#state.name === 'idle' || this.#state.name === 'failed';
    if (!isDue || !isIdle || session.isRestoring || session.status().vault === 'missing') return;
    this.#checkedAtMs = nowMs;
    this.#take({ type: 'checking' });
    try {
      await (await this.#updates)?.check();
    } catch {
      this.#take({ type: 'failed' });
    }
  }

  #take(event: UpdateEvent): void {
    const before = this.#state;
    this.#state = nextUpdateState(before, event);
    if (this.#state !== before) this.#deps.onChanged(this.#state);
  }
}
