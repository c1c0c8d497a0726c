// The global shortcut for a checkpoint, as the settings have it.

import type { ElectronApi } from './electron-api.ts';
import type { SettingsWatch } from './settings-watch.ts';
import type { ShellSession } from './shell-session.ts';

export interface ShortcutDeps {
  readonly globalShortcut: ElectronApi['globalShortcut'];
  readonly session: ShellSession;
  readonly settings: SettingsWatch;
  readonly onPressed: () => void;
}

/** Registers it, and anew at each change. One that another program holds is told; the setting stays. */
export function setupCheckpointShortcut({ globalShortcut, session, settings, onPressed }: ShortcutDeps): void {
  let wanted = '';
  let registered: string | null = null;
  settings.follow(({ desktop: { checkpointShortcut } }) => {
    if (checkpointShortcut === wanted) return;
    wanted = checkpointShortcut;
    if (registered !== null) globalShortcut.unregister(registered);
    registered = null;
    if (wanted === '') return;
    if (register(wanted)) registered = wanted;
    else
      session.emit({
        type: 'notice',
        text: `The shortcut ${wanted} cannot be used: choose another one in the settings.`,
      });
  });

  function register(accelerator: string): boolean {
    try {
      return globalShortcut.register(accelerator, onPressed);
    } catch {
      return false; // no shortcut at all, by its spelling
    }
  }
}
