// Which project an item belongs to: the repository around the folder that it works in, else that folder. Pure.

import type { SnapshotItem } from '../model/item.ts';

type Placed = Pick<SnapshotItem, 'kind' | 'attributes'>;

/** The folders of the repositories among the items, the innermost first. */
export function repositoryRoots(items: Iterable<Placed>): readonly string[] {
  const roots: string[] = [];
  for (const { kind, attributes } of items) {
    const path = attributes['path'];
    if (kind === 'repository' && typeof path === 'string') roots.push(path);
  }
  return roots.toSorted((a, b) => b.length - a.length);
}

/** The name of the item's project, or undefined where it works in no folder. */
export function projectOf({ kind, attributes }: Placed, roots: readonly string[]): string | undefined {
  const folder = attributes[kind === 'repository' ? 'path' : 'cwd'];
  if (typeof folder !== 'string' || !folder.startsWith('/')) return undefined;
  const root = roots.find((other) => folder === other || folder.startsWith(`${other}/`)) ?? folder;
  return root.slice(root.lastIndexOf('/') + 1) || undefined;
}
