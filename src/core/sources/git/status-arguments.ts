import type { GitConfig } from './parse-config.ts';

/** How git is asked for a status. Submodules are repositories of their own: looking into them would run git there, without our settings. */
export function statusArguments({ hidesUntracked }: Pick<GitConfig, 'hidesUntracked'>): readonly string[] {
  const untracked = `--untracked-files=${hidesUntracked ? 'no' : 'all'}`;
  return [
    'status',
    '--porcelain=v2',
    '--branch',
    '--show-stash',
    '-z',
    '--no-renames',
    untracked,
    '--ignore-submodules=dirty',
  ];
}
