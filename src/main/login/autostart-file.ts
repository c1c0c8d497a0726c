// Start at login on Linux: a desktop entry in the user's autostart folder (the XDG autostart specification).

import { isAbsolute, join } from 'node:path';

const FILE_NAME = 'cairn.desktop';

/** Where the entry lies. */
export function autostartPath(env: Readonly<Record<string, string | undefined>>, homeDir: string): string {
  const config = env['XDG_CONFIG_HOME'];
  // The XDG specification has relative paths ignored.
  const folder = config !== undefined && isAbsolute(config) ? config : join(homeDir, '.config');
  return join(folder, 'autostart', FILE_NAME);
}

/** The entry that starts a command without a window. */
export function autostartEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Cairn',
    'Comment=Captures your workspace',
    `Exec=${command.map(quote).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Quoted as an argument of the Exec key, then as a string of the file: a backslash is doubled in both. */
function quote(argument: string): string {
  const quoted = `"${argument.replaceAll(/[\\"`$]/g, '\\$&').replaceAll('%', '%%')}"`;
  return quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
