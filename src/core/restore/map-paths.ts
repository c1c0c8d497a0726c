// A workspace comes back in another place than it was captured in: another checkout of the same repository, another home, another machine.
// Only what says where something lies is changed. Pure.

import type { SnapshotItem } from '../../shared/model/item.ts';
import type { JsonObject, JsonValue } from '../../shared/model/json.ts';

/** Both are absolute folders. */
export interface PathMapping {
  readonly from: string;
  readonly to: string;
}

/** Attributes that hold a path, wherever they stand. */
const PATH_NAMES = new Set(['cwd', 'path', 'folder', 'root']);
const MAX_DEPTH = 8;

/** The items as they would be there. Where several mappings fit, the longest counts; items that none fits stay as they are. */
export function mapPaths(items: readonly SnapshotItem[], mappings: readonly PathMapping[]): readonly SnapshotItem[] {
  if (mappings.length === 0) return items;
  const ordered = mappings.toSorted((a, b) => b.from.length - a.from.length);
  return items.map((item) => {
    const attributes = mapObject(item.attributes, ordered, 0);
    return attributes === item.attributes ? item : { ...item, attributes };
  });
}

function mapObject(object: JsonObject, mappings: readonly PathMapping[], depth: number): JsonObject {
  let isChanged = false;
  const mapped = Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      const next = mapValue(name, value, mappings, depth);
      isChanged ||= next !== value;
      return [name, next];
    }),
  );
  return isChanged ? mapped : object;
}

function mapValue(
  name: string,
  value: JsonValue | undefined,
  mappings: readonly PathMapping[],
  depth: number,
): JsonValue | undefined {
  if (typeof value === 'string') return PATH_NAMES.has(name) ? mapPath(value, mappings) : value;
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value;
  if (!Array.isArray(value)) return mapObject(value as JsonObject, mappings, depth + 1); // no array, so an object
  const mapped = value.map((element) => mapValue(name, element, mappings, depth + 1) ?? null);
  return mapped.some((element, at) => element !== value[at]) ? mapped : value;
}

/** A path in the new place; itself where no mapping fits. */
export function mapPath(path: string, mappings: readonly PathMapping[]): string {
  for (const { from, to } of mappings) {
    if (path === from) return to;
    const inside = from.endsWith('/') ? from : `${from}/`;
    if (path.startsWith(inside)) return `${to.replace(/\/+$/, '')}/${path.slice(inside.length)}`;
  }
  return path;
}
