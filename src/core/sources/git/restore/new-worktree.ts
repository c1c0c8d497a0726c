// A new worktree that stands exactly where the captured one stood: HEAD, index and files, uncommitted work still uncommitted,
// conflicts still open. The user's own work tree is not involved.

import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AppError } from '../../../../shared/model/app-error.ts';
import { makeFoldersSync } from '../../../system/make-folders.ts';
import type { RestoreContext } from '../../source.ts';
import { CONFLICTS_INDEX } from '../repository-item.ts';
import { openGit, type Git } from '../run-git.ts';
import { missingCommits } from './bundle.ts';
import type { SavedCommits, SavedWork } from './saved-commits.ts';
import { makeEmptyCommit } from './saved-commits.ts';

const TIMEOUT_MS = 120_000;
const MAX_SUFFIX = 99;

/** The first free name for a folder: itself, then with -2, -3 ... */
export function freeFolder(path: string, reserved: ReadonlySet<string>): string {
  for (let suffix = 1; suffix <= MAX_SUFFIX; suffix += 1) {
    const candidate = suffix === 1 ? path : `${path}-${suffix}`;
    if (!reserved.has(candidate) && lstatSync(candidate, { throwIfNoEntry: false }) === undefined) return candidate;
  }
  throw new AppError('SOURCE_FAILED', 'There are 99 folders of this snapshot already.', {
    hint: 'Remove some of them.',
  });
}

/** Makes the worktree in a folder that does not exist yet, with HEAD detached at the captured commit. Gives that commit. */
export async function makeWorktree(
  git: Git,
  worktree: string,
  saved: SavedWork,
  commits: SavedCommits,
  context: RestoreContext,
): Promise<string> {
  const head = commits.head ?? (await makeEmptyCommit(git, commits.work, context));
  makeFoldersSync(dirname(worktree), 0o777); // the user's own files: as the umask has it
  if (lstatSync(worktree, { throwIfNoEntry: false }) !== undefined) {
    throw new AppError('SOURCE_FAILED', 'The folder for the new worktree exists already, so nothing was done.');
  }
  try {
    await git.read(['worktree', 'add', '--detach', '--no-checkout', worktree, head], { timeoutMs: TIMEOUT_MS });
    const inside = await openGit(context.host, worktree, context.signal);
    await inside.read(['read-tree', commits.work]);
    await inside.read(['checkout-index', '--all', '--quiet'], { timeoutMs: TIMEOUT_MS });
    await inside.read(['read-tree', commits.staged]);
    await openConflicts(inside, saved, context);
    // Fills in sizes and times, so that the next `git status` is quick; differences are what is wanted here.
    await inside.run(['update-index', '-q', '--refresh']);
  } catch (error) {
    await git.run(['worktree', 'remove', '--force', worktree]);
    await rm(worktree, { recursive: true, force: true });
    throw error;
  }
  return head;
}

/** Puts the three versions of conflicted files back into the index, and the heads that the operation was about. */
async function openConflicts(git: Git, saved: SavedWork, context: RestoreContext): Promise<void> {
  if (saved.streams.has(CONFLICTS_INDEX)) {
    const lines = await context.readStream(saved.key, CONFLICTS_INDEX);
    const paths = conflictPaths(lines);
    const removals = paths.map((path) =>
      Buffer.concat([Buffer.from(`0 ${'0'.repeat(saved.facts.head?.length ?? 40)} 0\t`), path, Buffer.from([0])]),
    );
    await git.read(['update-index', '-z', '--index-info'], { input: Buffer.concat([...removals, lines]) });
  }
  for (const name of ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD']) {
    const oids = saved.facts.operationHeads[name] ?? [];
    // Only what a ref can say: an octopus merge has several heads, and git offers no command to write them.
    if (oids.length !== 1 || (await missingCommits(git, oids)).length > 0) continue;
    await git.read(['update-ref', '--no-deref', name, oids[0] ?? '']);
  }
}

/** The paths of index lines, each once. */
function conflictPaths(lines: Uint8Array): Buffer[] {
  const paths = new Set<string>();
  for (const line of Buffer.from(lines).toString('latin1').split('\0')) {
    const tab = line.indexOf('\t');
    if (tab > 0) paths.add(line.slice(tab + 1));
  }
  return [...paths].map((path) => Buffer.from(path, 'latin1'));
}

/** Where a worktree of this repository goes, inside the folder that the user named. */
export function worktreePath(folder: string, name: string, snapshot: string): string {
  return join(folder, `${name === '' ? 'repository' : name}-${snapshot}`);
}
