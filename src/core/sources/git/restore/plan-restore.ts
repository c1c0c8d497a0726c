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
import { findRestoreBranches, reservation, shortSnapshot, type RestoreBranches } from './branches.ts';
import { missingCommits, parseBundle } from './bundle.ts';
import { freeFolder, worktreePath } from './new-worktree.ts';
import type { GitPayload } from './payload.ts';
import { holdsWork } from './present-work.ts';
import type { SavedWork } from './saved-commits.ts';

export async function planGitRestore(
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<readonly PlannedStep[]> {
  const steps: PlannedStep[] = [];
  const planning: Planning = { context, reserved: new Set() };
  for (const item of items) {
    const plan = await planQuietly(item, planning);
    steps.push({ key: item.key, source: GIT, ...plan });
  }
  return steps;
}

interface Planning {
  readonly context: RestoreContext;
  /** Branches and folders that earlier steps of this plan will make: two work trees may share a repository, or a name. */
  readonly reserved: Set<string>;
}

type Plan = Pick<PlannedStep, 'action' | 'status' | 'detail' | 'payload'>;

/** One repository that cannot be looked at does not spoil the plan of the others. */
async function planQuietly(item: SnapshotItem, planning: Planning): Promise<Plan> {
  try {
    return await planOne(item, planning);
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

async function planOne(item: SnapshotItem, planning: Planning): Promise<Plan> {
  const { context } = planning;
  const saved = savedWorkOf(item);
  if (saved === null) return skip('restore-work', 'This repository was captured without what a restore needs.');
  const hasChanges = saved.streams.has(STAGED_PATCH) || saved.streams.has(WORK_PATCH);
  if (!hasChanges && !saved.streams.has(UNPUSHED_BUNDLE)) return skip('restore-work', 'There was no uncommitted work.');
  const folder = targetFolder(saved.facts);
  if (folder === null) return planWithoutRepository(saved, planning);

  const git = await openGit(context.host, folder, context.signal);
  if (isInPresent(item, saved, context)) return skip('restore-work', 'The same work is there already.');
  const there = hasChanges ? await committedAlready(git, saved) : await holdsCommits(git, saved, context);
  if (there !== null) return skip('restore-work', there);
  const { head } = saved.facts;
  if (head !== null && !saved.streams.has(UNPUSHED_BUNDLE) && (await missingCommits(git, [head])).length > 0) {
    const advice = `Run \`git fetch\` in ${folder} and restore again.`;
    return skip(
      'restore-work',
      `The repository does not have commit ${head.slice(0, 8)}, on which the work is based. ${advice}`,
    );
  }
  return planInRepository(git, saved, planning);
}

async function planInRepository(git: Git, saved: SavedWork, planning: Planning): Promise<Plan> {
  const { facts } = saved;
  const { options, snapshot } = planning.context;
  const name = basename(facts.path);
  const isOwnTree = git.folder === facts.path;
  const { made, free } = await findRestoreBranches(git, snapshot.id, planning.reserved);
  const reserve = (plan: Plan): Plan => {
    if (plan.status === 'planned') planning.reserved.add(reservation(git, free));
    return plan;
  };
  if (options.shouldApplyGit && isOwnTree && facts.workTree !== undefined) {
    const detail = `The uncommitted work of ${name} into its work tree, if all of it applies cleanly.`;
    return reserve(planned(detail, { mode: 'apply', folder: git.folder, branch: free }));
  }
  if (options.worktreeDir !== null && facts.workTree !== undefined) {
    return reserve(await planWorktree(git, saved, free, options.worktreeDir, planning));
  }
  const standing = await findStanding(git, saved, made);
  if (standing !== null) return skip('create-branch', `The work stands on branch ${standing} already.`);
  const where = isOwnTree ? '' : ' Its work tree is gone; the branch is made in the repository it belonged to.';
  const detail = `The work of ${name} as branch ${free}; the work tree is not touched.${where}`;
  return reserve(planned(detail, { mode: 'branch', folder: git.folder, branch: free }));
}

/** The branch of this snapshot that holds the work already, staged part and all. */
async function findStanding(git: Git, saved: SavedWork, made: RestoreBranches['made']): Promise<string | null> {
  const { facts, streams } = saved;
  for (const branch of made) {
    if (facts.workTree === undefined) {
      if (branch.oid === facts.head) return branch.name;
      continue;
    }
    if (branch.tree !== facts.workTree) continue;
    if (!streams.has(STAGED_PATCH) || !streams.has(WORK_PATCH)) return branch.name;
    const staged = await git.run(['rev-parse', '--verify', '--quiet', `${branch.oid}^^{tree}`]);
    if (staged.stdout.toString('latin1').trim() === facts.stagedTree) return branch.name;
  }
  return null;
}

async function planWorktree(
  git: Git,
  saved: SavedWork,
  branch: string,
  parent: string,
  planning: Planning,
): Promise<Plan> {
  const { head, stagedTree, workTree, path } = saved.facts;
  const { context } = planning;
  const wanted = worktreePath(parent, basename(path), shortSnapshot(context.snapshot.id));
  if (head !== null && stagedTree !== undefined && workTree !== undefined) {
    const isThere = await holdsWork(context, wanted, { head, staged: stagedTree, work: workTree }, [
      context.scratchDir,
    ]);
    if (isThere) return skip('create-worktree', `The work stands in ${wanted} already.`);
  }
  const worktree = freeFolder(wanted, planning.reserved);
  planning.reserved.add(worktree);
  const detail = `The work of ${basename(path)} in a new worktree ${worktree}, uncommitted as it was.`;
  return planned(detail, { mode: 'worktree', folder: git.folder, worktree, branch });
}

function planWithoutRepository(saved: SavedWork, planning: Planning): Plan {
  const { facts } = saved;
  const advice = cloneAdvice(facts);
  const { options, snapshot } = planning.context;
  if (options.worktreeDir === null) {
    return skip('restore-work', `There is no repository at ${facts.path} any more.${advice}`);
  }
  const wanted = worktreePath(options.worktreeDir, basename(facts.path), shortSnapshot(snapshot.id));
  const target = freeFolder(wanted, planning.reserved);
  planning.reserved.add(target);
  const detail = `The repository is gone: its saved work as patches into ${target}.${advice}`;
  return planned(detail, { mode: 'export', target });
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

/** A sentence where HEAD holds the saved files by now, and what was staged was no other state than these. */
async function committedAlready(git: Git, saved: SavedWork): Promise<string | null> {
  const { stagedTree, workTree } = saved.facts;
  if (saved.streams.has(STAGED_PATCH) && stagedTree !== workTree) return null;
  const tree = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD^{tree}']);
  const isSame = tree.exitCode === 0 && tree.stdout.toString('latin1').trim() === workTree;
  return isSame ? 'The same work is committed by now.' : null;
}

/** A sentence where the repository has all saved commits, and a branch, tag or remote holds the last one. */
async function holdsCommits(git: Git, saved: SavedWork, context: RestoreContext): Promise<string | null> {
  const { head } = saved.facts;
  const bundle = parseBundle(await context.readStream(saved.key, UNPUSHED_BUNDLE));
  const tips = bundle?.tips.map((tip) => tip.oid) ?? [];
  if (head === null || (await missingCommits(git, [head, ...tips])).length > 0) return null;
  const refs = await git.read(['for-each-ref', '--count=1', '--format=%(refname)', '--contains', head]);
  return refs.length === 0 ? null : 'The saved commits are there already, and there was no uncommitted work.';
}

/** The exact line that brings a repository back, where a remote is known. */
function cloneAdvice(facts: RepositoryFacts): string {
  const address = facts.remotes['origin'] ?? Object.values(facts.remotes)[0];
  const line = address === undefined ? null : quoteArguments(['git', 'clone', '--', address, facts.path]);
  return line === null ? '' : ` Get it back with: ${line} and restore again.`;
}
