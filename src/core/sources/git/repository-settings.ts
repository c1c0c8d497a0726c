// The settings of a repository, read by git and remembered until one of the files that they come from changes.

import { dirname, isAbsolute, join, resolve } from 'node:path';

import type { Host } from '../source.ts';
import { areUnchanged, stampFiles, type FileStamps, type StampedRead } from './file-stamps.ts';
import type { Repository } from './find-repositories.ts';
import { parseGitConfig, type GitConfig } from './parse-config.ts';
import { listSettings } from './run-git.ts';

export interface RepositorySettings {
  readonly config: GitConfig;
  /** Null where they have to be read anew the next time. */
  readonly remembered: StampedRead<GitConfig> | null;
}

/** @throws AppError as `listSettings` */
export async function readSettings(
  host: Host,
  repository: Repository,
  signal: AbortSignal,
  nowMs: number,
  remembered: StampedRead<GitConfig> | null,
): Promise<RepositorySettings> {
  if (remembered !== null && areUnchanged(remembered.stamps)) return { config: remembered.value, remembered };
  const fixed = fixedFiles(host, repository);
  // Before git reads them: what changes in between has another stamp the next time.
  const before = fixed === null ? null : stampFiles(fixed, nowMs);
  const { settings, origins } = parseListing(await listSettings(host, repository.root, signal), repository.root);
  const config = parseGitConfig(settings);
  const others = before === null || origins === null ? null : stampFiles(filesOf(settings, origins, host), nowMs);
  if (before === null || others === null) return { config, remembered: null };
  const stamps: FileStamps = new Map([...others, ...before]);
  return { config, remembered: { value: config, stamps } };
}

/** The files that git always looks at, there or not; null where the environment names others. */
function fixedFiles({ env, homeDir }: Host, { gitDir, commonDir }: Repository): string[] | null {
  if (Object.keys(env).some((name) => name.startsWith('GIT_CONFIG') && env[name] !== undefined)) return null;
  const xdg = env['XDG_CONFIG_HOME'];
  return [
    join(commonDir, 'config'),
    join(gitDir, 'config.worktree'),
    // Settings may depend on the branch.
    join(gitDir, 'HEAD'),
    join(homeDir, '.gitconfig'),
    join(xdg === undefined || xdg === '' ? join(homeDir, '.config') : xdg, 'git', 'config'),
  ];
}

/** Files that settings came from, and those that they ask to include, which may not be there yet. */
function filesOf(settings: Buffer, origins: readonly string[], { homeDir }: Host): Set<string> {
  const files = new Set(origins);
  for (const record of settings.toString('utf8').split('\0')) {
    const included = /^include(?:if\..*)?\.path\n(.+)$/s.exec(record)?.[1];
    if (included === undefined) continue;
    const path = included.startsWith('~/') ? join(homeDir, included.slice(2)) : included;
    // A relative one stands beside the file that names it; which that is, is not asked: it is looked for beside all.
    if (isAbsolute(path)) files.add(path);
    else for (const origin of origins) files.add(resolve(dirname(origin), path));
  }
  return files;
}

/** Splits `git config --list -z --show-origin` into the settings, as without origins, and the files; null where some came from elsewhere. */
function parseListing(listing: Buffer, root: string): { readonly settings: Buffer; readonly origins: string[] | null } {
  const fields = listing.toString('latin1').split('\0');
  const records: string[] = [];
  const files = new Set<string>();
  let isAllFromFiles = true;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const origin = fields[at] ?? '';
    records.push(fields[at + 1] ?? '');
    if (origin.startsWith('file:')) files.add(resolve(root, Buffer.from(origin.slice(5), 'latin1').toString('utf8')));
    // Our own settings come from the command line.
    else if (!origin.startsWith('command line:')) isAllFromFiles = false;
  }
  return { settings: Buffer.from(records.join('\0'), 'latin1'), origins: isAllFromFiles ? [...files] : null };
}
