// Captures one repository. Cheap where nothing changed: one short run of git (status) and a stat of each changed file, of the files
// that hold the settings and of those that hold the refs give a version; only a new one makes trees and patches. What was captured is remembered for the next time.

import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { CaptureContext } from '../source.ts';
import { countPatchLines, type LineCounts } from './count-patch-lines.ts';
import { areUnchanged, listBelow, stampFiles, type StampedRead } from './file-stamps.ts';
import type { Repository } from './find-repositories.ts';
import { inspectChanges, type Inspection } from './inspect-changes.ts';
import { readOperation, type Operation } from './operation.ts';
import type { GitConfig } from './parse-config.ts';
import { parseGitStatus, type GitStatus } from './parse-status.ts';
import { withPrivateFolder } from '../host/private-folder.ts';
import {
  CONFLICTS_INDEX,
  CONFLICTS_PACK,
  GIT,
  repositoryAttributes,
  repositoryKey,
  repositoryTitle,
  STAGED_PATCH,
  UNPUSHED_BUNDLE,
  WORK_PATCH,
} from './repository-item.ts';
import { readSettings } from './repository-settings.ts';
import { openGitWith, type Git } from './run-git.ts';
import { readSavedTrees, type SavedTrees } from './saved-trees.ts';
import { statusArguments } from './status-arguments.ts';
import { listTips, readUnpushed, versionOfTips, type Unpushed } from './unpushed-commits.ts';

/** A lock younger than this means that git is writing. An older one was left by a killed git, or by one that waits for an editor;
 * reading is safe even then, since git replaces the index in one step. */
const LOCK_MAX_AGE_MS = 30_000;

/** What a run remembers of a repository between two captures. */
export interface RememberedRepository {
  readonly version: string;
  readonly item: Omit<CapturedItem, 'streams'>;
  readonly streams: ReadonlyArray<{ readonly name: string; readonly version: string }>;
  readonly hasWork: boolean;
  readonly nested: readonly string[];
  readonly unpushedVersion: string;
  readonly unpushed: Omit<Unpushed, 'bundle'>;
  /** The rules that all this was read under: a new rule counts for commits that are saved already, too. */
  readonly excludes: CaptureContext['excludes'];
  readonly settings: StampedRead<GitConfig> | null;
  readonly refs: StampedRead<string> | null;
}

export interface RepositoryCapture {
  readonly item: CapturedItem;
  readonly remembered: RememberedRepository;
}

export interface CaptureRepositoryDeps {
  readonly context: Pick<CaptureContext, 'host' | 'nowMs' | 'known' | 'excludes'>;
  /** Ends when the repository must be done. */
  readonly signal: AbortSignal;
  readonly privateParents: readonly string[];
  /** What the last capture of this run remembered. */
  readonly remembered: RememberedRepository | undefined;
}

/**
 * Reads one repository.
 * @throws AppError with a sentence for people where it cannot be read now; its last good state is then to be carried forward.
 */
export async function captureRepository(
  deps: CaptureRepositoryDeps,
  repository: Repository,
): Promise<RepositoryCapture> {
  assertUnlocked(repository, deps.context.nowMs);
  const { host, nowMs } = deps.context;
  const settings = await readSettings(host, repository, deps.signal, nowMs, deps.remembered?.settings ?? null);
  const git = openGitWith(host, repository.root, deps.signal, settings.config);
  assertOwnWorkTree(git, repository);
  const refs = await readRefs(git, repository, nowMs, deps.remembered?.refs ?? null);
  const statusBytes = await git.read(statusArguments(git.config));
  const parsed = parseGitStatus(statusBytes);
  if (!parsed.ok)
    throw new AppError('SOURCE_UNREADABLE', `git gave a status that Cairn cannot read: ${parsed.reason}.`);
  const { status } = parsed;
  const operation = readOperation(repository.gitDir);
  const inspection = await inspectChanges(repository.root, status, (path) => deps.context.excludes.path(path));
  const seen: Seen = { repository, git, refs: refs.value, status, operation, inspection };
  const version = versionOf(seen, statusBytes);
  const captured = recall(deps, version) ?? (await readAll(deps, seen, version));
  return { ...captured, remembered: { ...captured.remembered, settings: settings.remembered, refs: refs.remembered } };
}

