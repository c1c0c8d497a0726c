// How one kind of secret is recognised. A rule begins at a fixed text (its needle), so that one pass over the input finds the few
// places where anything has to be looked at; what it does there is bounded, and rules that read a whole line say how far they
// have read. So the time is linear in the input whatever it holds.

export interface SecretSpan {
  readonly start: number;
  readonly end: number;
}

export interface SecretRule {
  /** Stands in the text in place of the secret: `[REDACTED:id]`. */
  readonly id: string;
  /** At least two characters, except where any character may follow the first. */
  readonly needle: string;
  /** True where the secret is known by its own form, not only by the name before it. */
  readonly isShape: boolean;
  /**
   * Looks at one place where the needle stands. Gives the secret, which never begins before the needle, or null; as a number: null,
   * and nothing of this rule to be found before that position.
   */
  match(text: string, at: number): SecretSpan | number | null;
}

/**
 * What may stand right before a token: nothing that a word or a longer token would be made of, or the end of a colour sequence,
 * whose last letter is no part of the word.
 */
export const TOKEN_START = String.raw`(?:(?<![A-Za-z0-9_])|(?<=\x1b\[[0-9;]{0,24}[A-Za-z]))`;

/** Where a quoted value ends: at its quote, the end of its line, or the limit. */
export function endOfQuoted(text: string, from: number, quote: string, limit: number): number {
  let end = from;
  while (end < limit && text[end] !== quote && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
  return Math.min(end, limit);
}

/** Letters and digits that do not stand for a made-up or absent value. */
export function looksRandom(token: string): boolean {
  return /[0-9]/.test(token) && /[A-Za-z]/.test(token) && !/^(.)\1*$/.test(token);
}

/**
 * A rule from a pattern that is tried exactly at the needle. The pattern's group `secret` is what is replaced, else all of it. Every
 * repetition in it MUST be bounded or end at a character that it cannot take, so that it never backtracks more than it has read.
 */
export function patternRule(
  id: string,
  needle: string,
  pattern: string,
  options: { readonly isShape?: boolean; readonly start?: string; readonly accepts?: (secret: string) => boolean } = {},
): SecretRule {
  const { isShape = true, start: before = TOKEN_START, accepts } = options;
  const regex = new RegExp(`${before}${pattern}`, 'dy');
  return {
    id,
    needle,
    isShape,
    match: (text, at) => {
      regex.lastIndex = at;
      const found = regex.exec(text);
      const range = found?.indices?.groups?.['secret'] ?? found?.indices?.[0];
      if (range === undefined) return null;
      const [start, end] = range;
      return accepts === undefined || accepts(text.slice(start, end)) ? { start, end } : null;
    },
  };
}
