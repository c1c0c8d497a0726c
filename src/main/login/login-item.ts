// Start at login, hidden, as the settings have it.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { writePrivateFileSync } from '../../core/config/write-private-file.ts';
import type { ElectronApi } from '../electron-api.ts';
import type { SettingsWatch } from '../settings-watch.ts';
import type { ShellSession } from '../shell-session.ts';
import { autostartEntry } from './autostart-file.ts';

export interface LoginItemDeps {
  readonly app: ElectronApi['app'];
  readonly session: ShellSession;
  readonly settings: SettingsWatch;
  readonly platform: NodeJS.Platform;
  /** Program and arguments that start this app. */
  readonly command: readonly string[];
  /** Where the entry lies on Linux. */
  readonly autostartPath: string;
}

/** Follows the settings. Off is only written where it was on: a machine where it was never chosen is left alone. */
export function setupLoginItem(deps: LoginItemDeps): void {
  deps.settings.follow(({ desktop }) => {
    try {
      if (deps.platform === 'linux') writeEntry(deps, desktop.startsAtLogin);
      else register(deps, desktop.startsAtLogin);
    } catch {
      deps.session.emit({ type: 'notice', text: 'Start at login could not be changed: check the autostart folder.' });
    }
  });
}

function register({ app, command: [path = '', ...rest] }: LoginItemDeps, isOn: boolean): void {
  const args = [...rest, '--hidden'];
  if (app.getLoginItemSettings({ path, args }).openAtLogin !== isOn)
    app.setLoginItemSettings({ openAtLogin: isOn, path, args });
}

function writeEntry({ autostartPath, command }: LoginItemDeps, isOn: boolean): void {
  if (!isOn) {
    rmSync(autostartPath, { force: true });
    return;
  }
  const entry = autostartEntry([...command, '--hidden']);
  if (readOrEmpty(autostartPath) === entry) return;
  mkdirSync(dirname(autostartPath), { recursive: true, mode: 0o700 });
  writePrivateFileSync(autostartPath, entry);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not there yet
  }
}