interface Seen {
  readonly repository: Repository;
  readonly git: Git;
  readonly status: GitStatus;
  readonly refs: string;
  readonly operation: Operation | null;
  readonly inspection: Inspection;
}

/** The item as it was, if nothing changed and the vault still has all of it. */
function recall(deps: CaptureRepositoryDeps, version: string): RepositoryCapture | null {
  const { remembered, context } = deps;
  if (remembered?.version !== version || remembered.excludes !== context.excludes) return null;
  const { item, streams } = remembered;
  if (streams.some((stream) => context.known(item.key, stream.name)?.version !== stream.version)) return null;
  return {
    remembered,
    item: { ...item, streams: streams.map((stream) => ({ ...stream, kind: 'blob', content: { type: 'unchanged' } })) },
  };
}

async function readAll(deps: CaptureRepositoryDeps, seen: Seen, version: string): Promise<RepositoryCapture> {
  const { repository, git, status, inspection, operation } = seen;
  const key = repositoryKey(repository.root);
  const hasChanges = inspection.changes.length > 0;
  const trees = hasChanges
    ? await withPrivateFolder(deps.privateParents, (folder) =>
        readSavedTrees(git, repository, status.head, inspection, folder),
      )
    : null;
  const unpushed = await readUnpushedOnce(deps, seen, key);
  const reading = {
    repository,
    status,
    inspection,
    operation,
    changes: trees?.changes ?? inspection.changes,
    remotes: git.config.remotes,
    trees,
    lines: countLines(trees),
    unpushed: unpushed.facts,
    hidesUntracked: git.config.hidesUntracked,
  };
  const item = {
    key,
    kind: 'repository',
    source: GIT,
    group: '',
    title: repositoryTitle(reading),
    attributes: repositoryAttributes(reading),
  } as const;
  const streams = [...patchStreams(trees, version), ...unpushed.streams];
  return {
    item: { ...item, streams },
    remembered: {
      version,
      item,
      streams: streams.map((stream) => ({ name: stream.name, version: stream.version })),
      hasWork: hasChanges || operation !== null,
      nested: [...inspection.nested, ...(await listSubmodules(git))],
      unpushedVersion: unpushed.version,
      unpushed: unpushed.facts,
      excludes: deps.context.excludes,
      settings: null,
      refs: null,
    },
  };
}

/** Of staged and unstaged work together: what a person did since the last commit. */
function countLines(trees: SavedTrees | null): LineCounts {
  const counts = trees === null ? [] : [countPatchLines(trees.stagedPatch), countPatchLines(trees.workPatch)];
  return {
    added: counts.reduce((sum, { added }) => sum + added, 0),
    removed: counts.reduce((sum, { removed }) => sum + removed, 0),
  };
}

function patchStreams(trees: SavedTrees | null, version: string): CapturedStream[] {
  if (trees === null) return [];
  const parts: ReadonlyArray<readonly [string, Buffer | undefined]> = [
    [STAGED_PATCH, trees.stagedPatch],
    [WORK_PATCH, trees.workPatch],
    [CONFLICTS_INDEX, trees.conflicts?.index],
    [CONFLICTS_PACK, trees.conflicts?.pack],
  ];
  return parts.flatMap(([name, bytes]) =>
    bytes === undefined || bytes.length === 0 ? [] : [toStream(name, version, bytes)],
  );
}

