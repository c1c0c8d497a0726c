// What of a snapshot is to be restored. Pure.

import type { ItemView } from '../../../shared/contract/schemas.ts';
import { ITEM_KINDS, type ItemKind } from '../../../shared/model/item.ts';

export type Selection = ReadonlySet<string>;
export type TickState = boolean | 'indeterminate';

/** Brought back, these run nothing and change no file. */
const SAFE_KINDS: ReadonlySet<ItemKind> = new Set(['terminal', 'tab', 'document']);

/** Exactly what was asked for by name, where something was; else what is safe. */
export function firstSelection(items: readonly ItemView[], named: readonly string[]): Selection {
  const wanted = new Set(named);
  const found = items.filter(({ key, kind, source }) => wanted.has(key) || wanted.has(kind) || wanted.has(source));
  return new Set((found.length > 0 ? found : items.filter(({ kind }) => SAFE_KINDS.has(kind))).map(({ key }) => key));
}

/** Ticked where all are, empty where none is. */
export function tickOf(items: readonly ItemView[], selection: Selection): TickState {
  const ticked = items.filter(({ key }) => selection.has(key)).length;
  if (ticked === 0) return false;
  return ticked === items.length ? true : 'indeterminate';
}

/** Ticks all of them where not all are ticked yet, else none. */
export function toggle(items: readonly ItemView[], selection: Selection): Selection {
  const isOn = tickOf(items, selection) !== true;
  const next = new Set(selection);
  for (const { key } of items) {
    if (isOn) next.add(key);
    else next.delete(key);
  }
  return next;
}

export function countByKind(items: readonly ItemView[], selection: Selection): [kind: ItemKind, count: number][] {
  return ITEM_KINDS.map((kind): [ItemKind, number] => [
    kind,
    items.filter((item) => item.kind === kind && selection.has(item.key)).length,
  ]).filter(([, count]) => count > 0);
}
