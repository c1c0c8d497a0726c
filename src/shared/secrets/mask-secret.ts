import { isTokenRule } from './redact-text.ts';

/** Of a value that is known by its form, what is told of it: the issuer's prefix, not more than a quarter. */
const MAX_PREFIX = 8;

/** Enough to know which one it is, where its form says who issued it; of any other value only its length. */
export function maskSecret({ rule, value }: { readonly rule: string; readonly value: string }): string {
  const words = `${value.length} characters`;
  if (rule === 'private-key') return `private key, ${words}`;
  const prefix = /^[A-Za-z0-9]{1,10}[-_.]/.exec(value)?.[0] ?? value.slice(0, 4);
  const length = Math.min(prefix.length, MAX_PREFIX, Math.floor(value.length / 4));
  return isTokenRule(rule) ? `${value.slice(0, length)}…, ${words}` : words;
}
