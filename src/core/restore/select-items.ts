// Which items a restore is about: kinds, keys or globs on keys.

import picomatch from 'picomatch';

import { AppError } from '../../shared/model/app-error.ts';
import { ITEM_KINDS, type SnapshotItem } from '../../shared/model/item.ts';

const MAX_NEAR_KEYS = 3;

/**
 * The items that any of the selectors names, in their own order; all where there is none.
 * @throws AppError ITEM_NOT_FOUND for a selector that names nothing, with the nearest keys
 */
export function selectItems(items: readonly SnapshotItem[], selectors: readonly string[]): readonly SnapshotItem[] {
  if (selectors.length === 0) return items;
  const matchers = selectors.map((selector) => {
    const matches = matcherFor(selector);
    if (!items.some(matches)) throw nothingSelected(selector, items);
    return matches;
  });
  return items.filter((item) => matchers.some((matches) => matches(item)));
}

function matcherFor(selector: string): (item: SnapshotItem) => boolean {
  if ((ITEM_KINDS as readonly string[]).includes(selector)) return (item) => item.kind === selector;
  const isGlob = picomatch(selector, { bash: true, dot: true, nonegate: true });
  return (item) => item.key === selector || item.source === selector || isGlob(item.key);
}

function nothingSelected(selector: string, items: readonly SnapshotItem[]): AppError {
  const near = items
    .map((item) => ({ key: item.key, distance: -sharedStart(item.key, selector) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, MAX_NEAR_KEYS)
    .map(({ key }) => key);
  const kinds = [...new Set(items.map((item) => item.kind))].join(', ');
  return new AppError('ITEM_NOT_FOUND', `Nothing in this snapshot is called "${selector.slice(0, 100)}".`, {
    hint:
      items.length === 0
        ? 'The snapshot is empty.'
        : `Give a kind (${kinds}), a key such as ${near.join(' or ')}, or a glob such as 'tmux:*'.`,
  });
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
