// The one window: made when it is first asked for, thrown away when it is closed. Captures do not depend on it.

import type { BrowserWindow, OpenDialogOptions } from 'electron';

import type { ElectronApi } from '../electron-api.ts';
import { setupPagePort, type ServePort } from '../rpc/page-port.ts';
import { APP_ORIGIN } from './own-page.ts';
import { windowOptions, type WindowOptions } from './window-options.ts';
import { placeWindow, readWindowState, writeWindowState } from './window-state.ts';

/** What a vault was kept as ends otherwise: `vault.db.damaged-<time>`. */
const ANY_FILE = { name: 'All files', extensions: ['*'] };

export interface MainWindowDeps extends Pick<WindowOptions, 'preload' | 'icon' | 'hasDevTools'> {
  readonly electron: Pick<ElectronApi, 'BrowserWindow' | 'dialog' | 'MessageChannelMain' | 'screen'>;
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

  /** Asks in the system's dialog, over the window, for a vault's file or its data folder; null where nothing was chosen. */
  async chooseVault(what: 'file' | 'folder'): Promise<string | null> {
    const { dialog } = this.#deps.electron;
    const options: OpenDialogOptions = {
      title: what === 'file' ? "Choose a vault's file or a backup" : 'Choose a data folder of Cairn',
      // Data folders often begin with a dot, or lie below one that does.
      properties: [what === 'file' ? 'openFile' : 'openDirectory', 'showHiddenFiles', 'dontAddToRecent'],
      ...(what === 'file' ? { filters: [{ name: 'Vaults and backups', extensions: ['db'] }, ANY_FILE] } : {}),
    };
    const { filePaths } = await (this.#window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(this.#window, options));
    return filePaths[0] ?? null;
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
