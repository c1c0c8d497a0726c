// Puts the shell together once Electron is ready: the page's surroundings, the window, the tray, and what follows the machine. The order
// is that of the list; the way out is in quit-guard.ts.

import type { DesktopPort } from '../core/api/api-deps.ts';
import type { Keychain } from '../core/api/keychain.ts';
import type { Clock } from '../core/clock.ts';
import { createActions } from './actions.ts';
import type { ShellArguments } from './arguments.ts';
import type { ElectronApi } from './electron-api.ts';
import { setupLoginItem } from './login/login-item.ts';
import { openAtHiddenStart } from './login/start-hidden.ts';
import { createNotifier } from './notices/notifier.ts';
import { setupTroubleTeller } from './notices/trouble-teller.ts';
import { every } from './every.ts';
import { setupPower } from './power.ts';
import { QuitGuard } from './quit-guard.ts';
import type { ServePort } from './rpc/page-port.ts';
import { SettingsWatch } from './settings-watch.ts';
import type { ShellSession } from './shell-session.ts';
import { setupCheckpointShortcut } from './shortcut.ts';
import { setupTray } from './tray/tray.ts';
import { describeUpdates, explainUpdates } from './update-state.ts';
import { Updater, type UpdaterDeps } from './updater.ts';
import { createAssetHandler } from './window/app-protocol.ts';
import { lockDownContents, lockDownSession } from './window/lock-down.ts';
import { MainWindow } from './window/main-window.ts';
import { APP_SCHEME } from './window/own-page.ts';
import { MEMORY_PARTITION } from './window/window-options.ts';

const LOOK_FOR_TROUBLE_EVERY_MS = 60_000;

export interface ShellPaths {
  /** The built renderer. */
  readonly renderer: string;
  readonly preload: string;
  readonly icon: string;
  /** The folder of the tray's pictures. */
  readonly trayImages: string;
  readonly windowState: string;
  readonly autostart: string;
}

export interface DesktopShellDeps {
  readonly electron: ElectronApi;
  readonly session: ShellSession;
  readonly clock: Clock;
  readonly platform: NodeJS.Platform;
  readonly arguments: Pick<ShellArguments, 'isHidden' | 'path'>;
  readonly paths: ShellPaths;
  /** Program and arguments that start this app again. */
  readonly command: readonly string[];
  readonly servePort: ServePort;
  readonly keychain: Keychain;
  readonly createUpdates: UpdaterDeps['createUpdates'];
  /** Ends what runs beside the session. */
  readonly close: () => Promise<void>;
}

export interface DesktopShell extends DesktopPort {
  /** Brings the window to the front, at the path where one is given. */
  show(path?: string): void;
}

export function startDesktopShell(deps: DesktopShellDeps): DesktopShell {
  const { electron, session, clock, platform, paths } = deps;
  const { app } = electron;
  const isHidden = isHiddenStart(deps);
  setupSurroundings(deps);
  const settings = new SettingsWatch(session);
  const notifier = createNotifier({ Notification: electron.Notification, platform });
  const window = createMainWindow(deps, () =>
    notifier.show({
      title: 'Cairn',
      body: 'The window ended unexpectedly. Captures go on; click to open it again.',
      onClick: () => window.show(),
    }),
  );
  const show = (path?: string): void => window.show(path);
  const quit = new QuitGuard({
    ...{ electron, session, clock, close: deps.close },
    onQuitting: () => void updater.noteQuitting(),
  });
  // The updater speaks as soon as it is made, and the tray shows what it says.
  let refreshTray: (() => void) | null = null;
  const updater = new Updater({
    ...{ createUpdates: deps.createUpdates, session, settings, clock },
    closeAll: () => quit.closeAll(),
    onChanged: (state) => {
      refreshTray?.();
      session.noteDesktop({ update: explainUpdates(state) });
    },
  });
  session.noteDesktop({ update: explainUpdates(updater.state()) });
  const perform = createActions({
    ...{ electron, session, clock, notifier, show, formatMoment },
    installUpdate: () => updater.install(),
  });
  refreshTray = setupTray({
    ...{ electron, session, clock, platform, perform },
    images: paths.trayImages,
    facts: () => ({
      nowMs: clock.nowMs(),
      formatTime,
      isRestoring: session.isRestoring,
      checkpointShortcut: settings.current()?.desktop.checkpointShortcut ?? '',
      update: describeUpdates(updater.state()),
    }),
  });
  const lookForTrouble = setupTroubleTeller({
    ...{ session, clock, notifier, show, formatTime },
    isWindowFocused: () => window.isFocused,
  });
  every(LOOK_FOR_TROUBLE_EVERY_MS, lookForTrouble, clock);
  setupCheckpointShortcut({
    ...{ globalShortcut: electron.globalShortcut, session, settings },
    onPressed: () => void perform('checkpoint'),
  });
  setupPower({ powerMonitor: electron.powerMonitor, session, settings, clock, endNow: () => quit.endNow() });
  setupLoginItem({ app, session, settings, platform, command: deps.command, autostartPath: paths.autostart });
  app.on('activate', () => show());
  // Captures go on without a window.
  app.on('window-all-closed', () => {});
  if (isHidden) void openAtHiddenStart({ session, keychain: deps.keychain, notifier, show: () => show() });
  else show(deps.arguments.path ?? undefined);
  return {
    show,
    installUpdate: () => updater.install(),
    protect: (isOn) => window.protect(isOn),
    chooseVault: (what) => window.chooseVault(what),
  };
}

/** macOS hands a start at login no arguments, and says so in another way. */
function isHiddenStart({ arguments: { isHidden }, platform, electron }: DesktopShellDeps): boolean {
  return isHidden || (platform === 'darwin' && electron.app.getLoginItemSettings().wasOpenedAtLogin);
}

/** What every page runs under, before the first one is made. */
function setupSurroundings({ electron, paths }: DesktopShellDeps): void {
  const pages = electron.session.fromPartition(MEMORY_PARTITION, { cache: false });
  lockDownSession(pages);
  pages.protocol.handle(APP_SCHEME, createAssetHandler(paths.renderer));
  electron.app.on('web-contents-created', (_event, contents) => lockDownContents(contents));
}

function createMainWindow(deps: DesktopShellDeps, onCrashed: () => void): MainWindow {
  const { electron, session, paths, servePort } = deps;
  return new MainWindow({
    ...{ electron, servePort, onCrashed },
    ...{ preload: paths.preload, icon: paths.icon, statePath: paths.windowState },
    hasDevTools: !electron.app.isPackaged,
    navigate: (path) => session.emit({ type: 'navigate', path }),
    // The session of the user ends on Windows; nothing can be waited for then.
    onSessionEnd: () => void session.close().catch(() => undefined),
  });
}

function formatTime(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

/** "2026-11-20 14:30": a checkpoint's name sorts, and reads the same everywhere. */
function formatMoment(timeMs: number): string {
  const at = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
