// Whether a work tree holds certain work now. Nothing in the repository changes.

import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import type { Host } from '../../source.ts';
import { readRepository } from '../find-repositories.ts';
import { inspectChanges } from '../inspect-changes.ts';
import { parseGitStatus } from '../parse-status.ts';
import { withPrivateFolder } from '../../host/private-folder.ts';
import { openGit } from '../run-git.ts';
import { readSavedTrees } from '../saved-trees.ts';

const STATUS_ARGS = ['status', '--porcelain=v2', '--branch', '-z', '--no-renames'] as const;

/** HEAD, and the trees of index and work tree. */
export interface WorkState {
  readonly head: string;
  readonly staged: string;
  readonly work: string;
}

/**
 * True where the work tree stands exactly there, with nothing else in it but empty folders. Which commit of a submodule is checked
 * out does not count: a new worktree has none. False where a file stands in it that a capture would leave out, or an ignored one:
 * then somebody works in it.
 */
export async function holdsWork(
  context: { readonly host: Host; readonly signal: AbortSignal },
  root: string,
  expected: WorkState,
  privateParents: readonly string[],
): Promise<boolean> {
  if (lstatSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  const repository = readRepository(root);
  if (repository === null) return false;
  const git = await openGit(context.host, root, context.signal);
  const parsed = parseGitStatus(await git.read([...STATUS_ARGS, '--untracked-files=all', '--ignore-submodules=dirty']));
  if (!parsed.ok || parsed.status.head !== expected.head) return false;
  const ignored = await git.read(['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']);
  const inspection = await inspectChanges(root, parsed.status, () => false);
  if (ignored.length > 0 || inspection.nested.length > 0) return false;
  return withPrivateFolder(privateParents, async (folder) => {
    const trees = await readSavedTrees(git, repository, expected.head, inspection, folder);
    if (trees.staged !== expected.staged || trees.changes.some((change) => change.leftOut !== null)) return false;
    const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(folder, 'objects') };
    const compared = await git.run(['diff-tree', '--quiet', '--ignore-submodules=all', trees.work, expected.work], {
      env,
    });
    return compared.exitCode === 0;
  });
}
