import { isJsonList, type JsonValue } from '../model/json.ts';

/** Where a text stands: names of members and positions in lists, from the outside in. */
export type JsonPath = readonly (string | number)[];

/**
 * The value with every text replaced by what `map` gives for it, the names of members included. `name` is the member that the text is
 * the value of, also through a list; null for a name itself and where there is none.
 */
export function mapTexts(
  value: JsonValue,
  map: (text: string, path: JsonPath, name: string | null) => string,
  path: JsonPath = [],
  name: string | null = null,
): JsonValue {
  if (typeof value === 'string') return map(value, path, name);
  if (typeof value !== 'object' || value === null) return value;
  if (isJsonList(value)) return value.map((element, at) => mapTexts(element, map, [...path, at], name));
  const members = new Map<string, JsonValue>();
  for (const [own, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const mapped = map(own, path, null);
    // Two names that became one would lose a member.
    let free = mapped;
    for (let at = 2; members.has(free); at += 1) free = `${mapped} ${at}`;
    members.set(free, mapTexts(member, map, [...path, own], own));
  }
  return Object.fromEntries(members);
}
