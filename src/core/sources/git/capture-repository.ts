// The full picture of one repository's uncommitted work: HEAD to index, index to work tree with untracked files, and the commits that
// no remote has. Everything is computed with a copy of the index and objects of our own.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { CaptureContext, SourceProblem } from '../source.ts';
import type { Repository } from './find-repositories.ts';
import { parseGitStatus, type GitStatus, type StatusEntry } from './parse-status.ts';
import { withPrivateFolder } from './private-folder.ts';
import { filterOverrides, runGit } from './run-git.ts';

export const GIT = parseSourceId('git');
export const STAGED = 'staged.patch';
export const UNSTAGED = 'unstaged.patch';
export const UNPUSHED = 'unpushed.pack';
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_PATCH_BYTES = 48 * 1024 * 1024;
const MAX_PACK_BYTES = 16 * 1024 * 1024;
const MAX_LISTED_FILES = 200;
const OPERATIONS = [
  ['MERGE_HEAD', 'merge'], ['rebase-merge', 'rebase'], ['rebase-apply', 'rebase'], ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'], ['BISECT_LOG', 'bisect'],
] as const;
/** Untracked files whose names say that they hold secrets: never read. */
const SECRET_NAME = /^(\.env(\..*)?|.*\.(pem|key|p12|pfx|keystore|jks|kdbx)|id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.npmrc|\.pypirc|\.htpasswd|credentials(\.json)?|secrets?\.(ya?ml|json|toml))$/i;

export type RepositoryCapture =
  | { readonly result: 'captured'; readonly item: CapturedItem; readonly hasWork: boolean }
  | { readonly result: 'problem'; readonly problem: SourceProblem };

/** `git:` and the work tree's path; the end of a very long one is replaced by its hash. */
export function repositoryKey(root: string): ItemKey {
  const text = `git:${root}`;
  return parseItemKey(text.length <= 900 ? text : `${text.slice(0, 860)}~${createHash('sha256').update(root).digest('hex').slice(0, 32)}`);
}

export async function captureRepository(context: CaptureContext, repository: Repository): Promise<RepositoryCapture> {
  const key = repositoryKey(repository.root);
  const problem = (reason: SourceProblem['reason'], message: string): RepositoryCapture => ({ result: 'problem', problem: { reason, message, key } });
  if (existsSync(join(repository.gitDir, 'index.lock'))) return problem('unreadable', `git is at work in ${repository.root} (index.lock); its last state was kept.`);
  try {
    const listed = await runGit(context.host, repository.root, ['status', '--porcelain=v2', '--branch', '--show-stash', '-z', '--untracked-files=all', '--no-renames'], { signal: context.signal });
    if (listed.exitCode !== 0) return problem('unreadable', `git refused to read ${repository.root}: ${firstLine(listed.stderr)}`);
    const status = parseGitStatus(listed.stdout);
    const version = versionOf(repository, listed.stdout, status);
    const sorted = sortEntries(context, repository, status);
    const item = await toItem(context, repository, key, status, sorted, version);
    const hasWork = status.entries.length > 0 || item.streams.some((stream) => stream.name === UNPUSHED);
    return { result: 'captured', item, hasWork };
  } catch (error) {
    if (!(error instanceof AppError) || context.signal.aborted) throw error;
    return problem(error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed', `${repository.root} could not be read: ${error.message}`);
  }
}

interface SortedEntries {
  readonly taken: readonly StatusEntry[];
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
  readonly nested: readonly string[];
}

/** Which changed files are taken: not those that are huge, look like secrets, or are excluded by the user. */
function sortEntries(context: CaptureContext, repository: Repository, status: GitStatus): SortedEntries {
  const taken: StatusEntry[] = [];
  const leftOut: { path: string; why: string }[] = [];
  const nested: string[] = [];
  for (const entry of status.entries) {
    const path = join(repository.root, entry.path);
    if (entry.path.endsWith('/')) nested.push(entry.path.slice(0, -1));
    else if (context.excludes.path(path)) continue;
    else if (entry.isUntracked && SECRET_NAME.test(basename(entry.path))) leftOut.push({ path: entry.path, why: 'its name says it holds secrets' });
    else if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_FILE_BYTES) leftOut.push({ path: entry.path, why: 'it is larger than 10 MB' });
    else taken.push(entry);
  }
  return { taken, leftOut, nested };
}

