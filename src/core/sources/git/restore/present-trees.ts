// What a work tree holds now, as the trees that a capture would save. Nothing in the repository changes.

import { lstatSync } from 'node:fs';

import type { Host } from '../../source.ts';
import { readRepository } from '../find-repositories.ts';
import { inspectChanges } from '../inspect-changes.ts';
import { parseGitStatus } from '../parse-status.ts';
import { withPrivateFolder } from '../private-folder.ts';
import { openGit, type Git } from '../run-git.ts';
import { readSavedTrees } from '../saved-trees.ts';

export interface PresentTrees {
  readonly head: string | null;
  readonly staged: string;
  readonly work: string;
}

/** Null where the folder is no work tree, or holds something that a capture would leave out, so that nobody can tell. */
export async function readPresentTrees(
  context: { readonly host: Host; readonly signal: AbortSignal },
  root: string,
  privateParents: readonly string[],
): Promise<PresentTrees | null> {
  if (lstatSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
  const repository = readRepository(root);
  if (repository === null) return null;
  const git = await openGit(context.host, root, context.signal);
  const parsed = parseGitStatus(
    await git.read([
      'status',
      '--porcelain=v2',
      '--branch',
      '-z',
      '--no-renames',
      '--untracked-files=all',
      '--ignore-submodules=dirty',
    ]),
  );
  if (!parsed.ok) return null;
  const { status } = parsed;
  const inspection = await inspectChanges(root, status, () => false);
  const trees = await withPrivateFolder(privateParents, (folder) =>
    readSavedTrees(git, repository, status.head, inspection, folder),
  );
  const isWhole = inspection.nested.length === 0 && trees.changes.every((change) => change.leftOut === null);
  return isWhole ? { head: status.head, staged: trees.staged, work: trees.work } : null;
}

/** True where ignored files (builds, dependencies) stand in the work tree: they are somebody's by now. */
export async function hasIgnoredFiles(git: Git): Promise<boolean> {
  const listed = await git.read(['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']);
  return listed.length > 0;
}
