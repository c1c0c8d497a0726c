// The way out: a last capture, everything closed in order, then the end. A restore that runs is asked about first.

import type { Clock } from '../core/clock.ts';
import type { ElectronApi } from './electron-api.ts';
import type { ShellSession } from './shell-session.ts';
import { within } from './within.ts';

/** The session gives its last capture 5 s; closing the vault takes the rest. */
const CLOSE_WITHIN_MS = 8_000;
const QUIT_BUTTON = 0;

export interface QuitGuardDeps {
  readonly electron: Pick<ElectronApi, 'app' | 'dialog'>;
  readonly session: ShellSession;
  readonly clock: Clock;
  /** Runs first, while everything still works. */
  readonly onQuitting: () => void;
  /** Ends what runs beside the session. */
  readonly close: () => Promise<void>;
}

export class QuitGuard {
  readonly #deps: QuitGuardDeps;
  #closing: Promise<void> | null = null;
  #isAsking = false;
  #hasClosed = false;

  /** Holds every end of the app until all is closed. */
  constructor(deps: QuitGuardDeps) {
    this.#deps = deps;
    deps.electron.app.on('before-quit', (event) => {
      if (this.#hasClosed) return;
      event.preventDefault();
      void this.#quit();
    });
  }

  /** Closes everything without a question, then ends the app: the system goes down. */
  async endNow(): Promise<void> {
    await this.closeAll();
    this.#deps.electron.app.quit();
  }

  /** Closes everything; the app may be ended, and replaced, then. Idempotent. */
  closeAll(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #quit(): Promise<void> {
    if (this.#isAsking || this.#closing !== null) return;
    if (this.#deps.session.isRestoring && !(await this.#ask())) return;
    await this.endNow();
  }

  async #ask(): Promise<boolean> {
    this.#isAsking = true;
    try {
      const { response } = await this.#deps.electron.dialog.showMessageBox({
        type: 'question',
        title: 'Cairn',
        message: 'A restore is running. Quit all the same?',
        detail: 'What it has brought back so far stays; the rest is not brought back.',
        buttons: ['Quit', 'Keep running'],
        defaultId: 1,
        cancelId: 1,
        noLink: true,
      });
      return response === QUIT_BUTTON;
    } finally {
      this.#isAsking = false;
    }
  }

  async #close(): Promise<void> {
    const { session, clock, onQuitting, close } = this.#deps;
    onQuitting();
    await within(Promise.allSettled([close(), session.close()]), CLOSE_WITHIN_MS, clock);
    this.#hasClosed = true;
  }
}
