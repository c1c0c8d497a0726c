// Plans what becomes of each repository's saved work. Looks at what is there now, changes nothing.

import { lstatSync } from 'node:fs';
import { basename, join } from 'node:path';

import { AppError } from '../../../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../../../shared/model/item.ts';
import type { PlannedStep } from '../../../../shared/model/restore.ts';
import { quoteArguments } from '../../host/quote-argument.ts';
import type { RestoreContext } from '../../source.ts';
import { readRepository } from '../find-repositories.ts';
import {
  GIT,
  parseRepositoryFacts,
  STAGED_PATCH,
  UNPUSHED_BUNDLE,
  WORK_PATCH,
  type RepositoryFacts,
} from '../repository-item.ts';
import { openGit, type Git } from '../run-git.ts';
import { findRestoreBranches, shortSnapshot, type RestoreBranches } from './branches.ts';
import { missingCommits } from './bundle.ts';
import { freeFolder, worktreePath } from './new-worktree.ts';
import type { GitPayload } from './payload.ts';
import { readPresentTrees } from './present-trees.ts';
import type { SavedWork } from './saved-commits.ts';

export async function planGitRestore(
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<readonly PlannedStep[]> {
  const steps: PlannedStep[] = [];
  for (const item of items) {
    const plan = await planQuietly(item, context);
    steps.push({ key: item.key, source: GIT, ...plan });
  }
  return steps;
}

type Plan = Pick<PlannedStep, 'action' | 'status' | 'detail' | 'payload'>;

/** One repository that cannot be looked at does not spoil the plan of the others. */
async function planQuietly(item: SnapshotItem, context: RestoreContext): Promise<Plan> {
  try {
    return await planOne(item, context);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'CANCELLED') throw error;
    return skip('restore-work', `${error.message} ${error.hint}`.trim());
  }
}

function skip(action: string, detail: string): Plan {
  return { action, status: 'skipped', detail, payload: null };
}

function planned(detail: string, payload: GitPayload): Plan {
  return { action: ACTIONS[payload.mode], status: 'planned', detail, payload };
}

const ACTIONS = {
  branch: 'create-branch',
  worktree: 'create-worktree',
  apply: 'apply-work',
  export: 'export-patches',
} as const;

/** What was saved of an item; null where its attributes are not those of a repository. */
export function savedWorkOf(item: SnapshotItem): SavedWork | null {
  const facts = parseRepositoryFacts(item.attributes);
  if (facts === null) return null;
  const streams = item.streams.filter((stream) => stream.sizeBytes > 0).map((stream) => stream.name);
  return { key: item.key, facts, streams: new Set(streams) };
}

async function planOne(item: SnapshotItem, context: RestoreContext): Promise<Plan> {
  const saved = savedWorkOf(item);
  if (saved === null) return skip('restore-work', 'This repository was captured without what a restore needs.');
  const hasChanges = saved.streams.has(STAGED_PATCH) || saved.streams.has(WORK_PATCH);
  if (!hasChanges && !saved.streams.has(UNPUSHED_BUNDLE)) return skip('restore-work', 'There was no uncommitted work.');
  const folder = targetFolder(saved.facts);
  if (folder === null) return planWithoutRepository(saved, context);

  const git = await openGit(context.host, folder, context.signal);
  if (isInPresent(item, saved, context)) return skip('restore-work', 'The same work is there already.');
  const there = hasChanges ? await committedAlready(git, saved) : await holdsCommits(git, saved);
  if (there !== null) return skip('restore-work', there);
  const { head } = saved.facts;
  if (head !== null && !saved.streams.has(UNPUSHED_BUNDLE) && (await missingCommits(git, [head])).length > 0) {
    const advice = `Run \`git fetch\` in ${folder} and restore again.`;
    return skip(
      'restore-work',
      `The repository does not have commit ${head.slice(0, 8)}, on which the work is based. ${advice}`,
    );
  }
  return planInRepository(git, saved, context);
}

