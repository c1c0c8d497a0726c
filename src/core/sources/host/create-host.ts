// The real machine as a source sees it. Of the environment only what locates programs and their files is passed on, by name:
// everything else may be a secret.

import { userInfo } from 'node:os';

import type { Host } from '../source.ts';
import { createRunProgram } from './run-program.ts';

/** What programs need to be found, to find their own files and to reach the user's session. */
const PASSED_VARIABLES = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TMPDIR',
  'TMUX_TMPDIR',
  'CLAUDE_CONFIG_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'ZDOTDIR',
  'XDG_SESSION_TYPE',
  'XDG_CURRENT_DESKTOP',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'DBUS_SESSION_BUS_ADDRESS',
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'SystemRoot',
] as const;
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Gives the host of this process. @throws AppError never; the machine's own error where the user has no account */
export function createHost(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): Host {
  const user = userInfo();
  const passed: Record<string, string> = {};
  for (const name of PASSED_VARIABLES) {
    const value = env[name];
    if (value !== undefined && value !== '') passed[name] = value;
  }
  const homeDir = passed['HOME'] ?? user.homedir;
  const own = { PATH: DEFAULT_PATH, ...passed, HOME: homeDir };
  return { platform, homeDir, uid: user.uid, env: own, procDir: '/proc', run: createRunProgram(own) };
}
