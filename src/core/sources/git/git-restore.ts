// Brings uncommitted work back as commits on a branch of their own, or in a new worktree. The user's work tree, index and HEAD are
// not touched, unless asked, and then only if the patch applies cleanly.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';

import { z } from 'zod';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import type { RestoreContext } from '../source.ts';
import { EMPTY_TREE, GIT, STAGED, UNPUSHED, UNSTAGED } from './capture-repository.ts';
import { readRepository } from './find-repositories.ts';
import { withPrivateFolder } from './private-folder.ts';
import { filterOverrides, runGit, type GitOptions } from './run-git.ts';

const TIMEOUT_MS = 60_000;

const factsSchema = z.object({
  path: z.string(),
  head: z.string().regex(/^[0-9a-f]{40,64}$/).nullable(),
  branch: z.string().nullable(),
  remotes: z.record(z.string(), z.string()).default({}),
});

const payloadSchema = z.object({
  path: z.string(),
  head: z.string().nullable(),
  mode: z.enum(['branch', 'worktree', 'apply']),
  branch: z.string(),
  worktree: z.string().nullable(),
  staged: z.boolean(),
  unstaged: z.boolean(),
  unpushed: z.boolean(),
});
type GitPayload = z.infer<typeof payloadSchema>;

export async function planGitRestore(items: readonly SnapshotItem[], context: RestoreContext): Promise<readonly PlannedStep[]> {
  const steps: PlannedStep[] = [];
  for (const item of items) steps.push(await planOne(item, context));
  return steps;
}

async function planOne(item: SnapshotItem, context: RestoreContext): Promise<PlannedStep> {
  const skip = (detail: string, action = 'restore-branch'): PlannedStep => ({ key: item.key, source: GIT, action, status: 'skipped', detail, payload: null });
  const parsed = factsSchema.safeParse(item.attributes);
  if (!parsed.success) return skip('This repository was captured without what is needed to restore it.');
  const facts = parsed.data;
  const size = (name: string): number => item.streams.find((stream) => stream.name === name)?.sizeBytes ?? 0;
  if (size(STAGED) + size(UNSTAGED) + size(UNPUSHED) === 0) return skip('There was no uncommitted work.');
  if (readRepository(facts.path) === null) return skip(`There is no repository at ${facts.path} any more.${cloneAdvice(facts.remotes, facts.path)}`);
  if (isPresent(item, context)) return skip('The same work is there already.');
  if (facts.head !== null && size(UNPUSHED) === 0 && !(await hasCommit(facts.path, facts.head, context))) {
    return skip(`The repository no longer has commit ${facts.head.slice(0, 8)}, on which the work was based; fetch it and try again.`);
  }
  const { shouldApplyGit, worktreeDir } = context.options;
  const mode: GitPayload['mode'] = shouldApplyGit ? 'apply' : worktreeDir === null ? 'branch' : 'worktree';
  const branch = await freeBranch(facts.path, context);
  if (branch === null) return skip('The work was restored to a branch of this snapshot already.');
  const worktree = worktreeDir === null ? null : join(worktreeDir, `${basename(facts.path)}-${context.snapshot.id.slice(0, 8)}`);
  if (mode === 'worktree' && worktree !== null && existsSync(worktree)) return skip(`${worktree} exists already.`, 'restore-worktree');
  const payload: GitPayload = { path: facts.path, head: facts.head, mode, branch, worktree, staged: size(STAGED) > 0, unstaged: size(UNSTAGED) > 0, unpushed: size(UNPUSHED) > 0 };
  const details: Record<GitPayload['mode'], string> = {
    branch: `The work of ${basename(facts.path)} as branch ${branch}; the work tree is not touched.`,
    worktree: `The work of ${basename(facts.path)} in a new worktree ${worktree ?? ''}, on branch ${branch}.`,
    apply: `The work of ${basename(facts.path)} into its work tree, if it applies cleanly.`,
  };
  return { key: item.key, source: GIT, action: `restore-${mode}`, status: 'planned', detail: details[mode], payload };
}

export async function* applyGitRestore(steps: readonly PlannedStep[], context: RestoreContext): AsyncIterable<StepResult> {
  for (const step of steps) {
    if (step.status !== 'planned') continue;
    const result = (status: StepResult['status'], detail: string, undo?: StepResult['undo']): StepResult => ({
      key: step.key, action: step.action, status, detail, ...(undo === undefined ? {} : { undo }),
    });
    try {
      const payload = payloadSchema.parse(step.payload);
      const commit = await makeCommits(step, payload, context);
      yield payload.mode === 'apply' ? await applyToWorkTree(payload, commit, context, result) : await makeBranch(payload, commit, context, result);
    } catch (error) {
      yield result('failed', `Nothing was changed: ${error instanceof Error ? error.message : 'unknown reason'}`);
    }
  }
}

type Result = (status: StepResult['status'], detail: string, undo?: StepResult['undo']) => StepResult;

