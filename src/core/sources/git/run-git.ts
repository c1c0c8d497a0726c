// Runs git so that the repository cannot make it do anything else: no hooks, no monitors, no filters, no pagers, no network, no
// optional locks, and never a rewrite of the index for its own sake.

import type { Host } from '../source.ts';
import type { ProgramResult, RunProgramOptions } from '../host/run-program.ts';

const SAFE_CONFIG = [
  'core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.untrackedCache=false', 'core.safecrlf=false', 'core.pager=cat', 'core.sshCommand=false',
  'diff.autoRefreshIndex=false', 'diff.external=', 'gc.auto=0', 'maintenance.auto=false', 'advice.addEmbeddedRepo=false', 'commit.gpgSign=false',
  'credential.helper=', 'protocol.allow=never', 'submodule.recurse=false', 'color.ui=false',
] as const;
const TIMEOUT_MS = 4_500;

/** Commits that Cairn makes bear its own name, never the user's. */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'Cairn', GIT_AUTHOR_EMAIL: 'cairn@localhost', GIT_COMMITTER_NAME: 'Cairn', GIT_COMMITTER_EMAIL: 'cairn@localhost',
} as const;

export interface GitOptions extends Pick<RunProgramOptions, 'input' | 'signal' | 'maxOutputBytes' | 'timeoutMs'> {
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: readonly string[];
}

export function runGit(host: Host, folder: string, args: readonly string[], options: GitOptions = {}): Promise<ProgramResult> {
  const config = [...SAFE_CONFIG, ...(options.config ?? [])].flatMap((setting) => ['-c', setting]);
  return host.run('git', ['--no-optional-locks', '--literal-pathspecs', ...config, '-C', folder, ...args], {
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.maxOutputBytes === undefined ? {} : { maxOutputBytes: options.maxOutputBytes }),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    env: { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1', GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined, ...IDENTITY, ...options.env },
  });
}

/** The settings that turn off every filter the repository defines: `add` and checkout would run them. */
export async function filterOverrides(host: Host, folder: string, signal: AbortSignal): Promise<string[]> {
  const listed = await runGit(host, folder, ['config', '--name-only', '--get-regexp', String.raw`^filter\..*\.(clean|smudge|process|required)$`], { signal });
  const names = new Set<string>();
  for (const line of listed.stdout.toString('utf8').split('\n')) {
    const name = /^filter\.(.*)\.[a-z]+$/.exec(line)?.[1];
    if (name !== undefined && !name.includes('=')) names.add(name);
  }
  return [...names].flatMap((name) => [`filter.${name}.clean=`, `filter.${name}.smudge=`, `filter.${name}.process=`, `filter.${name}.required=false`]);
}
