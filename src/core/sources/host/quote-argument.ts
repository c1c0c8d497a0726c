// Quotes words for a POSIX shell's prompt.

const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One command line of these words: each is quoted so that the shell reads exactly it. Control characters are refused by `null`. */
export function quoteArguments(words: readonly string[]): string | null {
  // A control character would be typed, not written: a newline would run the line, an escape would drive the line editor.
  if (words.length === 0 || words.some((word) => hasControlCharacter(word))) return null;
  return words.map((word) => (SAFE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

export function hasControlCharacter(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}
