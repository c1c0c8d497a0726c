// Applies saved work to the user's own work tree and index, all of it or nothing, and takes it out again. Asked for by the user
// only; refused unless git says beforehand that every part fits.

import { AppError } from '../../../../shared/model/app-error.ts';
import { readOperation } from '../operation.ts';
import { readRepository } from '../find-repositories.ts';
import type { Git } from '../run-git.ts';
import { PATCH_ARGS } from '../saved-trees.ts';
import { APPLY_ARGS } from './saved-commits.ts';

const TIMEOUT_MS = 60_000;
const MAX_PATCH_BYTES = 256 * 1024 * 1024;

export interface PatchTrees {
  readonly base: string;
  readonly staged: string;
  readonly work: string;
}

interface Patches {
  readonly toIndex: Buffer;
  readonly toWork: Buffer;
}

/** Applies. @throws AppError with the reason, and then nothing was changed. */
export async function applyWork(git: Git, trees: PatchTrees): Promise<void> {
  const repository = readRepository(git.folder);
  if (repository === null) throw new AppError('SOURCE_FAILED', 'There is no work tree to apply the work to.');
  if (readOperation(repository.gitDir) !== null) {
    throw new AppError('SOURCE_FAILED', 'A merge, rebase or the like is in progress there.', {
      hint: 'Finish it, or restore to a branch.',
    });
  }
  await applyBoth(git, await readPatches(git, trees), [], 'The work does not apply cleanly to what is there now.');
}

/** Takes applied work out again. @throws AppError where the files were changed since. */
export async function unapplyWork(git: Git, trees: PatchTrees): Promise<void> {
  await applyBoth(git, await readPatches(git, trees), ['--reverse'], 'The files were changed since.');
}

async function applyBoth(git: Git, patches: Patches, direction: readonly string[], refusal: string): Promise<void> {
  const index = [...direction, '--cached'];
  const fits =
    (await tryApply(git, [...direction, '--check'], patches.toWork)) &&
    (await tryApply(git, [...index, '--check'], patches.toIndex));
  if (!fits) throw new AppError('SOURCE_FAILED', refusal, { hint: 'Restore without --apply to get a branch.' });
  // The index first: git replaces it in one step, so that a failure there leaves everything as it was.
  if (!(await tryApply(git, index, patches.toIndex)))
    throw new AppError('SOURCE_FAILED', 'git could not write the index.');
  if (await tryApply(git, direction, patches.toWork)) return;
  const back = direction.length === 0 ? ['--cached', '--reverse'] : ['--cached'];
  const isBack = await tryApply(git, back, patches.toIndex);
  const state = isBack ? 'The index is as it was' : 'The index holds the staged part';
  throw new AppError('SOURCE_FAILED', `git could not write all files. ${state}; see git status for the files.`);
}

async function tryApply(git: Git, args: readonly string[], patch: Buffer): Promise<boolean> {
  if (patch.length === 0) return true;
  return (await git.run([...APPLY_ARGS, ...args, '-'], { input: patch, timeoutMs: TIMEOUT_MS })).exitCode === 0;
}

async function readPatches(git: Git, trees: PatchTrees): Promise<Patches> {
  const read = async (from: string, to: string, more: readonly string[]): Promise<Buffer> =>
    from === to
      ? Buffer.alloc(0)
      : git.read([...PATCH_ARGS, ...more, from, to], { maxOutputBytes: MAX_PATCH_BYTES, timeoutMs: TIMEOUT_MS });
  return {
    toIndex: await read(trees.base, trees.staged, []),
    // A submodule's commit is in the index only; which one is checked out is that repository's own matter.
    toWork: await read(trees.base, trees.work, ['--ignore-submodules=all']),
  };
}
