// A terminal may have run another shell than the user's own: `tmux new-window fish`, or `exec zsh` at the prompt.

import { basename } from 'node:path';

import type { Host } from '../source.ts';

/** What a restore starts by name. A captured name that is none of them is never run. */
const SHELLS: ReadonlySet<string> = new Set(['bash', 'zsh', 'fish', 'dash', 'ksh', 'mksh', 'tcsh', 'nu']);

/** The shell that a terminal ran, where it is a known one and not the user's own; else empty. */
export function otherShell(captured: string | undefined, { env }: Pick<Host, 'env'>): string {
  if (captured === undefined || !SHELLS.has(captured)) return '';
  return captured === basename(env['SHELL'] ?? '') ? '' : captured;
}
