// What the shell integration asks before git throws work away. Git itself has a hook before a rebase and none before a reset, so it stands
// where people type both: a small script beside those of the shells, which use it once it is there.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { quoteArguments } from '../../sources/host/quote-argument.ts';
import { findHookScript } from './hook-script.ts';
import { CHECKPOINT_SCRIPT } from './hook-settings.ts';

/** The scripts of the shells look for it beside themselves. */
const FILE = ['shell-integration', 'before-git'] as const;

/** @throws AppError EXEC_FAILED where this installation has lost its scripts, or lies where no shell can be told */
export function gitHookText({ home, node }: { readonly home: string; readonly node: string }): string {
  const command = quoteArguments([node, findHookScript(CHECKPOINT_SCRIPT), 'git', home]);
  if (command === null)
    throw new AppError('EXEC_FAILED', 'The path of the hooks has no words.', {
      hint: 'Install Cairn again, in a folder with a plain name.',
    });
  return [
    '#!/bin/sh',
    '# Asks a running Cairn for a checkpoint: `before-git COMMAND`. Written by `cairn hooks install git`.',
    `exec ${command} "$1" </dev/null >/dev/null 2>&1`,
    '',
  ].join('\n');
}

export function gitHookFile(home: string): string {
  return join(home, ...FILE);
}

/** Whether what this text starts is there. */
export function isGitHookWhole(text: string): boolean {
  const found = /'([^']*cairn-checkpoint\.mjs)'|(\S*cairn-checkpoint\.mjs)/.exec(text)?.slice(1).find(Boolean);
  return found !== undefined && existsSync(found);
}
