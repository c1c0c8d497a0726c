// Rules for text that leaves the machine: what captures would leave as it is, since it is rather a sentence or code than a secret, is
// taken out here all the same. Too much redacted costs a word, too little a password.

import { decodeBase64Text } from './base64-text.ts';
import { isSecretName, isSecretValue } from './named-secret-rules.ts';
import { patternRule, type SecretRule, type SecretSpan } from './secret-rule.ts';

const MAX_BLANKS = 8;
const MIN_VALUE = 6;
const MAX_VALUE = 1024;
const NAME_BEFORE = /[A-Za-z0-9_.-]{1,64}$/;
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

export const STRICT_RULES: readonly SecretRule[] = [
  { id: 'assignment', needle: ':', isShape: false, match: matchColon },
  ...['Basic ', 'basic '].map((needle) =>
    patternRule('basic-auth', needle, `${needle}[ ]{0,4}(?<secret>[A-Za-z0-9+/]{8,4096}={0,2})`, {
      accepts: (value) => decodeBase64Text(value)?.includes(':') === true,
    }),
  ),
  patternRule('azure-signature', 'sig=', 'sig=(?<secret>[A-Za-z0-9%+/_-]{40,128}(?:=|%3D)?)', {
    start: '(?<=[?&;"\' ])',
  }),
  patternRule('aws-signature', 'X-Amz-Signature=', 'X-Amz-Signature=(?<secret>[a-f0-9]{64})', {
    start: '(?<=[?&;"\' ])',
  }),
];

/** Whether an access key id stands somewhere in what is published: then its secret may stand anywhere in it. */
export const AWS_KEY_RULE = 'aws-access-key';
const AWS_SECRET = /(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;

/** Runs of the form of an AWS secret key, which has no mark of its own: a hash in hexadecimal digits is none. */
export function findAwsSecrets(text: string): (SecretSpan & { readonly rule: string })[] {
  return [...text.matchAll(AWS_SECRET)]
    .filter(([value]) => /[a-z]/.test(value) && /[A-Z]/.test(value) && /[0-9]/.test(value))
    .map(({ 0: value, index }) => ({ rule: 'aws-secret-key', start: index, end: index + value.length }));
}

/** `name: value` as in YAML, in objects of code, and in sentences. */
function matchColon(text: string, at: number): SecretSpan | null {
  if (text[at + 1] === ':' || text[at + 1] === '/' || text[at - 1] === ':') return null;
  let nameEnd = at;
  while (nameEnd > at - MAX_BLANKS && text[nameEnd - 1] === ' ') nameEnd -= 1;
  if ('"\'`*'.includes(text[nameEnd - 1] ?? ' ')) nameEnd -= 1;
  const before = text.slice(Math.max(0, nameEnd - 80), nameEnd);
  const name = NAME_BEFORE.exec(before)?.[0] ?? '';
  const isKey = /^keys?$/i.test(name) && TWO_WORDS_BEFORE.test(before.slice(0, -name.length));
  if (!isKey && (name === '' || !isSecretName(name))) return null;
  let start = at + 1;
  while (start < at + MAX_BLANKS && '* \t'.includes(text[start] ?? 'x')) start += 1;
  const quote = text[start] ?? '';
  if ('"\'`'.includes(quote) && quote !== '') return quotedValue(text, start + 1, quote);
  BARE_VALUE.lastIndex = start;
  const value = BARE_VALUE.exec(text)?.[0].replace(/[.!?]+$/, '') ?? '';
  const isCode = IS_REFERENCE.test(value) || TYPE_WORDS.has(value) || text[start + value.length] === '(';
  return value.length >= MIN_VALUE && !isCode && isSecretValue(value) ? { start, end: start + value.length } : null;
}

function quotedValue(text: string, start: number, quote: string): SecretSpan | null {
  const limit = Math.min(text.length, start + MAX_VALUE);
  let end = start;
  while (end < limit && text[end] !== quote && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
  end = Math.min(end, limit);
  return isSecretValue(text.slice(start, end)) ? { start, end } : null;
}