async function planInRepository(git: Git, saved: SavedWork, context: RestoreContext): Promise<Plan> {
  const { facts } = saved;
  const name = basename(facts.path);
  const branches = await findRestoreBranches(git, context.snapshot.id);
  const isOwnTree = git.folder === facts.path;
  if (context.options.shouldApplyGit && isOwnTree && facts.workTree !== undefined) {
    const detail = `The uncommitted work of ${name} into its work tree, if all of it applies cleanly.`;
    return planned(detail, { mode: 'apply', folder: git.folder, branch: branches.free });
  }
  if (context.options.worktreeDir !== null && facts.workTree !== undefined) {
    return planWorktree(git, saved, branches, context.options.worktreeDir, context);
  }
  const standing = branches.made.find((branch) => branch.tree === facts.workTree || branch.oid === facts.head);
  if (standing !== undefined) return skip('create-branch', `The work stands on branch ${standing.name} already.`);
  const where = isOwnTree ? '' : ' Its work tree is gone; the branch is made in the repository it belonged to.';
  const detail = `The work of ${name} as branch ${branches.free}; the work tree is not touched.${where}`;
  return planned(detail, { mode: 'branch', folder: git.folder, branch: branches.free });
}

async function planWorktree(
  git: Git,
  saved: SavedWork,
  branches: RestoreBranches,
  parent: string,
  context: RestoreContext,
): Promise<Plan> {
  const { facts } = saved;
  const wanted = worktreePath(parent, basename(facts.path), shortSnapshot(context.snapshot.id));
  const worktree = freeFolder(wanted);
  if (worktree !== wanted) {
    const present = await readPresentTrees(context, wanted, [context.scratchDir]);
    const isSame = present !== null && present.staged === facts.stagedTree && present.work === facts.workTree;
    if (isSame) return skip('create-worktree', `The work stands in ${wanted} already.`);
  }
  const detail = `The work of ${basename(facts.path)} in a new worktree ${worktree}, uncommitted as it was.`;
  return planned(detail, { mode: 'worktree', folder: git.folder, worktree, branch: branches.free });
}

function planWithoutRepository(saved: SavedWork, context: RestoreContext): Plan {
  const { facts } = saved;
  const advice = cloneAdvice(facts);
  const { worktreeDir } = context.options;
  if (worktreeDir === null) return skip('restore-work', `There is no repository at ${facts.path} any more.${advice}`);
  const target = freeFolder(worktreePath(worktreeDir, basename(facts.path), shortSnapshot(context.snapshot.id)));
  return planned(`The repository is gone: its saved work as patches into ${target}.${advice}`, {
    mode: 'export',
    target,
  });
}

/** The work tree, or the repository that a removed linked work tree belonged to; null where both are gone. */
function targetFolder(facts: RepositoryFacts): string | null {
  if (readRepository(facts.path) !== null) return facts.path;
  const { commonDir } = facts;
  if (commonDir === undefined) return null;
  return lstatSync(join(commonDir, 'HEAD'), { throwIfNoEntry: false }) === undefined ? null : commonDir;
}

/** The capture taken just before found the very same state. */
function isInPresent(item: SnapshotItem, saved: SavedWork, context: RestoreContext): boolean {
  const present = context.present.find((other) => other.key === item.key && !other.stale);
  const facts = present === undefined ? null : parseRepositoryFacts(present.attributes);
  if (facts === null) return false;
  const { head, stagedTree, workTree, conflicts } = saved.facts;
  return (
    facts.head === head &&
    facts.stagedTree === stagedTree &&
    facts.workTree === workTree &&
    facts.conflicts === conflicts
  );
}

/** A sentence where HEAD holds the saved files by now. */
async function committedAlready(git: Git, saved: SavedWork): Promise<string | null> {
  const tree = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD^{tree}']);
  const isSame = tree.exitCode === 0 && tree.stdout.toString('latin1').trim() === saved.facts.workTree;
  return isSame ? 'The same work is committed by now.' : null;
}

/** A sentence where a branch, tag or remote holds the saved commits. */
async function holdsCommits(git: Git, saved: SavedWork): Promise<string | null> {
  const { head } = saved.facts;
  if (head === null || (await missingCommits(git, [head])).length > 0) return null;
  const refs = await git.read(['for-each-ref', '--count=1', '--format=%(refname)', '--contains', head]);
  return refs.length === 0 ? null : 'The saved commits are there already, and there was no uncommitted work.';
}

/** The exact line that brings a repository back, where a remote is known. */
function cloneAdvice(facts: RepositoryFacts): string {
  const address = facts.remotes['origin'] ?? Object.values(facts.remotes)[0];
  const line = address === undefined ? null : quoteArguments(['git', 'clone', '--', address, facts.path]);
  return line === null ? '' : ` Get it back with: ${line} and restore again.`;
}