async function toItem(context: CaptureContext, repository: Repository, key: ItemKey, status: GitStatus, sorted: SortedEntries, version: string): Promise<CapturedItem> {
  const streams = await readStreams(context, repository, key, status, sorted, version);
  const remotes = await readRemotes(context, repository);
  const count = (matches: (entry: StatusEntry) => boolean): number => status.entries.filter(matches).length;
  const staged = count((entry) => !entry.isUntracked && !entry.isConflict && entry.state[0] !== '.');
  const unstaged = count((entry) => !entry.isUntracked && !entry.isConflict && entry.state[1] !== '.');
  const untracked = count((entry) => entry.isUntracked);
  const conflicts = count((entry) => entry.isConflict);
  const operation = OPERATIONS.find(([name]) => existsSync(join(repository.gitDir, name)))?.[1];
  const attributes: JsonObject = {
    path: repository.root,
    head: status.head,
    branch: status.branch,
    ...(status.upstream === null ? {} : { upstream: status.upstream, ahead: status.ahead, behind: status.behind }),
    ...(operation === undefined ? {} : { operation }),
    staged, unstaged, untracked, conflicts,
    stashes: status.stashes,
    remotes,
    files: status.entries.slice(0, MAX_LISTED_FILES).map((entry) => ({ path: join(repository.root, entry.path), state: entry.state })),
    ...(status.entries.length > MAX_LISTED_FILES ? { moreFiles: status.entries.length - MAX_LISTED_FILES } : {}),
    ...(sorted.leftOut.length === 0 ? {} : { leftOut: sorted.leftOut.slice(0, MAX_LISTED_FILES) }),
    ...(sorted.nested.length === 0 ? {} : { nested: sorted.nested }),
  };
  const counts = [staged > 0 ? `+${staged}` : '', unstaged > 0 ? `~${unstaged}` : '', untracked > 0 ? `?${untracked}` : '', conflicts > 0 ? `!${conflicts}` : ''].filter((part) => part !== '');
  const title = `${basename(repository.root)} (${[status.branch ?? status.head?.slice(0, 8) ?? 'no commits', ...counts].join(' ')})`;
  return { key, kind: 'repository', source: GIT, group: '', title, attributes, streams };
}

async function readStreams(context: CaptureContext, repository: Repository, key: ItemKey, status: GitStatus, sorted: SortedEntries, version: string): Promise<CapturedStream[]> {
  const names = [STAGED, UNSTAGED, UNPUSHED];
  const known = names.filter((name) => context.known(key, name)?.version === version);
  if (known.includes(STAGED) && known.includes(UNSTAGED)) return known.map((name) => ({ name, kind: 'blob', version, content: { type: 'unchanged' } }));
  const { staged, unstaged } = await readPatches(context, repository, status, sorted);
  const unpushed = await readUnpushed(context, repository, status);
  const toStream = (name: string, bytes: Buffer): CapturedStream => ({ name, kind: 'blob', version, content: { type: 'whole', bytes: new Uint8Array(bytes) } });
  return [toStream(STAGED, staged), toStream(UNSTAGED, unstaged), ...(unpushed === null ? [] : [toStream(UNPUSHED, unpushed)])];
}

