// The git source: every repository that an item points into, and those that still hold uncommitted work. Reading leaves the
// repository untouched to the byte.

import type { CapturedItem } from '../../../shared/model/item.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CaptureContext, Host, Source, SourceCapture, SourceDetection, SourceProblem } from '../source.ts';
import { captureRepository, GIT, repositoryKey } from './capture-repository.ts';
import { findRepositories, readRepository, type Repository } from './find-repositories.ts';
import { applyGitRestore, planGitRestore } from './git-restore.ts';
import { undoGitStep } from './git-undo.ts';
import { removeLeftFolders } from './private-folder.ts';

const MAX_AT_ONCE = 3;

export function createGitSource(): Source {
  let hasCleaned = false;
  return {
    id: GIT,
    title: 'git',
    kinds: ['repository'],
    readsPaths: true,
    detect: detectGit,
    capture: async (context) => {
      if (!hasCleaned) removeLeftFolders();
      hasCleaned = true;
      return captureGit(context);
    },
    planRestore: planGitRestore,
    applyRestore: applyGitRestore,
    undoRestore: undoGitStep,
  };
}

async function detectGit(host: Host): Promise<SourceDetection> {
  try {
    const version = (await host.run('git', ['--version'])).stdout.toString('utf8').trim();
    return { isPresent: true, summary: `${version}; repositories are found through open terminals and conversations` };
  } catch {
    return { isPresent: false, summary: 'git is not installed' };
  }
}

async function captureGit(context: CaptureContext): Promise<SourceCapture> {
  const pointed = findRepositories(context.pointedPaths).filter((repository) => !context.excludes.path(repository.root));
  const pointedRoots = new Set(pointed.map((repository) => repository.root));
  const remembered = context.previous
    .map((item) => ({ item, root: item.attributes['path'] }))
    .filter((known): known is { item: typeof known.item; root: string } => typeof known.root === 'string' && !pointedRoots.has(known.root));
  const repositories: Repository[] = [...pointed];
  const problems: SourceProblem[] = [];
  const closed: ItemKey[] = [];
  for (const { item, root } of remembered) {
    const repository = context.excludes.path(root) ? null : readRepository(root);
    if (repository !== null) repositories.push(repository);
    else if (hasWork(item.attributes)) problems.push({ reason: 'vanished', message: `The repository ${root} is gone; its last state was kept.`, key: item.key });
    else closed.push(item.key);
  }
  const items: CapturedItem[] = [];
  for (let start = 0; start < repositories.length; start += MAX_AT_ONCE) {
    const some = repositories.slice(start, start + MAX_AT_ONCE);
    for (const [index, captured] of (await Promise.all(some.map((repository) => captureRepository(context, repository)))).entries()) {
      const root = some[index]?.root ?? '';
      if (captured.result === 'problem') problems.push(captured.problem);
      else if (pointedRoots.has(root) || captured.hasWork) items.push(captured.item);
      else closed.push(repositoryKey(root));
    }
  }
  return { items, problems, closed };
}

function hasWork(attributes: Readonly<Record<string, unknown>>): boolean {
  return ['staged', 'unstaged', 'untracked', 'conflicts'].some((name) => Number(attributes[name]) > 0);
}
