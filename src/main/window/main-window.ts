// The one window: made when it is first asked for, thrown away when it is closed. Captures do not depend on it.

import type { BrowserWindow } from 'electron';

import type { ElectronApi } from '../electron-api.ts';
import { setupPagePort, type ServePort } from '../rpc/page-port.ts';
import { APP_ORIGIN } from './own-page.ts';
import { windowOptions, type WindowOptions } from './window-options.ts';
import { placeWindow, readWindowState, writeWindowState } from './window-state.ts';

export interface MainWindowDeps extends Pick<WindowOptions, 'preload' | 'icon' | 'hasDevTools'> {
  readonly electron: Pick<ElectronApi, 'BrowserWindow' | 'MessageChannelMain' | 'screen'>;
  /** Where its place is kept. */
  readonly statePath: string;
  readonly servePort: ServePort;
  /** Tells the open page where to go. */
  readonly navigate: (path: string) => void;
  /** The page's process ended by itself; the window is gone. */
  readonly onCrashed: () => void;
  /** Windows ends the user's session. */
  readonly onSessionEnd: () => void;
}

export class MainWindow {
  readonly #deps: MainWindowDeps;
  #window: BrowserWindow | null = null;
  /** True from when the page can hear where to go. */
  #isServed = false;

  constructor(deps: MainWindowDeps) {
    this.#deps = deps;
  }

  get isFocused(): boolean {
    return this.#window?.isFocused() ?? false;
  }

  /** Keeps it out of pictures of the screen while a secret shows; a new window begins unprotected. */
  protect(isOn: boolean): void {
    this.#window?.setContentProtection(isOn);
  }

  /** Brings it to the front, at the path where one is given. */
  show(path?: string): void {
    if (this.#window === null) {
      this.#open(path ?? '/');
      return;
    }
    if (path !== undefined) {
      if (this.#isServed) this.#deps.navigate(path);
      else this.#load(this.#window, path);
    }
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  #open(path: string): void {
    const { electron, preload, icon, hasDevTools, statePath } = this.#deps;
    const state = readWindowState(statePath);
    const bounds = placeWindow(
      state,
      electron.screen.getAllDisplays().map(({ workArea }) => workArea),
    );
    const window = new electron.BrowserWindow(windowOptions({ bounds, preload, icon, hasDevTools }));
    this.#window = window;
    if (state?.isMaximised === true) window.maximize();
    this.#listen(window);
    this.#load(window, path);
  }

  #listen(window: BrowserWindow): void {
    const { electron, servePort, onCrashed, onSessionEnd } = this.#deps;
    setupPagePort(window.webContents, {
      createChannel: () => new electron.MessageChannelMain(),
      serve: servePort,
      onServed: (isServed) => {
        this.#isServed = isServed;
      },
    });
    window.once('ready-to-show', () => window.show());
    window.on('close', () => this.#keepPlace(window));
    window.on('closed', () => {
      this.#window = null;
      this.#isServed = false;
    });
    window.on('session-end', onSessionEnd);
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit') return;
      // Loading it anew by itself could end the same way without end.
      window.destroy();
      onCrashed();
    });
  }

  #load(window: BrowserWindow, path: string): void {
    // A load that another one overtakes rejects, and so does that of a window closed meanwhile.
    window.loadURL(`${APP_ORIGIN}${path}`).catch(() => undefined);
  }

  #keepPlace(window: BrowserWindow): void {
    try {
      writeWindowState(this.#deps.statePath, { ...window.getNormalBounds(), isMaximised: window.isMaximized() });
    } catch {
      // A full disk must not keep a window from closing; it opens at its usual place next time.
    }
  }
}
