// Runs git so that the repository cannot make it do anything else: no hooks, monitors, filters, external diffs, pagers, signing,
// no network, no optional locks, no rewriting of the index for its own sake, no tracing into files.
//
// Settings go in through GIT_CONFIG_COUNT, not `-c`, because the name of a filter is chosen by the repository and may hold a `=`.
// Git reads them since 2.31; an older one is refused (`assertGitVersion`), since it would run the filters.

import { dirname } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ProgramResult, RunProgramOptions } from '../host/run-program.ts';
import type { Host } from '../source.ts';
import { parseGitConfig, type GitConfig } from './parse-config.ts';

const OLDEST_VERSION = [2, 31] as const;
/** Less than the source has in all, so that it is this repository that is known to be slow. */
const TIMEOUT_MS = 3_000;
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

const SAFE_CONFIG: ReadonlyArray<readonly [string, string]> = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  // A split index would be written next to the user's own, whatever GIT_INDEX_FILE says.
  ['core.splitIndex', 'false'],
  ['core.safecrlf', 'false'],
  ['core.pager', 'cat'],
  ['core.sshCommand', 'false'],
  ['core.askPass', 'false'],
  ['core.alternateRefsCommand', 'true'],
  ['core.quotePath', 'true'],
  ['core.protectHFS', 'true'],
  ['core.protectNTFS', 'true'],
  ['diff.autoRefreshIndex', 'false'],
  ['diff.external', ''],
  ['status.submoduleSummary', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['advice.addEmbeddedRepo', 'false'],
  ['commit.gpgSign', 'false'],
  ['gpg.program', 'false'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['fetch.fsckObjects', 'true'],
  ['transfer.fsckObjects', 'true'],
  ['submodule.recurse', 'false'],
  ['color.ui', 'false'],
];

/** Variables that would lead git elsewhere or make it write traces: taken out of whatever the host passes on. */
const FIXED_ENV: Readonly<Record<string, string | undefined>> = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_ALTERNATE_OBJECT_DIRECTORIES: undefined,
  GIT_NAMESPACE: undefined,
  GIT_EXTERNAL_DIFF: undefined,
  GIT_CONFIG_PARAMETERS: undefined,
  GIT_TRACE: '0',
  GIT_TRACE2: '0',
  GIT_TRACE2_EVENT: '0',
  GIT_TRACE2_PERF: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  // Older gits fetch missing objects of a partial clone by themselves: no protocol is allowed to do so.
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'false',
  // Commits that Cairn makes bear its own name, never the user's.
  GIT_AUTHOR_NAME: 'Cairn',
  GIT_AUTHOR_EMAIL: 'cairn@localhost',
  GIT_COMMITTER_NAME: 'Cairn',
  GIT_COMMITTER_EMAIL: 'cairn@localhost',
};

/** Commands that only read: nothing is lost where one is started twice. */
const READING = new Set(
  'cat-file check-attr config diff-tree for-each-ref ls-files ls-tree rev-list rev-parse status'.split(' '),
);

export interface GitOptions extends Pick<RunProgramOptions, 'input' | 'maxOutputBytes' | 'timeoutMs'> {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Further settings, by full name. */
  readonly config?: ReadonlyArray<readonly [string, string]>;
}

/** Git in one repository, with all of the repository's filters turned off. */
export interface Git {
  readonly folder: string;
  readonly config: GitConfig;
  /** Gives the result, whatever the exit code. */
  run(args: readonly string[], options?: GitOptions): Promise<ProgramResult>;
  /** Gives what git printed. @throws AppError SOURCE_FAILED where the exit code is not zero. */
  read(args: readonly string[], options?: GitOptions): Promise<Buffer>;
}

/**
 * Lists the settings that count in a folder, each behind the place it comes from (`git config --list -z --show-origin`).
 * @throws AppError SOURCE_UNREADABLE where git refuses the folder.
 */
export async function listSettings(host: Host, folder: string, signal: AbortSignal): Promise<Buffer> {
  const args = ['config', '--list', '-z', '--show-origin'];
  const listed = await runGit(host, folder, signal, args, { maxOutputBytes: MAX_CONFIG_BYTES });
  if (listed.exitCode !== 0) throw failureOf('config', listed);
  return listed.stdout;
}