async function readPatches(context: CaptureContext, repository: Repository, status: GitStatus, sorted: SortedEntries): Promise<{ staged: Buffer; unstaged: Buffer }> {
  if (status.entries.length === 0) return { staged: Buffer.alloc(0), unstaged: Buffer.alloc(0) };
  return withPrivateFolder(async (folder) => {
    const { host, signal } = context;
    const objects = join(folder, 'objects');
    mkdirSync(objects);
    const index = join(folder, 'index');
    if (existsSync(join(repository.gitDir, 'index'))) copyFileSync(join(repository.gitDir, 'index'), index);
    const options = {
      signal,
      env: { GIT_INDEX_FILE: index, GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(repository.commonDir, 'objects') },
      config: await filterOverrides(host, repository.root, signal),
    };
    const git = async (args: readonly string[], input?: string): Promise<string> => {
      const result = await runGit(host, repository.root, args, input === undefined ? options : { ...options, input });
      if (result.exitCode !== 0) throw new AppError('SOURCE_FAILED', `git ${args[0] ?? ''} failed (${firstLine(result.stderr)})`);
      return result.stdout.toString('utf8').trim();
    };
    const head = status.head === null ? EMPTY_TREE : `${status.head}^{tree}`;
    // Git itself cannot write the tree of an index with conflicts: then all work is told as work tree against HEAD.
    const hasConflicts = status.entries.some((entry) => entry.isConflict);
    const stagedTree = hasConflicts ? head : await git(['write-tree']);
    const paths = sorted.taken.filter((entry) => !entry.isSubmodule).flatMap((entry) => (entry.from === null ? [entry.path] : [entry.path, entry.from]));
    await git(['add', '-A', '-f', '--ignore-errors', '--pathspec-from-file=-', '--pathspec-file-nul'], paths.join('\0'));
    const workTree = await git(['write-tree']);
    const diff = async (from: string, to: string): Promise<Buffer> => {
      const args = ['diff-tree', '-p', '--binary', '--full-index', '--no-renames', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/', '-r', from, to];
      const result = await runGit(host, repository.root, args, { ...options, maxOutputBytes: MAX_PATCH_BYTES });
      if (result.exitCode !== 0) throw new AppError('SOURCE_FAILED', `git diff-tree failed (${firstLine(result.stderr)})`);
      return result.stdout;
    };
    return { staged: await diff(head, stagedTree), unstaged: await diff(stagedTree, workTree) };
  });
}

/** The commits of HEAD that no remote has, as a pack; null where there are none, no remote at all, or too much of them. */
async function readUnpushed(context: CaptureContext, repository: Repository, status: GitStatus): Promise<Buffer | null> {
  if (status.head === null || !existsSync(join(repository.commonDir, 'refs/remotes'))) return null;
  const { host, signal } = context;
  const listed = await runGit(host, repository.root, ['rev-list', '--count', 'HEAD', '--not', '--remotes'], { signal });
  if (listed.exitCode !== 0 || Number(listed.stdout.toString('utf8').trim()) === 0) return null;
  try {
    const packed = await runGit(host, repository.root, ['pack-objects', '--revs', '--thin', '--stdout', '-q', '--threads=1'], {
      signal,
      input: 'HEAD\n--not\n--remotes\n',
      maxOutputBytes: MAX_PACK_BYTES,
    });
    return packed.exitCode === 0 ? packed.stdout : null;
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXEC_FAILED') return null; // larger than the cap
    throw error;
  }
}

/** Names and addresses of the remotes, without the names and passwords that addresses may carry. */
async function readRemotes(context: CaptureContext, repository: Repository): Promise<JsonObject> {
  const listed = await runGit(context.host, repository.root, ['config', '--get-regexp', String.raw`^remote\..*\.url$`], { signal: context.signal });
  const remotes: Record<string, string> = {};
  for (const line of listed.stdout.toString('utf8').split('\n')) {
    const match = /^remote\.(.*)\.url (.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) remotes[match[1]] = withoutCredentials(match[2]);
  }
  return remotes;
}

export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

/** Equal tokens: same status, same HEAD, index and refs, and no changed file was touched. */
function versionOf(repository: Repository, statusBytes: Buffer, status: GitStatus): string {
  const hash = createHash('sha256').update(statusBytes);
  for (const path of [join(repository.gitDir, 'HEAD'), join(repository.gitDir, 'index'), join(repository.commonDir, 'packed-refs')]) hash.update(stamp(path));
  for (const entry of status.entries) hash.update(stamp(join(repository.root, entry.path)));
  return hash.digest('base64url');
}

function stamp(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false }) ?? lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '-' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.mode}`;
}

function firstLine(bytes: Buffer): string {
  return bytes.toString('utf8').split('\n')[0]?.slice(0, 200) ?? '';
}
