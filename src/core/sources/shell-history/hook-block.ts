// How the shell integration stands in a user's start files: where they are, and the marks of the block. The installer writes by it, and
// the source knows by it which shells note their commands themselves.

import { isAbsolute, join } from 'node:path';

import type { Host } from '../source.ts';

export const HOOKED_SHELLS = ['bash', 'zsh', 'fish'] as const;
export type HookedShell = (typeof HOOKED_SHELLS)[number];

export const BLOCK_START = '# >>> cairn shell integration >>>';
export const BLOCK_END = '# <<< cairn shell integration <<<';

/** The file of a shell that holds the integration: a block in the first two, the file itself for fish. */
export function findStartFile({ env, homeDir }: Pick<Host, 'env' | 'homeDir'>, shell: HookedShell): string {
  const folder = (name: string, otherwise: string): string => {
    const value = env[name];
    // Relative ones are ignored, as the shells' own documents say.
    return value !== undefined && isAbsolute(value) ? value : otherwise;
  };
  switch (shell) {
    case 'bash':
      return join(homeDir, '.bashrc');
    case 'zsh':
      return join(folder('ZDOTDIR', homeDir), '.zshrc');
    case 'fish':
      return join(folder('XDG_CONFIG_HOME', join(homeDir, '.config')), 'fish', 'conf.d', 'cairn.fish');
  }
}

/** True where the text holds the block's marks, each on a line of its own. */
export function isHooked(text: string): boolean {
  const lines = text.split('\n');
  return lines.includes(BLOCK_START) && lines.includes(BLOCK_END);
}