/**
 * Reads the repository's settings and gives a git for it. `folder` is the root of the work tree, or a git folder; git looks no
 * further up.
 * @throws AppError SOURCE_UNREADABLE where git refuses the folder.
 */
export async function openGit(host: Host, folder: string, signal: AbortSignal): Promise<Git> {
  const listed = await runGit(host, folder, signal, ['config', '--list', '-z'], { maxOutputBytes: MAX_CONFIG_BYTES });
  if (listed.exitCode !== 0) throw failureOf('config', listed);
  return openGitWith(host, folder, signal, parseGitConfig(listed.stdout));
}

/** A git for a repository whose settings are known. */
export function openGitWith(host: Host, folder: string, signal: AbortSignal, config: GitConfig): Git {
  const filtersOff = turnFiltersOff(config);
  const run = (args: readonly string[], options: GitOptions = {}): Promise<ProgramResult> =>
    runGit(host, folder, signal, args, { ...options, config: [...filtersOff, ...(options.config ?? [])] });
  return {
    folder,
    config,
    run,
    read: async (args, options) => {
      const result = await run(args, options);
      if (result.exitCode !== 0) throw failureOf(args[0] ?? '', result);
      return result.stdout;
    },
  };
}

/** Throws SOURCE_FAILED where git is missing or too old to have its filters turned off. */
export async function assertGitVersion(host: Host, signal: AbortSignal): Promise<void> {
  const text = (await host.run('git', ['--version'], { signal })).stdout.toString('latin1');
  const match = /(\d{1,4})\.(\d{1,4})/.exec(text);
  const [major, minor] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1])) return;
  throw new AppError('SOURCE_FAILED', `This git is too old: ${OLDEST_VERSION.join('.')} or newer is needed.`, {
    hint: 'Install a newer git, or turn the git source off.',
  });
}

/** Settings that keep the filters of a repository from running. */
function turnFiltersOff(config: Pick<GitConfig, 'filters'>): ReadonlyArray<readonly [string, string]> {
  return config.filters.flatMap((name) => [
    [`filter.${name}.clean`, ''] as const,
    [`filter.${name}.smudge`, ''] as const,
    [`filter.${name}.process`, ''] as const,
    [`filter.${name}.required`, 'false'] as const,
  ]);
}

function environmentOf(
  folder: string,
  further: ReadonlyArray<readonly [string, string]>,
): Readonly<Record<string, string | undefined>> {
  const settings = [...SAFE_CONFIG, ...further];
  const settingsEnv: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [name, value]] of settings.entries()) {
    settingsEnv[`GIT_CONFIG_KEY_${index}`] = name;
    settingsEnv[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return { ...FIXED_ENV, GIT_CEILING_DIRECTORIES: dirname(folder), ...settingsEnv };
}

function runGit(
  host: Host,
  folder: string,
  signal: AbortSignal,
  args: readonly string[],
  options: GitOptions,
): Promise<ProgramResult> {
  return host.run('git', ['-C', folder, ...args], {
    signal,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    onlyAnswers: READING.has(args[0] ?? ''),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.maxOutputBytes === undefined ? {} : { maxOutputBytes: options.maxOutputBytes }),
    env: { ...environmentOf(folder, options.config ?? []), ...options.env },
  });
}

/** Git's own words are not repeated: they hold paths. What users can do something about is told apart. */
function failureOf(command: string, result: ProgramResult): AppError {
  const words = result.stderr.toString('utf8');
  if (words.includes('dubious ownership')) {
    return new AppError('SOURCE_UNREADABLE', 'git does not trust it, because it belongs to another user.', {
      hint: 'If you trust it: git config --global --add safe.directory FOLDER',
    });
  }
  if (words.includes('bad config')) {
    return new AppError('SOURCE_UNREADABLE', 'its settings are broken.', { hint: 'See: git config --list' });
  }
  return new AppError('SOURCE_FAILED', `git ${command} failed.`, { hint: 'See: git status' });
}
