// The user's exclusion rules as data. They name what the user hides, so they are secret themselves: they live sealed in the
// vault, never in config.json, and errors name a rule by its place instead of its text.

import { parseSourceId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { refuseRule } from './refuse-rule.ts';

export const EXCLUSION_KINDS = ['sources', 'paths', 'urls', 'commands'] as const;
export type ExclusionKind = (typeof EXCLUSION_KINDS)[number];

export type ExclusionRules = Readonly<Record<ExclusionKind, readonly string[]>>;

export const NO_EXCLUSIONS: ExclusionRules = { sources: [], paths: [], urls: [], commands: [] };

const MAX_RULES = 1_000;
const MAX_RULE_CHARACTERS = 512;

/**
 * Reads rules as they were stored; null means none were ever set. Whatever does not read as rules is an error, never an empty
 * list: a capture without the user's rules would store what they hide.
 * @throws AppError CONFIG_INVALID
 */
export function parseExclusionRules(stored: JsonObject | null): ExclusionRules {
  if (stored === null) return NO_EXCLUSIONS;
  const unknown = Object.keys(stored).find((name) => !(EXCLUSION_KINDS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw refuseRule('The stored exclusions', 'they hold a kind of rule that this version does not know');
  const rules = { ...NO_EXCLUSIONS };
  for (const kind of EXCLUSION_KINDS) rules[kind] = parseRuleList(kind, stored[kind] ?? []);
  return rules;
}

/** Reads one kind's rules: trimmed, in order, each once. @throws AppError CONFIG_INVALID naming the rule by its place */
export function parseRuleList(kind: ExclusionKind, value: unknown): readonly string[] {
  const place = `exclude.${kind}`;
  if (!Array.isArray(value)) throw refuseRule(place, 'it is a list of rules');
  if (value.length > MAX_RULES) throw refuseRule(place, `there may be ${MAX_RULES} rules at most`);
  const rules = value.map((rule: unknown, at) => parseRule(kind, rule, rulePlace(kind, at)));
  return [...new Set(rules)];
}

/** How errors name a rule: `exclude.paths, rule 2`. */
export function rulePlace(kind: ExclusionKind, index: number): string {
  return `exclude.${kind}, rule ${index + 1},`;
}

function parseRule(kind: ExclusionKind, value: unknown, place: string): string {
  if (typeof value !== 'string') throw refuseRule(place, 'a rule is a text');
  const rule = value.trim();
  if (rule === '') throw refuseRule(place, 'it is empty');
  if (rule.length > MAX_RULE_CHARACTERS) throw refuseRule(place, `it is longer than ${MAX_RULE_CHARACTERS} characters`);
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(rule)) throw refuseRule(place, 'it holds control characters');
  if (kind === 'urls' && /\s/.test(rule)) throw refuseRule(place, 'a URL holds no blanks');
  if (kind === 'sources') assertSourceId(rule, place);
  return rule;
}

function assertSourceId(rule: string, place: string): void {
  try {
    parseSourceId(rule);
  } catch (error) {
    throw refuseRule(place, 'it is not the id of a source, such as firefox', error);
  }
}
