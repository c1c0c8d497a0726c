// The entry of the desktop app: its composition, and the only file that loads Electron. What it does stands in the files beside it.

import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';

import { RPCHandler } from '@orpc/server/message-port';
import {
  app,
  BrowserWindow,
  dialog,
  globalShortcut,
  Menu,
  MessageChannelMain,
  nativeImage,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session as sessions,
  Tray,
} from 'electron';

import packageJson from '../../package.json' with { type: 'json' };
import { toPlainError } from '../shared/model/app-error.ts';
import { isProcessAlive } from '../core/system/process-alive.ts';
import { createApiRouter } from '../core/api/router.ts';
import { startLocalServer } from '../core/api/local/local-server.ts';
import { createApp } from '../core/app.ts';
import { systemClock } from '../core/clock.ts';
import { resolveDataFolder } from '../core/config/data-folder.ts';
import { AppSession } from '../core/session/session.ts';
import { createHost } from '../core/sources/host/create-host.ts';
import { createSources } from '../core/sources/registry.ts';
import { findTmuxTerminal } from '../core/sources/tmux/open-tmux-terminal.ts';
import { openInbox } from '../core/vault/inbox-client.ts';
import { createVault, openVault } from '../core/vault/vault-client.ts';
import { parseArguments } from './arguments.ts';
import { turnOffCoreDumps } from './core-dumps.ts';
import { startDesktopShell, type DesktopShell } from './desktop-shell.ts';
import type { ElectronApi } from './electron-api.ts';
import { createKeychain } from './keychain.ts';
import { autostartPath } from './login/autostart-file.ts';
import { createShellSession } from './shell-session.ts';
import { setupSingleInstance } from './single-instance.ts';
import { registerAppScheme } from './window/app-protocol.ts';

const electron: ElectronApi = {
  ...{ app, BrowserWindow, dialog, globalShortcut, Menu, MessageChannelMain, nativeImage, Notification },
  ...{ powerMonitor, protocol, safeStorage, screen, session: sessions, Tray },
};
/** What Electron itself keeps goes below the data folder, where others cannot read. */
const SHELL_FOLDER = 'shell';

const env = { ...process.env };
delete process.env['CAIRN_PASSWORD']; // no program started from here inherits it
const { platform } = process;
const options = parseArguments(process.argv);
const host = createHost(env, platform);
const { homeDir } = host;
const home = options.home === null ? resolveDataFolder({ env, platform, homeDir }) : resolve(options.home);
const core = createApp({
  ...{ home, host, clock: systemClock, sources: createSources() },
  vaults: { open: openVault, create: createVault },
});

// Everything up to `whenReady` has to happen before Electron is ready.
app.setName('Cairn');
app.enableSandbox();
if (platform === 'linux') app.commandLine.appendSwitch('enable-features', 'GlobalShortcutsPortal');
registerAppScheme(protocol);
if (prepareFolders()) {
  const shell = Promise.withResolvers<DesktopShell>();
  const isFirst = setupSingleInstance({
    app,
    show: (path) => void shell.promise.then((started) => started.show(path)),
  });
  if (isFirst) void app.whenReady().then(() => shell.resolve(start()));
  else app.quit();
}

function prepareFolders(): boolean {
  try {
    core.prepareFolder();
    const folder = join(home, SHELL_FOLDER);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    app.setPath('userData', folder);
    return true;
  } catch (error) {
    const { message, hint } = toPlainError(error);
    dialog.showErrorBox('Cairn cannot start', `${message}\n${hint}`);
    app.exit(1);
    return false;
  }
}

function start(): DesktopShell {
  // Electron's helper that pages are forked from is among them, so pages have the limit too.
  void turnOffCoreDumps(
    app.getAppMetrics().map(({ pid }) => pid),
    { run: host.run, platform },
  );
  const session = new AppSession({
    ...{ app: core, shell: 'desktop', version: packageJson.version, pid: process.pid },
    ...{ isProcessAlive, openInbox, findTerminal: findTmuxTerminal },
  });
  session.begin();
  const keychain = createKeychain({ safeStorage, platform, path: join(home, 'keychain.json') });
  const started = Promise.withResolvers<DesktopShell>();
  const router = createApiRouter({
    ...{ session, keychain },
    desktop: {
      installUpdate: async () => (await started.promise).installUpdate(),
      protect: (isOn) => void started.promise.then((shell) => shell.protect(isOn)),
      chooseVault: async (what) => (await started.promise).chooseVault(what),
    },
    proveRestore: async (say, signal) =>
      (await import('../core/proof/prove-restore.ts')).proveRestore({ env, say, signal }),
  });
  const calls = new RPCHandler(router);
  const root = app.getAppPath();
  if (app.isPackaged) app.setAsDefaultProtocolClient('cairn');
  const { version } = packageJson;
  const rest = startLocalServer({ router, session, version, pid: process.pid, port: 0 });
  rest.catch((error: unknown) => {
    session.emit({ type: 'notice', text: `The local API is off: ${toPlainError(error).message}` });
  });
  const shell = startDesktopShell({
    ...{ electron, session: createShellSession(session), keychain, clock: systemClock, platform, arguments: options },
    paths: {
      renderer: join(root, 'out', 'renderer'),
      preload: join(root, 'out', 'preload', 'index.cjs'),
      icon: join(root, 'resources', 'icon.png'),
      trayImages: join(root, 'resources', 'tray'),
      windowState: join(home, 'window.json'),
      autostart: autostartPath(env, homeDir),
    },
    command: ownCommand(root),
    servePort: (port) => calls.upgrade(port),
    // Only a build that was made for a place with updates knows one.
    createUpdates: existsSync(join(process.resourcesPath, 'app-update.yml')) ? createUpdates : null,
    close: async () => (await rest.catch(() => null))?.close(),
  });
  started.resolve(shell);
  return shell;
}

/** What starts this app over this folder again. */
function ownCommand(root: string): readonly string[] {
  const usualHome = resolveDataFolder({ env: { ...env, CAIRN_HOME: '' }, platform, homeDir });
  const program = env['APPIMAGE'] ?? process.execPath;
  return [program, ...(app.isPackaged ? [] : [root]), ...(home === usualHome ? [] : [`--home=${home}`])];
}

async function createUpdates() {
  const { default: library } = await import('electron-updater');
  return (await import('./electron-updates.ts')).createElectronUpdates(library.autoUpdater);
}
