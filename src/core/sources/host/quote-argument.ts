// Quotes words for a shell's prompt, so that POSIX shells, zsh and fish all read exactly these words.

const SAFE = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;
/** A command's name must not be taken for an assignment (`PATH=x`) or a word of the shell's grammar (`if`). */
const SAFE_NAME = /^[A-Za-z0-9_./-][A-Za-z0-9_@%+:,./-]*$/;
const GRAMMAR = new Set(
  'if then elif else fi for select while until do done case esac function time coproc in begin end and or not switch repeat foreach'.split(
    ' ',
  ),
);

/** One command line of these words: each is quoted so that the shell reads exactly it. Control characters are refused by `null`. */
export function quoteArguments(words: readonly string[]): string | null {
  // A control character would be typed, not written: a newline would run the line, an escape would drive the line editor.
  if (words.length === 0 || words.some((word) => hasControlCharacter(word))) return null;
  return words.map((word, index) => (isPlain(word, index === 0) ? word : quote(word))).join(' ');
}

export function hasControlCharacter(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}

function isPlain(word: string, isName: boolean): boolean {
  return isName ? SAFE_NAME.test(word) && !GRAMMAR.has(word) : SAFE.test(word);
}

/** Backslashes stand outside the quotes, since fish reads them inside. */
function quote(word: string): string {
  return `'${word.replaceAll(/['\\]/g, (character) => `'\\${character}'`)}'`;
}
