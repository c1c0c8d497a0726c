// Takes back what a restore made in a repository, if nobody has touched it since.

import { z } from 'zod';

import type { StepResult } from '../../../shared/model/restore.ts';
import type { UndoContext } from '../source.ts';
import { diffOf } from './git-restore.ts';
import { runGit } from './run-git.ts';

const branchSchema = z.object({ path: z.string(), branch: z.string().startsWith('cairn/restore-'), commit: z.string(), worktree: z.string().nullable() });
const patchSchema = z.object({ path: z.string(), patchFrom: z.string(), patchTo: z.string() });

export async function undoGitStep(result: StepResult, context: UndoContext): Promise<StepResult> {
  const answer = (status: StepResult['status'], detail: string): StepResult => ({ key: result.key, action: 'undo-git', status, detail });
  const branch = branchSchema.safeParse(result.undo);
  if (branch.success) return undoBranch(branch.data, context, answer);
  const patch = patchSchema.safeParse(result.undo);
  if (patch.success) return undoPatch(patch.data, context, answer);
  return answer('skipped', 'The restore made nothing here.');
}

type Answer = (status: StepResult['status'], detail: string) => StepResult;

async function undoBranch(undo: z.infer<typeof branchSchema>, context: UndoContext, answer: Answer): Promise<StepResult> {
  const { host, signal } = context;
  const ref = `refs/heads/${undo.branch}`;
  const now = await runGit(host, undo.path, ['rev-parse', '--verify', '--quiet', ref], { signal });
  if (now.exitCode !== 0) return answer('skipped', `Branch ${undo.branch} is gone already.`);
  if (now.stdout.toString('utf8').trim() !== undo.commit) return answer('skipped', `Branch ${undo.branch} holds newer commits, so it was left.`);
  if (undo.worktree !== null) {
    // Without --force git refuses where anything was changed.
    const removed = await runGit(host, undo.path, ['worktree', 'remove', undo.worktree], { signal });
    if (removed.exitCode !== 0) return answer('skipped', `The worktree ${undo.worktree} was changed since, so it was left.`);
  }
  const inUse = await runGit(host, undo.path, ['worktree', 'list', '--porcelain'], { signal });
  if (inUse.stdout.toString('utf8').includes(`branch ${ref}\n`)) return answer('skipped', `Branch ${undo.branch} is checked out, so it was left.`);
  const deleted = await runGit(host, undo.path, ['update-ref', '-d', ref, undo.commit], { signal });
  return deleted.exitCode === 0 ? answer('done', `Branch ${undo.branch} was removed.`) : answer('failed', `Branch ${undo.branch} could not be removed.`);
}

async function undoPatch(undo: z.infer<typeof patchSchema>, context: UndoContext, answer: Answer): Promise<StepResult> {
  const { host, signal } = context;
  const patch = await diffOf(undo.path, undo.patchFrom, undo.patchTo, context);
  const args = ['apply', '-R', '--binary', '--whitespace=nowarn'];
  const check = await runGit(host, undo.path, [...args, '--check', '-'], { signal, input: patch });
  if (check.exitCode !== 0) return answer('skipped', 'The files were changed since, so the work was left in the work tree.');
  const applied = await runGit(host, undo.path, [...args, '-'], { signal, input: patch });
  return applied.exitCode === 0 ? answer('done', 'The applied work was taken out of the work tree again.') : answer('failed', 'git could not take the work out again.');
}
