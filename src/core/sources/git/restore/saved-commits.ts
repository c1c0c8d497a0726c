// Turns saved work into commits: what HEAD was -> staged work -> unstaged and untracked work. Built in an index of our own, so
// that the user's index and work tree are not involved; the objects go into the repository, where at first nothing names them.
//
// The patches are hostile input. `git apply --cached` refuses paths outside the tree, into `.git` and through symbolic links, and
// the trees must come out with the very ids that they had at the capture.

import { join } from 'node:path';

import { AppError } from '../../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../../shared/model/ids.ts';
import type { RestoreContext } from '../../source.ts';
import { withPrivateFolder } from '../../host/private-folder.ts';
import {
  CONFLICTS_INDEX,
  CONFLICTS_PACK,
  STAGED_PATCH,
  UNPUSHED_BUNDLE,
  WORK_PATCH,
  type RepositoryFacts,
} from '../repository-item.ts';
import type { Git } from '../run-git.ts';
import { emptyTreeOf } from '../saved-trees.ts';
import { importBundle, missingCommits, parseBundle } from './bundle.ts';

const TIMEOUT_MS = 60_000;

/** The saved state of one repository, with its streams at hand. */
export interface SavedWork {
  readonly key: ItemKey;
  readonly facts: RepositoryFacts;
  readonly streams: ReadonlySet<string>;
}

export interface SavedCommits {
  /** What HEAD was; null in a repository that had no commit. */
  readonly head: string | null;
  /** The last commit: holds all of the work. */
  readonly tip: string;
  /** Trees of HEAD, index and work tree. */
  readonly base: string;
  readonly staged: string;
  readonly work: string;
  /** Stashes that the repository did not have any more. */
  readonly lostStashes: readonly string[];
}

/** Makes the commits. The same snapshot gives the same commits, whenever it is restored. */
export async function makeSavedCommits(git: Git, saved: SavedWork, context: RestoreContext): Promise<SavedCommits> {
  const lostStashes = await importUnpushed(git, saved, context);
  await importConflicts(git, saved, context);
  return withPrivateFolder([context.scratchDir], async (folder) => {
    const env = { GIT_INDEX_FILE: join(folder, 'index'), ...datesOf(context) };
    const read = async (args: readonly string[], input?: Uint8Array): Promise<string> =>
      (await git.read(args, { env, timeoutMs: TIMEOUT_MS, ...(input === undefined ? {} : { input }) }))
        .toString('latin1')
        .trim();
    const { head } = saved.facts;
    await read(head === null ? ['read-tree', '--empty'] : ['read-tree', head]);
    const base = await read(['write-tree']);
    const when = new Date(context.snapshot.takenAtMs).toISOString();

    let tip = head;
    let tree = base;
    const advance = async (stream: string, expected: string | undefined, title: string): Promise<string> => {
      if (!saved.streams.has(stream)) return tree;
      await applyToIndex(git, env, await context.readStream(saved.key, stream));
      const next = await read(['write-tree']);
      assertTree(next, expected);
      tree = next;
      tip = await read(['commit-tree', next, ...(tip === null ? [] : ['-p', tip]), '-m', `${title}, as of ${when}`]);
      return next;
    };
    const staged = await advance(STAGED_PATCH, saved.facts.stagedTree, 'Staged work');
    const work = await advance(WORK_PATCH, saved.facts.workTree, 'Unstaged and untracked work');
    if (tip === null) throw new AppError('SOURCE_FAILED', 'The snapshot holds no work of this repository.');
    return { head, tip, base, staged, work, lostStashes };
  });
}

/** Options for a `git apply` that changes nothing but what the patch says. */
export const APPLY_ARGS = ['apply', '--binary', '--whitespace=nowarn', '--no-ignore-whitespace'] as const;

async function applyToIndex(git: Git, env: Readonly<Record<string, string>>, patch: Uint8Array): Promise<void> {
  const result = await git.run([...APPLY_ARGS, '--cached', '-'], { env, input: patch, timeoutMs: TIMEOUT_MS });
  if (result.exitCode !== 0) {
    throw new AppError(
      'SOURCE_FAILED',
      'git refused the saved patch: it does not fit the commit it was made on, or names places outside the work tree.',
    );
  }
}

function assertTree(tree: string, expected: string | undefined): void {
  if (expected !== undefined && tree !== expected) {
    throw new AppError('SOURCE_FAILED', 'The saved work did not come out as it was captured, so it was not used.');
  }
}

/** Brings commits back that the repository lacks. Gives the stashes among them. */
async function importUnpushed(git: Git, saved: SavedWork, context: RestoreContext): Promise<string[]> {
  const { head } = saved.facts;
  if (!saved.streams.has(UNPUSHED_BUNDLE)) {
    if (head !== null && (await missingCommits(git, [head])).length > 0) {
      throw new AppError(
        'SOURCE_FAILED',
        `The repository does not have commit ${head.slice(0, 8)}, on which the work is based.`,
        {
          hint: 'Run `git fetch` there and restore again.',
        },
      );
    }
    return [];
  }
  const bundle = parseBundle(await context.readStream(saved.key, UNPUSHED_BUNDLE));
  if (bundle === null) throw new AppError('SOURCE_FAILED', 'The saved commits are not readable.');
  const missing = new Set(
    await missingCommits(
      git,
      bundle.tips.map((tip) => tip.oid),
    ),
  );
  if (missing.size > 0) await importBundle(git, bundle);
  return bundle.tips
    .filter((tip) => tip.name.startsWith('refs/cairn/stash/') && missing.has(tip.oid))
    .map((tip) => tip.oid);
}

/** The three versions of conflicted files become objects again; only a new worktree uses them. */
async function importConflicts(git: Git, saved: SavedWork, context: RestoreContext): Promise<void> {
  if (!saved.streams.has(CONFLICTS_INDEX) || !saved.streams.has(CONFLICTS_PACK)) return;
  await git.read(['unpack-objects', '-q', '--strict'], { input: await context.readStream(saved.key, CONFLICTS_PACK) });
}

/** The capture's time, so that the commits' ids do not depend on when they are made. */
function datesOf(context: RestoreContext): Readonly<Record<string, string>> {
  const date = `@${Math.floor(context.snapshot.takenAtMs / 1000)} +0000`;
  return { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
}

/** The commit to check a worktree out at where the repository had none: an empty one. */
export async function makeEmptyCommit(git: Git, like: string, context: RestoreContext): Promise<string> {
  const args = ['commit-tree', emptyTreeOf(like), '-m', 'No commit yet'];
  return (await git.read(args, { env: datesOf(context) })).toString('latin1').trim();
}
