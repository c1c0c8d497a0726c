// Carries planned git steps out. One step that fails does not touch the others, and leaves its repository as it was.

import { AppError } from '../../../../shared/model/app-error.ts';
import type { PlannedStep, StepResult } from '../../../../shared/model/restore.ts';
import type { RestoreContext } from '../../source.ts';
import { CONFLICTS_INDEX } from '../repository-item.ts';
import { openGit } from '../run-git.ts';
import { makeBranch, makeStashBranches } from './branches.ts';
import { exportWork } from './export-folder.ts';
import { makeWorktree } from './new-worktree.ts';
import { parsePayload, type GitPayload, type GitUndo } from './payload.ts';
import { savedWorkOf } from './plan-restore.ts';
import { makeSavedCommits, type SavedWork } from './saved-commits.ts';
import { applyWork } from './work-tree-patch.ts';

export async function* applyGitRestore(
  steps: readonly PlannedStep[],
  context: RestoreContext,
): AsyncIterable<StepResult> {
  for (const step of steps) {
    const { key, action } = step;
    if (step.status !== 'planned') continue;
    try {
      const { detail, undo } = await applyOne(step, context);
      yield { key, action, status: 'done', detail, undo };
    } catch (error) {
      if (context.signal.aborted) throw error;
      yield { key, action, status: 'failed', detail: reasonOf(error) };
    }
  }
}

interface Done {
  readonly detail: string;
  readonly undo: GitUndo;
}

async function applyOne(step: PlannedStep, context: RestoreContext): Promise<Done> {
  const payload = parsePayload(step.payload);
  const item = context.selected.find((candidate) => candidate.key === step.key);
  const saved = item === undefined ? null : savedWorkOf(item);
  if (saved === null) throw new AppError('SOURCE_FAILED', 'The saved work is not part of this restore.');
  if (payload.mode === 'export') return applyExport(payload, saved, context);
  return applyInRepository(payload, saved, context);
}

async function applyInRepository(
  payload: Exclude<GitPayload, { mode: 'export' }>,
  saved: SavedWork,
  context: RestoreContext,
): Promise<Done> {
  const { folder, branch } = payload;
  const git = await openGit(context.host, folder, context.signal);
  const commits = await makeSavedCommits(git, saved, context);
  const { base, staged, work } = commits;
  const stashes = (): ReturnType<typeof makeStashBranches> => makeStashBranches(git, branch, commits.lostStashes);
  switch (payload.mode) {
    case 'branch': {
      const made = await makeBranch(git, branch, commits.tip);
      const conflicts = saved.streams.has(CONFLICTS_INDEX) ? ' Conflicted files stand there with their markers.' : '';
      const detail = `The work is on branch ${branch}.${conflicts} Look at it with: git log -p ${branch}`;
      return { detail, undo: { mode: 'branch', folder, branches: [made, ...(await stashes())] } };
    }
    case 'worktree': {
      const head = await makeWorktree(git, payload.worktree, saved, commits, context);
      const isRebase = ['rebase', 'am', 'bisect'].includes(saved.facts.operation ?? '');
      const rest = isRebase ? ` The ${saved.facts.operation} itself does not go on there.` : '';
      const undo = { mode: 'worktree', folder, worktree: payload.worktree, head, staged, work } as const;
      return {
        detail: `The work is in ${payload.worktree}, uncommitted as it was.${rest}`,
        undo: { ...undo, branches: await stashes() },
      };
    }
    case 'apply': {
      await applyWork(git, commits);
      const markers = saved.streams.has(CONFLICTS_INDEX) ? ' Conflicted files hold their markers.' : '';
      const undo = { mode: 'apply', folder, base, staged, work } as const;
      return {
        detail: `The work was applied to the work tree, what was staged also to the index.${markers}`,
        undo: { ...undo, branches: await stashes() },
      };
    }
  }
}

async function applyExport(
  payload: Extract<GitPayload, { mode: 'export' }>,
  saved: SavedWork,
  context: RestoreContext,
): Promise<Done> {
  const files = await exportWork(payload.target, saved, context);
  const detail =
    `The patches are in ${payload.target}. In a clone: git fetch unpushed.bundle (if it is there), ` +
    'git apply --index staged.patch, git apply unstaged.patch.';
  return { detail, undo: { mode: 'export', target: payload.target, files } };
}

/** A sentence; what nobody foresaw gives only its kind, since its text may hold content. */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError) return `Nothing was changed: ${error.message} ${error.hint}`.trim();
  return `Nothing was changed: an unexpected ${error instanceof Error ? error.name : 'error'}.`;
}
