// Computes the full picture of uncommitted work as two trees and the patches between them: HEAD -> staged -> work tree.
//
// The repository stays untouched to the byte and to the time stamp. That takes more than an index and an object folder of our own:
// git refreshes the time of an existing object or pack whenever it would write the same object again, also in an alternate. So git
// never writes while it can see the user's objects: what it needs of them is copied first, trees are written without looking at
// blobs (`--missing-ok`), and only reading commands see both. (Proven by the byte and time comparison in the tests.)
//
// A conflicted file counts as "ours" in the staged tree and stands as it is, with its markers, in the work tree; its three versions
// are kept apart, in index form and as a pack.

import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import type { Repository } from './find-repositories.ts';
import { MAX_FILE_BYTES, type Change, type Inspection, type LeftOutReason } from './inspect-changes.ts';
import { GITLINK_MODE, NO_MODE, type ChangedEntry, type ConflictEntry, type StatusEntry } from './parse-status.ts';
import type { Git } from './run-git.ts';

const MAX_PATCH_BYTES = 64 * 1024 * 1024;
/** Arguments for a patch that `git apply` takes back exactly. */
export const PATCH_ARGS = [
  'diff-tree', '-r', '-p', '--binary', '--full-index', '--no-renames', '--no-ext-diff', '--no-textconv', '--no-color',
  '--unified=3', '--src-prefix=a/', '--dst-prefix=b/', '--submodule=short', '--ignore-submodules=none',
] as const; // prettier-ignore

export interface SavedTrees {
  /** Object ids of the trees: what a restore must arrive at. */
  readonly staged: string;
  readonly work: string;
  readonly stagedPatch: Buffer;
  readonly workPatch: Buffer;
  /** Index lines (`mode oid stage TAB path NUL`) of the conflicts, and their blobs as a pack; null where there are none. */
  readonly conflicts: { readonly index: Buffer; readonly pack: Buffer } | null;
  /** The changes with what was found too large or encrypted only now. */
  readonly changes: readonly Change[];
}

interface Bench {
  readonly git: Git;
  /** Env of commands that write: index and objects of our own, and nothing of the user's objects. */
  readonly own: Readonly<Record<string, string>>;
  /** Env of commands that only read: the user's objects, and our own beside them. */
  readonly both: Readonly<Record<string, string>>;
}

/** Computes trees and patches in `folder`, which must be private and empty. `head` is null where there is no commit yet. */
export async function readSavedTrees(
  git: Git,
  repository: Repository,
  head: string | null,
  inspection: Inspection,
  folder: string,
): Promise<SavedTrees> {
  const objects = join(folder, 'objects');
  const index = join(folder, 'index');
  await mkdir(objects);
  await copyIfThere(join(repository.gitDir, 'index'), index);
  const bench: Bench = {
    git,
    own: { GIT_INDEX_FILE: index, GIT_OBJECT_DIRECTORY: objects },
    both: { GIT_ALTERNATE_OBJECT_DIRECTORIES: objects },
  };
  const changes = await leaveOutMore(git, inspection.changes);
  const kept = changes.filter((change) => change.leftOut === null).map((change) => change.entry);
  const hidden = [
    ...changes.filter((change) => change.leftOut !== null).map((change) => change.entry),
    ...inspection.excluded,
  ];

  await updateIndex(bench, [...resolveConflicts([...kept, ...hidden]), ...resetToHead(hidden)]);
  const staged = await writeTree(bench);
  await copyIndexBlobs(bench, kept);
  await updateIndex(
    bench,
    kept.filter(isGone).map((entry) => removal(entry)),
  );
  await addToIndex(
    bench,
    kept.filter(isThere).map((entry) => entry.path),
  );
  const work = await writeTree(bench);

  const base = head ?? emptyTreeOf(staged);
  const [stagedPatch, workPatch] = await Promise.all([readPatch(bench, base, staged), readPatch(bench, staged, work)]);
  return { staged, work, stagedPatch, workPatch, conflicts: await readConflicts(git, kept), changes };
}

