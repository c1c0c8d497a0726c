// Takes secrets out of text, in one pass: a table of the first two characters of all rules' needles says where to look.

import { RANDOM_COLON_RULES } from './colon-rules.ts';
import { CONFIG_RULES } from './config-rules.ts';
import { MAX_VALUE, NAMED_SECRET_RULES } from './named-secret-rules.ts';
import { endOfQuoted, type SecretRule, type SecretSpan } from './secret-rule.ts';
import { STRICT_RULES } from './strict-rules.ts';
import { TOKEN_RULES } from './token-rules.ts';

const RULES: readonly SecretRule[] = [...TOKEN_RULES, ...NAMED_SECRET_RULES, ...CONFIG_RULES, ...RANDOM_COLON_RULES];
const SHAPE_RULES: readonly SecretRule[] = RULES.filter(({ isShape }) => isShape);
const QUOTES = '"\'`';
const VALUE_END = /[\s"'`;&|<>()\x1b\x00]/;
const TOKEN_IDS: ReadonlySet<string> = new Set(TOKEN_RULES.map(({ id }) => id));

export interface FoundSecret {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}

export interface RedactTextOptions {
  /** Only secrets that are known by their own form: for texts that must otherwise stay as they are, such as URLs. */
  readonly isShapesOnly?: boolean;
  /** More than a capture is searched for: for text that leaves the machine. */
  readonly isStrict?: boolean;
}

/** True for rules that know a secret by its own form, wherever it stands: what issuers made, not what people chose. */
export function isTokenRule(rule: string): boolean {
  return TOKEN_IDS.has(rule);
}

/** Finds what looks like a secret, in order, without overlap. The time is linear in the text. */
export function findSecrets(text: string, options: RedactTextOptions = {}): FoundSecret[] {
  const { table, groups } = indexFor(options);
  const found: FoundSecret[] = [];
  const mutedUntil = new Map<SecretRule, number>();
  const last = text.length - 1;
  let at = 0;
  while (at < last) {
    const group = table[((text.charCodeAt(at) & 0xff) << 8) | (text.charCodeAt(at + 1) & 0xff)];
    const secret = group === undefined || group === 0 ? null : matchAny(groups[group] ?? [], text, at, mutedUntil);
    if (secret === null) {
      at += 1;
    } else {
      found.push(secret);
      at = Math.max(at + 1, secret.end);
    }
  }
  return found;
}

/** The text with `[REDACTED:rule]` in place of each secret; the very text where there is none. */
export function redactText(text: string, options: RedactTextOptions = {}): string {
  const found = findSecrets(text, options);
  if (found.length === 0) return text;
  const parts: string[] = [];
  let from = 0;
  for (const { rule, start, end } of found) {
    parts.push(text.slice(from, start), `[REDACTED:${rule}]`);
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

function matchAny(
  rules: readonly SecretRule[],
  text: string,
  at: number,
  mutedUntil: Map<SecretRule, number>,
): FoundSecret | null {
  for (const rule of rules) {
    if (!text.startsWith(rule.needle, at) || at < (mutedUntil.get(rule) ?? 0)) continue;
    const result = rule.match(text, at);
    if (typeof result === 'number') mutedUntil.set(rule, result);
    else if (result !== null && result.end > result.start)
      return { rule: rule.id, start: result.start, end: endOfLong(text, result) };
  }
  return null;
}

/** Rules look so far for the end of a value; what is longer goes on, and none of it may stay. The search goes on behind it. */
function endOfLong(text: string, { start, end }: SecretSpan): number {
  if (end - start < MAX_VALUE) return end;
  const quote = text[start - 1] ?? '';
  if (quote !== '' && QUOTES.includes(quote)) return endOfQuoted(text, end, quote, text.length);
  let at = end;
  while (at < text.length && !VALUE_END.test(text.charAt(at))) at += 1;
  return at;
}

interface RuleIndex {
  /** By two characters, the number of the rules whose needle begins so; 0 for none. */
  readonly table: Uint8Array;
  readonly groups: readonly (readonly SecretRule[])[];
}

function indexRules(rules: readonly SecretRule[]): RuleIndex {
  const byStart = new Map<number, SecretRule[]>();
  for (const rule of rules) {
    for (const start of startsOf(rule.needle)) {
      const group = byStart.get(start) ?? [];
      group.push(rule);
      byStart.set(start, group);
    }
  }
  const table = new Uint8Array(65_536);
  const groups: SecretRule[][] = [[]];
  const numbers = new Map<string, number>();
  for (const [start, group] of byStart) {
    const name = group.map((rule) => rules.indexOf(rule)).join(',');
    const number = numbers.get(name) ?? groups.push(group) - 1;
    numbers.set(name, number);
    table[start] = number;
  }
  return { table, groups };
}

function startsOf(needle: string): number[] {
  const first = needle.charCodeAt(0) << 8;
  if (needle.length > 1) return [first | needle.charCodeAt(1)];
  return Array.from({ length: 256 }, (_, second) => first | second);
}

function indexFor({ isShapesOnly = false, isStrict = false }: RedactTextOptions): RuleIndex {
  if (isShapesOnly) return shapeIndex;
  return isStrict ? strictIndex : fullIndex;
}

const fullIndex = indexRules(RULES);
const shapeIndex = indexRules(SHAPE_RULES);
const strictIndex = indexRules([...RULES, ...STRICT_RULES]);
