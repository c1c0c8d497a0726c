// What an item says of itself as lines of a name and a value. Pure.

import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';

export interface Fact {
  readonly name: string;
  readonly value: string;
}

const MAX_FACTS = 500;
const MAX_VALUE_LENGTH = 4_000;

/** Members of members get names with a dot; lists of plain values stand on one line. */
export function flattenAttributes(attributes: JsonObject): Fact[] {
  const facts: Fact[] = [];
  add(facts, '', attributes);
  return facts;
}

export function valueText(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return shorten(value);
  if (Array.isArray(value) && value.every(isPlain)) return shorten(value.map(String).join(' '));
  return shorten(JSON.stringify(value, null, 1));
}

function add(facts: Fact[], name: string, value: JsonValue | undefined): void {
  if (facts.length >= MAX_FACTS || value === undefined) return;
  if (typeof value === 'object' && value !== null && !(Array.isArray(value) && value.every(isPlain))) {
    const entries = Array.isArray(value)
      ? value.map((element, at): [string, JsonValue] => [String(at + 1), element])
      : Object.entries(value);
    for (const [member, inner] of entries) add(facts, name === '' ? member : `${name}.${member}`, inner);
    return;
  }
  facts.push({ name, value: valueText(value) });
}

function isPlain(value: JsonValue): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}

function shorten(text: string): string {
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH - 1)}…`;
}
