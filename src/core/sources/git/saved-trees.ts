// Computes the full picture of uncommitted work as two trees and the patches between them: HEAD -> staged -> work tree.
//
// A conflicted file counts as "ours" in the staged tree and stands as it is, with its markers, in the work tree; its three versions
// are kept apart, in index form and as a pack. An intent to add is an untracked file.

import { AppError } from '../../../shared/model/app-error.ts';
import type { Repository } from './find-repositories.ts';
import { MAX_FILE_BYTES, type Change, type Inspection, type LeftOutReason } from './inspect-changes.ts';
import {
  addFiles,
  blobsOf,
  copyIndexBlobs,
  createOwnIndex,
  indexLine,
  joinPaths,
  packBlobs,
  removalLine,
  splitRecords,
  updateIndex,
  writeTree,
  type OwnIndex,
} from './own-index.ts';
import { NO_MODE, type ConflictEntry, type StatusEntry } from './parse-status.ts';
import type { Git } from './run-git.ts';

const MAX_PATCH_BYTES = 64 * 1024 * 1024;
const DIFF_ARGS = ['diff-tree', '-r', '--no-renames', '--no-ext-diff', '--no-textconv', '--no-color'] as const;
/** Arguments for a patch that `git apply` takes back exactly. */
export const PATCH_ARGS = [
  ...DIFF_ARGS,
  '-p',
  '--binary',
  '--full-index',
  '--unified=3',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--submodule=short',
  '--ignore-submodules=none',
] as const;

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

/** Computes trees and patches in `folder`, which must be private and empty. `head` is null where there is no commit yet. */
export async function readSavedTrees(
  git: Git,
  repository: Repository,
  head: string | null,
  inspection: Inspection,
  folder: string,
): Promise<SavedTrees> {
  const all = [...inspection.changes.map((change) => change.entry), ...inspection.excluded];
  const own = await createOwnIndex(git, repository, all, folder);
  const changes = await leaveOutMore(own, inspection.changes);
  const kept = changes.filter((change) => change.leftOut === null).map((change) => change.entry);
  const keptSet = new Set(kept);
  const hidden = all.filter((entry) => !keptSet.has(entry));

  await updateIndex(own, [...resolveConflicts(all), ...resetToHead(hidden)]);
  const staged = await writeTree(own);
  await copyIndexBlobs(own, kept);
  const there = kept.filter(isThere);
  await updateIndex(own, [...kept.filter(isGone).map((entry) => removalLine(entry)), ...forgetStats(there)]);
  await addFiles(
    own,
    there.map((entry) => entry.path),
  );
  const work = await writeTree(own);

  const base = head ?? emptyTreeOf(staged);
  const [stagedPatch, workPatch] = await Promise.all([
    readPatch(own, base, staged),
    readPatch(own, staged, work),
    assertOnlyTouches(own, base, staged, all),
    assertOnlyTouches(own, staged, work, all),
  ]);
  return { staged, work, stagedPatch, workPatch, conflicts: await readConflicts(git, kept), changes };
}

/** The empty tree's id, which git knows without storing it, in the hash that the repository uses. */
export function emptyTreeOf(oid: string): string {
  return oid.length > 40
    ? '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'
    : '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
}

/** Leaves out what only git knows: large versions in HEAD or index, and files that a filter encrypts. */
async function leaveOutMore(own: OwnIndex, changes: readonly Change[]): Promise<Change[]> {
  const open = changes.filter((change) => change.leftOut === null);
  const encrypted = await readEncrypted(own, open);
  const large = await readLargeBlobs(own.git, open);
  const reasonFor = ({ entry }: Change): LeftOutReason | null => {
    if (encrypted.has(entry.path.toString('latin1'))) return 'encrypted';
    return blobsOf(entry).some((oid) => large.has(oid)) ? 'too-large' : null;
  };
  return changes.map((change) => (change.leftOut === null ? { ...change, leftOut: reasonFor(change) } : change));
}

/**
 * Files under a filter such as git-crypt: unfiltered, as Cairn reads them, they would come back as readable blobs, one push away
 * from everybody. Files under other filters (large file storage, notebooks) are saved as they stand in the work tree.
 */
