// Takes back what a restore made in a repository, and only what nobody has touched since.

import { AppError } from '../../../../shared/model/app-error.ts';
import type { StepResult } from '../../../../shared/model/restore.ts';
import type { UndoContext } from '../../source.ts';
import { privateParents } from '../../host/private-folder.ts';
import { openGit, type Git } from '../run-git.ts';
import { deleteMadeBranch } from './branches.ts';
import { removeExport } from './export-folder.ts';
import { parseUndo, type GitUndo, type MadeBranch } from './payload.ts';
import { holdsWork } from './present-work.ts';
import { unapplyWork } from './work-tree-patch.ts';

export async function undoGitStep(result: StepResult, context: UndoContext): Promise<StepResult> {
  const answer = (status: StepResult['status'], detail: string): StepResult => ({
    key: result.key,
    action: 'undo',
    status,
    detail,
  });
  const undo = parseUndo(result.undo);
  if (undo === null) return answer('skipped', 'The restore made nothing here.');
  try {
    const left = await takeBack(undo, context);
    return left.length === 0 ? answer('done', 'What the restore made was removed.') : answer('skipped', left.join(' '));
  } catch (error) {
    if (context.signal.aborted) throw error;
    const reason =
      error instanceof AppError ? error.message : `an unexpected ${error instanceof Error ? error.name : 'error'}.`;
    return answer('failed', `It was left as it is: ${reason}`);
  }
}

/** Takes back, and gives a sentence for each thing that was left. */
async function takeBack(undo: GitUndo, context: UndoContext): Promise<string[]> {
  if (undo.mode === 'export') {
    return (await removeExport(undo.target, undo.files))
      ? []
      : [`${undo.target} holds changed or other files, which were left.`];
  }
  const git = await openGit(context.host, undo.folder, context.signal);
  if (undo.mode === 'apply') await unapplyWork(git, undo);
  const leftTree = undo.mode === 'worktree' ? await removeWorktree(git, undo, context) : null;
  return [...(leftTree === null ? [] : [leftTree]), ...(await deleteBranches(git, undo.branches))];
}

async function deleteBranches(git: Git, branches: readonly MadeBranch[]): Promise<string[]> {
  const left: string[] = [];
  for (const branch of branches) {
    const reason = await deleteMadeBranch(git, branch);
    if (reason !== null) left.push(reason);
  }
  return left;
}

async function removeWorktree(
  git: Git,
  undo: Extract<GitUndo, { mode: 'worktree' }>,
  context: UndoContext,
): Promise<string | null> {
  const worktrees = (await git.read(['worktree', 'list', '--porcelain'])).toString('utf8').split('\n');
  if (!worktrees.includes(`worktree ${undo.worktree}`)) return null; // gone already
  const isUntouched = await holdsWork(context, undo.worktree, undo, privateParents(context.host.platform));
  if (!isUntouched) return `The worktree ${undo.worktree} was changed since, so it was left.`;
  // Its uncommitted work is what the restore itself put there: hence by force.
  const removed = await git.run(['worktree', 'remove', '--force', undo.worktree]);
  return removed.exitCode === 0 ? null : `The worktree ${undo.worktree} could not be removed.`;
}
