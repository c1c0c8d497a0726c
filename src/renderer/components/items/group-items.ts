// Items as a person looks for them: by kind, then by project; tabs by window, in their order. Pure.

import type { ItemView } from '../../../shared/contract/schemas.ts';
import { ITEM_KINDS, type ItemKind } from '../../../shared/model/item.ts';
import type { JsonValue } from '../../../shared/model/json.ts';

export interface ItemGroup {
  readonly id: string;
  /** Empty where the group needs no name. */
  readonly label: string;
  readonly items: readonly ItemView[];
}

export interface ItemSection {
  readonly kind: ItemKind;
  readonly count: number;
  readonly groups: readonly ItemGroup[];
}

const ELSEWHERE = 'In no project';

/** Sections without items are left out. */
export function groupItems(items: readonly ItemView[]): ItemSection[] {
  return ITEM_KINDS.flatMap((kind): ItemSection[] => {
    const ofKind = items.filter((item) => item.kind === kind);
    if (ofKind.length === 0) return [];
    return [{ kind, count: ofKind.length, groups: kind === 'tab' ? groupTabs(ofKind) : groupByProject(kind, ofKind) }];
  });
}

/** True where all words stand in what an item is known by. */
export function matchesFilter(item: ItemView, filter: string): boolean {
  const { title, key, project = '', attributes } = item;
  const facts = ['url', 'cwd', 'path', 'branch'].map((name) => attributes[name]);
  const text = [title, key, project, ...facts.filter((fact) => typeof fact === 'string')].join('\n').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function groupByProject(kind: ItemKind, items: readonly ItemView[]): ItemGroup[] {
  const sorted = items.toSorted(byTitle);
  // A repository is its own project.
  if (kind === 'repository') return [{ id: kind, label: '', items: sorted }];
  const groups = collect(sorted, ({ project }) => project ?? ELSEWHERE);
  const named = [...groups].toSorted(([a], [b]) => Number(a === ELSEWHERE) - Number(b === ELSEWHERE) || compare(a, b));
  const needsNames = named.length > 1 || named[0]?.[0] !== ELSEWHERE;
  return named.map(([label, members]) => ({
    id: `${kind}/${label}`,
    label: needsNames ? label : '',
    items: members,
  }));
}

function groupTabs(items: readonly ItemView[]): ItemGroup[] {
  const profiles = collect(items, ({ source, group }) => `${source}\n${group}`);
  return [...profiles].flatMap(([profile, tabs]) => {
    const windows = [...collect(tabs, (tab) => String(windowOf(tab)))].toSorted(([a], [b]) => Number(a) - Number(b));
    const isAlone = ![...profiles.keys()].some(
      (other) => other !== profile && other.split('\n')[0] === profile.split('\n')[0],
    );
    return windows.map(([window, members], place) => ({
      id: `tab/${profile}/${window}`,
      label: [browserOf(members[0]), ...(isAlone ? [] : [profileOf(members[0])]), `window ${place + 1}`].join(', '),
      items: members.toSorted((a, b) => placeOf(a) - placeOf(b)),
    }));
  });
}

export interface TabFacts {
  readonly isPinned: boolean;
  readonly isActive: boolean;
  /** The group of tabs that it stands in; empty for none. */
  readonly groupName: string;
}

export function tabFacts({ attributes }: ItemView): TabFacts {
  const group = attributes['group'];
  return {
    isPinned: attributes['isPinned'] === true,
    isActive: attributes['isActive'] === true,
    groupName: isObject(group) && typeof group['name'] === 'string' ? group['name'] : '',
  };
}

function windowOf({ attributes }: ItemView): number {
  const { window } = attributes;
  const index = isObject(window) ? window['index'] : undefined;
  return typeof index === 'number' ? index : 0;
}

function placeOf({ attributes }: ItemView): number {
  const { index } = attributes;
  return typeof index === 'number' ? index : Number.MAX_SAFE_INTEGER;
}

function browserOf(item: ItemView | undefined): string {
  const browser = item?.attributes['browser'];
  return typeof browser === 'string' && browser !== '' ? browser : (item?.source ?? '');
}

function profileOf(item: ItemView | undefined): string {
  const profile = item?.attributes['profile'];
  return typeof profile === 'string' ? profile : '';
}

function isObject(value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function collect(items: readonly ItemView[], nameOf: (item: ItemView) => string): Map<string, ItemView[]> {
  const groups = new Map<string, ItemView[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

function byTitle(a: ItemView, b: ItemView): number {
  return compare(a.title, b.title);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function compare(a: string, b: string): number {
  return collator.compare(a, b);
}
