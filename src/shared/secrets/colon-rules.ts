// `name: value`, as in YAML, in objects of code and in sentences. Captures keep most of it, since what stands there is often code or
// prose: they lose only what looks drawn at random. Text that leaves the machine loses the value of every secret name.

import { isSecretName, isSecretValue, MAX_VALUE, nameBefore, quotedValue } from './named-secret-rules.ts';
import type { SecretRule, SecretSpan } from './secret-rule.ts';

const MAX_BLANKS = 8;
const MIN_VALUE = 6;
/** Shorter values are rather words with a number behind them. */
const MIN_RANDOM = 16;
const TWO_WORDS_BEFORE = /(?:api|access|secret|private|auth|account|encryption|signing|master)[ _-]$/i;
const BARE_VALUE = new RegExp(`[^\\s"'\`;&|<>(){}\\[\\],\\x00]{${MIN_VALUE},${MAX_VALUE}}`, 'y');
/** `config.apiKey`, `process.env.TOKEN`: code that names a secret and holds none. */
const IS_REFERENCE = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$/;
const TYPE_WORDS = new Set([
  'number',
  'boolean',
  'unknown',
  'object',
  'bigint',
  'symbol',
  'String',
  'Promise',
  'Buffer',
]);

/** For captures. */
export const RANDOM_COLON_RULES: readonly SecretRule[] = [': ', ':"', ":'"].map((needle) => ({
  id: 'assignment',
  needle,
  isShape: false,
  match: (text, at) => {
    const span = matchColon(text, at);
    return span !== null && looksDrawn(text.slice(span.start, span.end)) ? span : null;
  },
}));

/** For what leaves the machine. */
export const COLON_RULE: SecretRule = { id: 'assignment', needle: ':', isShape: false, match: matchColon };

function looksDrawn(value: string): boolean {
  if (value.length < MIN_RANDOM || !/^[A-Za-z0-9+/=_.~-]*$/.test(value) || value.includes('..')) return false;
  const digits = value.replaceAll(/[^0-9]/g, '').length;
  return digits >= 2 && digits < value.length;
}

function matchColon(text: string, at: number): SecretSpan | null {
  if (text[at + 1] === ':' || text[at + 1] === '/' || text[at - 1] === ':') return null;
  let nameEnd = at;
  while (nameEnd > at - MAX_BLANKS && text[nameEnd - 1] === ' ') nameEnd -= 1;
  const isQuoted = '"\'`*'.includes(text[nameEnd - 1] ?? ' ');
  if (isQuoted) nameEnd -= 1;
  const name = nameBefore(text, nameEnd);
  if (name === '') return null;
  const nameAt = nameEnd - name.length;
  const isKey = /^keys?$/i.test(name) && TWO_WORDS_BEFORE.test(text.slice(Math.max(0, nameAt - 16), nameAt));
  if (!isKey && !isSecretName(name)) return null;
  let start = at + 1;
  while (start < at + MAX_BLANKS && '* \t'.includes(text[start] ?? 'x')) start += 1;
  const quote = text[start] ?? '';
  const opener = text[nameAt - 1] ?? '';
  // `"Password:"` is a label: the quote behind it closes what the one before it opened. `/a/password` is a path.
  if (opener === '/' || (!isQuoted && quote === opener && quote !== ' ')) return null;
  if ('"\'`'.includes(quote) && quote !== '') return quotedValue(text, start);
  BARE_VALUE.lastIndex = start;
  const value = BARE_VALUE.exec(text)?.[0].replace(/[.!?]+$/, '') ?? '';
  const isCode = IS_REFERENCE.test(value) || TYPE_WORDS.has(value) || text[start + value.length] === '(';
  return value.length >= MIN_VALUE && !isCode && isSecretValue(value) ? { start, end: start + value.length } : null;
}