/** The empty tree's id, which git knows without storing it, in the hash that the repository uses. */
export function emptyTreeOf(oid: string): string {
  return oid.length > 40
    ? '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'
    : '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
}

/** Leaves out what only git knows: large versions in HEAD or index, and files that a filter encrypts. */
async function leaveOutMore(git: Git, changes: readonly Change[]): Promise<Change[]> {
  const encrypted = await readEncrypted(git, changes);
  const large = await readLargeBlobs(
    git,
    changes.filter((change) => change.leftOut === null),
  );
  return changes.map((change) => {
    if (change.leftOut !== null) return change;
    const isLarge = oidsOf(change.entry).some((oid) => large.has(oid));
    const reason: LeftOutReason | null = encrypted.has(change.entry.path.toString('latin1'))
      ? 'encrypted'
      : isLarge
        ? 'too-large'
        : null;
    return { ...change, leftOut: reason };
  });
}

/**
 * Files under a filter such as git-crypt: unfiltered, as Cairn reads them, they would come back as readable blobs, one push away
 * from everybody. Files under other filters (large file storage, notebooks) are saved as they stand in the work tree.
 */
async function readEncrypted(git: Git, changes: readonly Change[]): Promise<ReadonlySet<string>> {
  if (git.config.filters.length === 0 || changes.length === 0) return new Set();
  const input = joinPaths(changes.map((change) => change.entry.path));
  const fields = (await git.read(['check-attr', '-z', '--stdin', 'filter'], { input })).toString('latin1').split('\0');
  const encrypted = new Set<string>();
  for (let index = 0; index + 2 < fields.length; index += 3) {
    if (/crypt|secret|vault|sops|^age\b/i.test(fields[index + 2] ?? '')) encrypted.add(fields[index] ?? '');
  }
  return encrypted;
}

async function readLargeBlobs(git: Git, changes: readonly Change[]): Promise<ReadonlySet<string>> {
  const oids = [...new Set(changes.flatMap((change) => oidsOf(change.entry)))];
  if (oids.length === 0) return new Set();
  const listed = await git.read(['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    input: `${oids.join('\n')}\n`,
  });
  const large = new Set<string>();
  for (const line of listed.toString('latin1').split('\n')) {
    const match = /^([0-9a-f]{40,64}) (\d+)$/.exec(line);
    if (match?.[1] !== undefined && Number(match[2]) > MAX_FILE_BYTES) large.add(match[1]);
  }
  return large;
}

/** The blobs of a change in HEAD, index and conflict stages; a submodule's commits are no objects of this repository. */
function oidsOf(entry: StatusEntry): string[] {
  const isBlob = (mode: string): boolean => mode !== NO_MODE && mode !== GITLINK_MODE;
  switch (entry.type) {
    case 'untracked':
      return [];
    case 'conflict':
      return entry.stages.filter((stage) => isBlob(stage.mode)).map((stage) => stage.oid);
    case 'changed':
      return [
        ...(isBlob(entry.headMode) ? [entry.headOid] : []),
        // An intent-to-add entry has an index mode of nothing and no blob yet.
        ...(isBlob(entry.indexMode) ? [entry.indexOid] : []),
      ].filter((oid) => !/^0+$/.test(oid));
  }
}

/** Index lines that give each conflict its "ours" as the one version. */
function resolveConflicts(entries: readonly StatusEntry[]): Buffer[] {
  return entries
    .filter((entry): entry is ConflictEntry => entry.type === 'conflict')
    .flatMap((entry) => {
      const ours = entry.stages.find((stage) => stage.stage === 2);
      return ours === undefined ? [removal(entry)] : [removal(entry), indexLine(ours.mode, ours.oid, 0, entry.path)];
    });
}

/** Index lines that give files which are left out the version of HEAD, so that the patches do not mention them. */
function resetToHead(entries: readonly StatusEntry[]): Buffer[] {
  return entries.flatMap((entry) => {
    if (entry.type !== 'changed' || entry.inIndex === '.') return [];
    return [
      entry.headMode === NO_MODE ? removal(entry) : indexLine(entry.headMode, entry.headOid, 0, entry.path),
      ...(entry.from === null ? [] : [indexLine(entry.headMode, entry.headOid, 0, entry.from)]),
    ];
  });
}