/** Builds the commits in an index of our own; the objects go into the repository, where nothing names them yet. */
function makeCommits(step: PlannedStep, payload: GitPayload, context: RestoreContext): Promise<string> {
  return withPrivateFolder(async (folder) => {
    const index = join(folder, 'index');
    const config = await filterOverrides(context.host, payload.path, context.signal);
    const git = (args: readonly string[], input?: Uint8Array): Promise<string> => mustRun(payload.path, args, context, { env: { GIT_INDEX_FILE: index }, config, ...(input === undefined ? {} : { input }) });
    if (payload.unpushed) await git(['index-pack', '--stdin', '--fix-thin'], await context.readStream(step.key, UNPUSHED));
    await git(['read-tree', payload.head ?? EMPTY_TREE]);
    let commit = payload.head;
    const parts = [
      [payload.staged, STAGED, 'Staged work'],
      [payload.unstaged, UNSTAGED, 'Unstaged and untracked work'],
    ] as const;
    for (const [isThere, stream, title] of parts) {
      if (!isThere) continue;
      await git(['apply', '--cached', '--binary', '--whitespace=nowarn', '-'], await context.readStream(step.key, stream));
      const tree = await git(['write-tree']);
      const message = `${title}, captured ${new Date(context.snapshot.takenAtMs).toISOString()} by Cairn`;
      commit = await git(['commit-tree', tree, ...(commit === null ? [] : ['-p', commit]), '-m', message]);
    }
    if (commit === null) throw new Error('the snapshot holds no work');
    return commit;
  });
}

async function makeBranch(payload: GitPayload, commit: string, context: RestoreContext, result: Result): Promise<StepResult> {
  // An empty old value means: only if the branch does not exist.
  await mustRun(payload.path, ['update-ref', `refs/heads/${payload.branch}`, commit, '0'.repeat(commit.length)], context);
  const undo = { path: payload.path, branch: payload.branch, commit, worktree: payload.worktree };
  if (payload.mode === 'branch') return result('done', `The work is on branch ${payload.branch}. Look at it with: git -C ${payload.path} show ${payload.branch}`, { ...undo, worktree: null });
  const config = await filterOverrides(context.host, payload.path, context.signal);
  await mustRun(payload.path, ['worktree', 'add', '-q', payload.worktree ?? '', payload.branch], context, { config });
  return result('done', `The work is in ${payload.worktree ?? ''}, on branch ${payload.branch}.`, undo);
}

async function applyToWorkTree(payload: GitPayload, commit: string, context: RestoreContext, result: Result): Promise<StepResult> {
  const base = payload.head ?? EMPTY_TREE;
  const patch = await diffOf(payload.path, base, commit, context);
  const check = await run(payload.path, ['apply', '--check', '--binary', '--whitespace=nowarn', '-'], context, { input: patch });
  if (check.exitCode !== 0) {
    return result('failed', `The work does not apply cleanly to what is there now, so nothing was changed. Restore without --apply to get a branch. (${firstLine(check.stderr)})`);
  }
  await mustRun(payload.path, ['apply', '--binary', '--whitespace=nowarn', '-'], context, { input: patch });
  return result('done', 'The work was applied to the work tree; it is not staged.', { path: payload.path, patchFrom: base, patchTo: commit });
}

/** The patch from one tree to another, in the repository. */
export async function diffOf(path: string, from: string, to: string, context: Pick<RestoreContext, 'host' | 'signal'>): Promise<Buffer> {
  const args = ['diff-tree', '-p', '--binary', '--full-index', '--no-renames', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/', '-r', from, to];
  const diff = await run(path, args, context);
  if (diff.exitCode !== 0) throw new Error(`git diff-tree failed (${firstLine(diff.stderr)})`);
  return diff.stdout;
}

/** A branch name of this snapshot that is free; null where one of the same work stands already. */
async function freeBranch(path: string, context: RestoreContext): Promise<string | null> {
  const base = `cairn/restore-${context.snapshot.id.slice(0, 8)}`;
  const exists = await run(path, ['show-ref', '--verify', '--quiet', `refs/heads/${base}`], context);
  return exists.exitCode === 0 ? null : base;
}

function isPresent(item: SnapshotItem, context: RestoreContext): boolean {
  const present = context.present.find((other) => other.key === item.key && !other.stale);
  if (present === undefined) return false;
  const ids = (of: SnapshotItem): string => [STAGED, UNSTAGED].map((name) => of.streams.find((stream) => stream.name === name)?.contentId ?? '').join(' ');
  return present.attributes['head'] === item.attributes['head'] && ids(present) === ids(item);
}

async function hasCommit(path: string, commit: string, context: RestoreContext): Promise<boolean> {
  return (await run(path, ['cat-file', '-e', `${commit}^{commit}`], context)).exitCode === 0;
}

function cloneAdvice(remotes: Readonly<Record<string, string>>, path: string): string {
  const address = remotes['origin'] ?? Object.values(remotes)[0];
  return address === undefined ? '' : ` Get it back with: git clone ${address} ${path} and restore again.`;
}

function run(path: string, args: readonly string[], context: Pick<RestoreContext, 'host' | 'signal'>, options: GitOptions = {}) {
  return runGit(context.host, path, args, { signal: context.signal, timeoutMs: TIMEOUT_MS, ...options });
}

async function mustRun(path: string, args: readonly string[], context: Pick<RestoreContext, 'host' | 'signal'>, options: GitOptions = {}): Promise<string> {
  const result = await run(path, args, context, options);
  if (result.exitCode !== 0) throw new Error(`git ${args[0] ?? ''} failed (${firstLine(result.stderr)})`);
  return result.stdout.toString('utf8').trim();
}

function firstLine(bytes: Buffer): string {
  return bytes.toString('utf8').split('\n')[0]?.slice(0, 200) ?? '';
}
