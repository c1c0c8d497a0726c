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
    if (wanted !== '' && register(wanted)) registered = wanted;
    const isRefused = wanted !== '' && registered === null;
    const shortcutProblem = isRefused
      ? `The shortcut ${wanted} cannot be used: another program may hold it.`
      : undefined;
    session.noteDesktop({ shortcutProblem });
    if (shortcutProblem !== undefined)
      session.emit({ type: 'notice', text: `${shortcutProblem} Choose another one in the settings.` });
  });

  function register(accelerator: string): boolean {
    try {
      return globalShortcut.register(accelerator, onPressed);
    } catch {
      return false; // no shortcut at all, by its spelling
    }
  }
}
