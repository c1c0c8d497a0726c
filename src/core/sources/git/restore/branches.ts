// Branches that a restore makes: `cairn/restore-<snapshot>`. Made only where the name is free, deleted only while they point to
// what was made.

import { AppError } from '../../../../shared/model/app-error.ts';
import type { SnapshotId } from '../../../../shared/model/ids.ts';
import { readRepository } from '../find-repositories.ts';
import type { Git } from '../run-git.ts';
import type { MadeBranch } from './payload.ts';

const MAX_SUFFIX = 99;
const ID_DIGITS = 8;

export interface RestoreBranches {
  /** The first free name. */
  readonly free: string;
  /** Branches of this snapshot that stand already: name, commit, tree. */
  readonly made: ReadonlyArray<{ readonly name: string; readonly oid: string; readonly tree: string }>;
}

export function shortSnapshot(id: SnapshotId): string {
  return id.slice(0, ID_DIGITS);
}

/** Looks which branches of this snapshot there are. A branch named `cairn` leaves no room for `cairn/...`: then a dash is used. */
export async function findRestoreBranches(
  git: Git,
  id: SnapshotId,
  reserved: ReadonlySet<string>,
): Promise<RestoreBranches> {
  const stem = `restore-${shortSnapshot(id)}`;
  const format = '--format=%(objectname) %(tree) %(refname)';
  const listed = await git.read(['for-each-ref', format, 'refs/heads/cairn', `refs/heads/cairn-${stem}*`]);
  const lines = listed
    .toString('utf8')
    .split('\n')
    .map((line) => /^(\S+) (\S*) refs\/heads\/(.+)$/.exec(line));
  const branches = lines.flatMap((match) =>
    match === null ? [] : [{ oid: match[1] ?? '', tree: match[2] ?? '', name: match[3] ?? '' }],
  );
  const prefix = branches.some((branch) => branch.name === 'cairn') ? 'cairn-' : 'cairn/';
  const made = branches.filter((branch) => branch.name.startsWith(`${prefix}${stem}`));
  const taken = new Set(made.map((branch) => branch.name));
  for (let suffix = 1; suffix <= MAX_SUFFIX; suffix += 1) {
    const free = suffix === 1 ? `${prefix}${stem}` : `${prefix}${stem}-${suffix}`;
    if (!taken.has(free) && !reserved.has(reservation(git, free))) return { free, made };
  }
  throw new AppError('SOURCE_FAILED', 'This snapshot was restored to 99 branches already.', {
    hint: 'Delete some: git branch -D',
  });
}

/** A branch's name in its repository: linked work trees share their branches. */
export function reservation(git: Git, branch: string): string {
  return `${readRepository(git.folder)?.commonDir ?? git.folder} ${branch}`;
}

/** Makes a branch, unless one of that name stands. */
export async function makeBranch(git: Git, branch: string, oid: string): Promise<MadeBranch> {
  // An old value of zeros means: only if there is none.
  const result = await git.run(['update-ref', '--no-deref', `refs/heads/${branch}`, oid, '0'.repeat(oid.length)]);
  if (result.exitCode !== 0) throw new AppError('SOURCE_FAILED', `git could not make the branch ${branch}.`);
  return { branch, oid };
}

/** Makes one branch for each stash that the repository lost. */
export async function makeStashBranches(git: Git, branch: string, stashes: readonly string[]): Promise<MadeBranch[]> {
  const made: MadeBranch[] = [];
  for (const [index, oid] of stashes.entries()) made.push(await makeBranch(git, `${branch}-stash-${index}`, oid));
  return made;
}

/** Deletes a made branch. Gives why not, as a sentence, where it was left. */
export async function deleteMadeBranch(git: Git, made: MadeBranch): Promise<string | null> {
  const ref = `refs/heads/${made.branch}`;
  const now = await git.run(['rev-parse', '--verify', '--quiet', ref]);
  if (now.exitCode !== 0) return null;
  if (now.stdout.toString('latin1').trim() !== made.oid)
    return `Branch ${made.branch} holds newer commits, so it was left.`;
  const worktrees = (await git.read(['worktree', 'list', '--porcelain'])).toString('utf8').split('\n');
  if (worktrees.includes(`branch ${ref}`)) return `Branch ${made.branch} is checked out, so it was left.`;
  const deleted = await git.run(['update-ref', '--no-deref', '-d', ref, made.oid]);
  return deleted.exitCode === 0 ? null : `Branch ${made.branch} could not be deleted.`;
}
