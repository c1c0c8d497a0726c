// A restore of one project: which items are its own, and where its repository is now. A repository that lies elsewhere today, or that
// was captured on another machine, is found again by the addresses of its remotes.

import { AppError } from '../../shared/model/app-error.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import { findProjects, projectOf, repositoryRoots, rootOf, type ProjectRoot } from '../../shared/timeline/project.ts';
import type { PathMapping } from './map-paths.ts';

const MAX_TOLD = 8;

export interface ProjectSelection {
  readonly items: readonly SnapshotItem[];
  /** Its repository; null where the project is a folder without one. */
  readonly root: ProjectRoot | null;
}

/**
 * The items that belong to a project of the snapshot.
 * @param text a name, a folder, a remote's address or its end
 * @param all all items of the snapshot: they tell which repositories there are
 * @throws AppError ITEM_NOT_FOUND where there is none, or more than one is meant; it names those there are
 */
export function selectProject(
  selected: readonly SnapshotItem[],
  text: string,
  all: readonly SnapshotItem[],
): ProjectSelection {
  const roots = repositoryRoots(all);
  const found = findProjects(text, roots);
  if (found.length > 1)
    throw new AppError('ITEM_NOT_FOUND', `"${text.slice(0, 100)}" means more than one project of this snapshot.`, {
      hint: `Give the folder of the one you mean: ${found
        .map(({ path }) => path)
        .slice(0, MAX_TOLD)
        .join(', ')}.`,
    });
  const root = found[0] ?? null;
  const items = selected.filter((item) =>
    root === null ? projectOf(item, roots) === text.trim() : rootOf(item, roots) === root,
  );
  if (items.length > 0) return { items, root };
  const names = [...new Set(all.map((item) => projectOf(item, roots)).filter((name) => name !== undefined))];
  throw new AppError('ITEM_NOT_FOUND', `This snapshot holds no project "${text.slice(0, 100)}".`, {
    hint: names.length === 0 ? 'It holds no project at all.' : `It holds ${names.slice(0, MAX_TOLD).join(', ')}.`,
  });
}

/**
 * Where the project's repository is now, if not where it was: the one that is open now and has a remote in common, unless there are several.
 * Null where it stays as it was captured.
 */
export function findMove(
  root: ProjectRoot,
  present: readonly SnapshotItem[],
  isThere: (path: string) => boolean,
): PathMapping | null {
  if (isThere(root.path)) return null;
  const same = repositoryRoots(present).filter(
    (other) => other.path !== root.path && other.remotes.some((remote) => root.remotes.includes(remote)),
  );
  return same.length === 1 && same[0] !== undefined ? { from: root.path, to: same[0].path } : null;
}

/**
 * The move of a project to a folder that somebody named.
 * @param into an absolute folder
 * @throws AppError ITEM_NOT_FOUND as `selectProject`, and where the project has no folder
 */
export function moveProject(itemList: readonly SnapshotItem[], project: string, into: string): PathMapping {
  const { root, items } = selectProject(itemList, project, itemList);
  const from = root?.path ?? folderOf(items);
  if (from === undefined)
    throw new AppError('ITEM_NOT_FOUND', 'This project has no folder that could lie elsewhere.', {
      hint: 'Leave out where it should lie.',
    });
  return { from, to: into };
}

/** The folder that items without a repository work in. */
function folderOf(items: readonly SnapshotItem[]): string | undefined {
  const folders = items.map(({ attributes }) => attributes['cwd']).filter((cwd) => typeof cwd === 'string');
  return folders.toSorted((a, b) => a.length - b.length)[0];
}
