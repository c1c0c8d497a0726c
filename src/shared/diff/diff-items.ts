// What changed from one list of items to another, by key. Pure; streams are compared by their content ids, so no content is read.

import type { SnapshotItem } from '../model/item.ts';
import type { JsonValue } from '../model/json.ts';

export interface StreamChange {
  readonly name: string;
  /** Zero where it is not there. */
  readonly sizeBytesBefore: number;
  readonly sizeBytesAfter: number;
}

export interface ItemChange {
  readonly before: SnapshotItem;
  readonly after: SnapshotItem;
  /** Names of the attributes that were added, changed or taken away. */
  readonly attributes: readonly string[];
  readonly streams: readonly StreamChange[];
  readonly isRenamed: boolean;
  /** True where it was read on one side and carried forward on the other. */
  readonly isStaleChanged: boolean;
}

export interface ItemDiff {
  readonly added: readonly SnapshotItem[];
  readonly removed: readonly SnapshotItem[];
  readonly changed: readonly ItemChange[];
}

/** Compares two lists of items; each list holds a key once. Results stand in the order of the list they are from. */
export function diffItems(before: readonly SnapshotItem[], after: readonly SnapshotItem[]): ItemDiff {
  const earlier = new Map(before.map((item) => [item.key, item]));
  const later = new Set(after.map((item) => item.key));
  const changed = after.flatMap((item) => {
    const old = earlier.get(item.key);
    const change = old === undefined ? null : diffItem(old, item);
    return change === null ? [] : [change];
  });
  return {
    added: after.filter((item) => !earlier.has(item.key)),
    removed: before.filter((item) => !later.has(item.key)),
    changed,
  };
}

function diffItem(before: SnapshotItem, after: SnapshotItem): ItemChange | null {
  const change = {
    before,
    after,
    attributes: diffAttributes(before.attributes, after.attributes),
    streams: diffStreams(before, after),
    isRenamed: before.title !== after.title,
    isStaleChanged: before.stale !== after.stale,
  };
  const isSame =
    change.attributes.length === 0 && change.streams.length === 0 && !change.isRenamed && !change.isStaleChanged;
  return isSame ? null : change;
}

function diffAttributes(before: SnapshotItem['attributes'], after: SnapshotItem['attributes']): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => !isEqual(before[name], after[name]));
}

function diffStreams(before: SnapshotItem, after: SnapshotItem): StreamChange[] {
  const names = [...new Set([...before.streams, ...after.streams].map(({ name }) => name))];
  return names.flatMap((name) => {
    const old = before.streams.find((stream) => stream.name === name);
    const now = after.streams.find((stream) => stream.name === name);
    if (old?.contentId === now?.contentId) return [];
    return [{ name, sizeBytesBefore: old?.sizeBytes ?? 0, sizeBytesAfter: now?.sizeBytes ?? 0 }];
  });
}

/** Equal as JSON: the order of members does not matter, and what is undefined is not there. */
function isEqual(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = membersOf(one);
  const right = membersOf(other);
  return (
    left.size === right.size && [...left].every(([name, value]) => right.has(name) && isEqual(value, right.get(name)))
  );
}

function membersOf(value: object): Map<string, JsonValue> {
  const entries: Array<[string, JsonValue | undefined]> = Object.entries(value);
  return new Map(entries.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}
