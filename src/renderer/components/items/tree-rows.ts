// The rows of a tree of items that stand below each other at a time: what is folded is left out. Pure.

import type { ItemView } from '../../../shared/contract/schemas.ts';
import type { ItemKind } from '../../../shared/model/item.ts';
import type { ItemGroup, ItemSection } from './group-items.ts';

interface RowBase {
  /** Unique in the tree. */
  readonly id: string;
  readonly level: number;
  /** Place among its siblings, from 1. */
  readonly position: number;
  readonly setSize: number;
}

export interface BranchRow extends RowBase {
  readonly type: 'branch';
  readonly kind: ItemKind;
  /** Empty for a kind: its name is the kind's. */
  readonly label: string;
  readonly isOpen: boolean;
  /** All items below, folded or not. */
  readonly items: readonly ItemView[];
}

export interface LeafRow extends RowBase {
  readonly type: 'leaf';
  readonly item: ItemView;
}

export type TreeRow = BranchRow | LeafRow;

export function toRows(sections: readonly ItemSection[], folded: ReadonlySet<string>): TreeRow[] {
  return sections.flatMap((section, at): TreeRow[] => {
    const id = `kind:${section.kind}`;
    const isOpen = !folded.has(id);
    const head: BranchRow = {
      ...{ type: 'branch', id, level: 1, position: at + 1, setSize: sections.length, label: '', isOpen },
      kind: section.kind,
      items: section.groups.flatMap(({ items }) => items),
    };
    return isOpen ? [head, ...groupRows(section, folded)] : [head];
  });
}

function groupRows({ kind, groups }: ItemSection, folded: ReadonlySet<string>): TreeRow[] {
  return groups.flatMap((group, at): TreeRow[] => {
    if (group.label === '') return leafRows(group, 2);
    const id = `group:${group.id}`;
    const isOpen = !folded.has(id);
    const head: BranchRow = {
      ...{ type: 'branch', id, level: 2, position: at + 1, setSize: groups.length, isOpen },
      ...{ kind, label: group.label, items: group.items },
    };
    return isOpen ? [head, ...leafRows(group, 3)] : [head];
  });
}

function leafRows({ items }: ItemGroup, level: number): LeafRow[] {
  return items.map((item, at) => ({
    ...{ type: 'leaf', id: `item:${item.key}`, level, position: at + 1, setSize: items.length },
    item,
  }));
}

/** What a key does in a tree (WAI-ARIA tree view): go to a row, or fold and unfold one. Null for any other key. */
export type TreeMove =
  | { readonly type: 'go'; readonly to: number }
  | { readonly type: 'fold'; readonly isOpen: boolean };

export function moveInTree(rows: readonly TreeRow[], active: number, key: string): TreeMove | null {
  const last = rows.length - 1;
  const row = rows[active];
  if (row === undefined)
    return rows.length > 0 && /^(Arrow(Up|Down)|Home|End)$/.test(key) ? { type: 'go', to: 0 } : null;
  switch (key) {
    case 'ArrowDown':
      return { type: 'go', to: Math.min(last, active + 1) };
    case 'ArrowUp':
      return { type: 'go', to: Math.max(0, active - 1) };
    case 'Home':
      return { type: 'go', to: 0 };
    case 'End':
      return { type: 'go', to: last };
    case 'PageDown':
      return { type: 'go', to: Math.min(last, active + 10) };
    case 'PageUp':
      return { type: 'go', to: Math.max(0, active - 10) };
    case 'ArrowRight':
      if (row.type === 'leaf') return null;
      return row.isOpen ? { type: 'go', to: Math.min(last, active + 1) } : { type: 'fold', isOpen: true };
    case 'ArrowLeft':
      if (row.type === 'branch' && row.isOpen) return { type: 'fold', isOpen: false };
      return { type: 'go', to: parentOf(rows, active) };
    default:
      return null;
  }
}

function parentOf(rows: readonly TreeRow[], at: number): number {
  const level = rows[at]?.level ?? 1;
  for (let parent = at - 1; parent >= 0; parent -= 1) if ((rows[parent]?.level ?? 0) < level) return parent;
  return at;
}