async function readEncrypted(own: OwnIndex, changes: readonly Change[]): Promise<ReadonlySet<string>> {
  const encrypted = new Set<string>();
  if (own.git.config.filters.length === 0 || changes.length === 0) return encrypted;
  const input = joinPaths(changes.map((change) => change.entry.path));
  const fields = splitRecords(
    await own.git.read(['check-attr', '-z', '--stdin', 'filter'], { input, env: own.reading }),
  );
  for (let index = 0; index + 2 < fields.length; index += 3) {
    if (/crypt|secret|vault|sops|^age\b/i.test(fields[index + 2] ?? '')) encrypted.add(fields[index] ?? '');
  }
  return encrypted;
}

async function readLargeBlobs(git: Git, changes: readonly Change[]): Promise<ReadonlySet<string>> {
  const large = new Set<string>();
  const oids = [...new Set(changes.flatMap((change) => blobsOf(change.entry)))];
  if (oids.length === 0) return large;
  const input = `${oids.join('\n')}\n`;
  const listed = await git.read(['cat-file', '--batch-check=%(objectname) %(objectsize)'], { input });
  for (const line of listed.toString('latin1').split('\n')) {
    const match = /^([0-9a-f]{40,64}) (\d+)$/.exec(line);
    if (match?.[1] !== undefined && Number(match[2]) > MAX_FILE_BYTES) large.add(match[1]);
  }
  return large;
}

/** Index lines that give each conflict its "ours" as the one version. */
function resolveConflicts(entries: readonly StatusEntry[]): Buffer[] {
  return entries.filter(isConflict).flatMap((entry) => {
    const ours = entry.stages.find((stage) => stage.stage === 2);
    return ours === undefined
      ? [removalLine(entry)]
      : [removalLine(entry), indexLine(ours.mode, ours.oid, 0, entry.path)];
  });
}

/** Index lines that give files which are left out the version of HEAD, so that the patches do not mention them. */
function resetToHead(entries: readonly StatusEntry[]): Buffer[] {
  return entries.flatMap((entry) => {
    if (entry.type !== 'changed' || entry.inIndex === '.') return [];
    return [entry.headMode === NO_MODE ? removalLine(entry) : indexLine(entry.headMode, entry.headOid, 0, entry.path)];
  });
}

/**
 * Index lines that keep the content of changed files but drop size and time. Git would take a file for unchanged if these agree,
 * since the copied index is newer than the file, and miss an edit made within the same second.
 */
function forgetStats(entries: readonly StatusEntry[]): Buffer[] {
  return entries.flatMap((entry) => {
    if (entry.type !== 'changed' || entry.indexMode === NO_MODE) return [];
    return [indexLine(entry.indexMode, entry.indexOid, 0, entry.path)];
  });
}

function isConflict(entry: StatusEntry): entry is ConflictEntry {
  return entry.type === 'conflict';
}

function isGone(entry: StatusEntry): boolean {
  if (entry.type === 'untracked') return false;
  return entry.type === 'conflict' ? entry.workMode === NO_MODE : entry.inWork === 'D';
}

function isThere(entry: StatusEntry): boolean {
  return !isGone(entry) && !(entry.type === 'changed' && entry.inWork === '.');
}

async function readPatch(own: OwnIndex, from: string, to: string): Promise<Buffer> {
  if (from === to) return Buffer.alloc(0);
  return own.git.read([...PATCH_ARGS, from, to], { env: own.reading, maxOutputBytes: MAX_PATCH_BYTES });
}

/**
 * A tree that differs where the status saw no change would come back as a deletion or an edit that nobody made: git was at work in
 * between, or it could not read something and went on. Better no new state than a wrong one.
 */
async function assertOnlyTouches(
  own: OwnIndex,
  from: string,
  to: string,
  entries: readonly StatusEntry[],
): Promise<void> {
  const listed = await own.git.read([...DIFF_ARGS, '-z', '--name-only', from, to], { env: own.reading });
  const allowed = new Set(entries.map((entry) => entry.path.toString('latin1')));
  if (splitRecords(listed).every((path) => allowed.has(path))) return;
  throw new AppError('SOURCE_FAILED', 'the repository changed while it was read.', { isRetryable: true });
}

async function readConflicts(git: Git, kept: readonly StatusEntry[]): Promise<SavedTrees['conflicts']> {
  const conflicts = kept.filter(isConflict);
  if (conflicts.length === 0) return null;
  const lines = conflicts.flatMap((entry) =>
    entry.stages.map(({ mode, oid, stage }) => indexLine(mode, oid, stage, entry.path)),
  );
  const oids = [...new Set(conflicts.flatMap((entry) => blobsOf(entry)))];
  return { index: Buffer.concat(lines), pack: oids.length === 0 ? Buffer.alloc(0) : await packBlobs(git, oids) };
}