/** Bundles only when commits or remotes have changed: files change far more often than history. */
async function readUnpushedOnce(
  deps: CaptureRepositoryDeps,
  seen: Seen,
  key: CapturedItem['key'],
): Promise<{ version: string; facts: Omit<Unpushed, 'bundle'>; streams: CapturedStream[] }> {
  const { git, status, repository, operation, refs } = seen;
  const tips = await listTips(git, status, operation);
  const remoteRefs = refs.split('\n').filter((line) => line.includes(' refs/remotes/'));
  const version = versionOfTips([...tips.work, ...tips.stashes], remoteRefs.join('\n'));
  const { remembered, context } = deps;
  if (remembered?.unpushedVersion === version && remembered.excludes === context.excludes) {
    const kept = remembered.streams.some((stream) => stream.name === UNPUSHED_BUNDLE);
    const isKnown = context.known(key, UNPUSHED_BUNDLE)?.version === version;
    const unchanged: CapturedStream = { name: UNPUSHED_BUNDLE, kind: 'blob', version, content: { type: 'unchanged' } };
    if (!kept || isKnown) return { version, facts: remembered.unpushed, streams: kept ? [unchanged] : [] };
  }
  const { bundle, ...facts } = await readUnpushed(git, tips, (path) =>
    context.excludes.path(join(repository.root, path)),
  );
  return { version, facts, streams: bundle === null ? [] : [toStream(UNPUSHED_BUNDLE, version, bundle)] };
}

function toStream(name: string, version: string, bytes: Buffer): CapturedStream {
  // A buffer of small output may be part of node's shared pool: what is handed over must be its own.
  return { name, kind: 'blob', version, content: { type: 'whole', bytes: new Uint8Array(bytes) } };
}

const REF_FOLDERS = ['refs/heads', 'refs/remotes', 'refs/stash'] as const;

/** Branches, remote branches and stashes with what they point to; remembered until one of the files that hold them changes. */
async function readRefs(
  git: Git,
  { commonDir }: Repository,
  nowMs: number,
  remembered: StampedRead<string> | null,
): Promise<{ readonly value: string; readonly remembered: StampedRead<string> | null }> {
  if (remembered !== null && areUnchanged(remembered.stamps)) return { value: remembered.value, remembered };
  const folders = [...REF_FOLDERS, 'packed-refs', 'reftable'].map((name) => join(commonDir, name));
  const files = listBelow(folders);
  const stamps = files === null ? null : stampFiles(files, nowMs);
  const value = (await git.read(['for-each-ref', '--format=%(objectname) %(refname)', ...REF_FOLDERS])).toString(
    'utf8',
  );
  return { value, remembered: stamps === null ? null : { value, stamps } };
}

/** Roots of the submodules that `.gitmodules` names, initialised or not. */
async function listSubmodules(git: Git): Promise<string[]> {
  const file = join(git.folder, '.gitmodules');
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return [];
  const listed = await git.run([
    'config',
    '-z',
    '-f',
    file,
    '--no-includes',
    '--get-regexp',
    String.raw`^submodule\..*\.path$`,
  ]);
  return listed.stdout
    .toString('utf8')
    .split('\0')
    .map((record) => join(git.folder, record.slice(record.indexOf('\n') + 1)))
    .filter((root) => root.startsWith(join(git.folder, '/')) && root !== join(git.folder, '/'));
}

function assertUnlocked(repository: Repository, nowMs: number): void {
  const lock = lstatSync(join(repository.gitDir, 'index.lock'), { throwIfNoEntry: false });
  if (lock === undefined || nowMs - lock.mtimeMs > LOCK_MAX_AGE_MS) return;
  throw new AppError('SOURCE_UNREADABLE', 'git is at work there (index.lock).', { isRetryable: true });
}

/** The settings may name another folder as the work tree: then what lies here is not what git would talk about. */
function assertOwnWorkTree(git: Git, repository: Repository): void {
  const { workTree } = git.config;
  if (workTree === null || resolve(repository.gitDir, workTree) === repository.root) return;
  throw new AppError('SOURCE_UNREADABLE', 'its settings (core.worktree) name another folder as its work tree.');
}

/** Equal versions: the same status, refs, operation and settings, and no changed file was touched. */
function versionOf(seen: Seen, statusBytes: Buffer): string {
  const { git, refs, operation, inspection } = seen;
  const hash = createHash('sha256').update(statusBytes).update(refs);
  hash.update(JSON.stringify([operation, [...git.config.remotes], git.config.filters, inspection.nested]));
  for (const change of inspection.changes) hash.update(`\0${change.stamp} ${change.leftOut ?? ''}`);
  // Which of the entries are excluded follows from the order of the others; how many there are, from this.
  hash.update(`\0${inspection.excluded.map((entry) => entry.path.toString('latin1')).join('\0')}`);
  return hash.digest('base64url');
}
