// Captured text as it is shown. What turns the reading direction around, or is not seen at all, would let a text look like another one:
// in titles it is left out, in longer texts it is shown as what it is. Pure.

import { toPlainLine } from '../../shared/text/sanitize-text.ts';

const MAX_TITLE = 300;
/** Controls but tab and newline; marks and overrides of the reading direction; separators of lines that no editor knows. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/g;
const FIRST_PICTURE = 0x2400;

/** One line. */
export function plainTitle(title: string): string {
  return toPlainLine(title, MAX_TITLE);
}

/** All lines, with what is hidden made visible: `‹U+202E›`. */
export function showHidden(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(FIRST_PICTURE + code);
    return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}