function removal(entry: ChangedEntry | ConflictEntry): Buffer {
  const like = entry.type === 'changed' ? entry.headOid : (entry.stages[0]?.oid ?? '');
  return indexLine('0', '0'.repeat(Math.max(40, like.length)), 0, entry.path);
}

function indexLine(mode: string, oid: string, stage: number, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${oid} ${stage}\t`), path, Buffer.from([0])]);
}

function isGone(entry: StatusEntry): entry is ChangedEntry | ConflictEntry {
  if (entry.type === 'untracked') return false;
  return entry.type === 'conflict' ? entry.workMode === NO_MODE : entry.inWork === 'D';
}

function isThere(entry: StatusEntry): boolean {
  return entry.type === 'changed' ? entry.inWork !== '.' && entry.inWork !== 'D' : !isGone(entry);
}

async function updateIndex(bench: Bench, lines: readonly Buffer[]): Promise<void> {
  if (lines.length === 0) return;
  await bench.git.read(['update-index', '-z', '--index-info'], { input: Buffer.concat(lines), env: bench.own });
}

async function addToIndex(bench: Bench, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  await bench.git.read(['update-index', '-z', '--add', '--remove', '--replace', '--stdin'], {
    input: joinPaths(paths),
    env: bench.own,
    // Objects live for a moment only: neither compressed nor flushed to a disk.
    config: [['core.looseCompression', '0'], ['core.fsync', 'none']], // prettier-ignore
  });
}

/** Copies the index's versions of changed files into our own objects: line ends are converted depending on them. */
async function copyIndexBlobs(bench: Bench, entries: readonly StatusEntry[]): Promise<void> {
  const oids = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'changed' && entry.inWork === 'M' && entry.indexMode.startsWith('100')) oids.add(entry.indexOid);
    if (entry.type === 'conflict') for (const oid of oidsOf(entry)) oids.add(oid);
  }
  if (oids.size === 0) return;
  const pack = await readPack(bench.git, [...oids]);
  await bench.git.read(['unpack-objects', '-q'], { input: pack, env: bench.own });
}

function readPack(git: Git, oids: readonly string[]): Promise<Buffer> {
  return git.read(['pack-objects', '--stdout', '-q', '--threads=1', '--window=0', '--compression=1'], {
    input: `${oids.join('\n')}\n`,
  });
}

async function writeTree(bench: Bench): Promise<string> {
  const tree = (await bench.git.read(['write-tree', '--missing-ok'], { env: bench.own })).toString('latin1').trim();
  if (!/^[0-9a-f]{40,64}$/.test(tree)) throw new AppError('SOURCE_FAILED', 'git wrote no tree.');
  return tree;
}

async function readPatch(bench: Bench, from: string, to: string): Promise<Buffer> {
  if (from === to) return Buffer.alloc(0);
  return bench.git.read([...PATCH_ARGS, from, to], { env: bench.both, maxOutputBytes: MAX_PATCH_BYTES });
}

async function readConflicts(git: Git, kept: readonly StatusEntry[]): Promise<SavedTrees['conflicts']> {
  const conflicts = kept.filter((entry): entry is ConflictEntry => entry.type === 'conflict');
  if (conflicts.length === 0) return null;
  const lines = conflicts.flatMap((entry) =>
    entry.stages.map((stage) => indexLine(stage.mode, stage.oid, stage.stage, entry.path)),
  );
  const oids = [...new Set(conflicts.flatMap((entry) => oidsOf(entry)))];
  return { index: Buffer.concat(lines), pack: oids.length === 0 ? Buffer.alloc(0) : await readPack(git, oids) };
}

function joinPaths(paths: readonly Buffer[]): Buffer {
  return Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    // A repository in which nothing was ever added has no index.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
