import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { keepStyles } from '../../../src/shared/text/keep-styles.ts';

/** What may stand in the answer besides text: escape sequences of colours and styles, newlines and tabs. */
const STYLES = /\u001b\[[0-9;:]{0,128}m/g;
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/;

/** Texts of whole and broken pieces of what a hostile program prints. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.stringMatching(/^[\u001b\u009b[\];:0-9m\\?> -/@-Z\u0007\u009c]{0,12}$/),
      fc.constantFrom(
        '\u001b',
        '\u001b[',
        '\u001b[1;38;5;9m',
        '\u001b[0m',
        '\u001b]52;c;aGk=\u0007',
        '\u001b]8;;file:///etc/passwd\u001b\\',
        '\u001b]0;',
        '\u001bP1$r',
        '\u009d0;x',
        '\u009b2J',
        '\u202e',
        '\n',
        '😀',
      ),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

describe('keepStyles()', () => {
  it('leaves nothing but text, lines, tabs, colours and styles, whatever it is given', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const kept = keepStyles(text);

        expect(kept.replaceAll(STYLES, '')).not.toMatch(HARMFUL);
        expect(kept.isWellFormed()).toBe(true);
        expect(kept.split('\n')).toHaveLength(text.split('\n').length);
        expect(keepStyles(kept)).toBe(kept);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves a text with colours as it is', () => {
    const text = 'a\tb\n\u001b[1;38;5;9mred\u001b[0m \u001b[38:2::1:2:3mexact\u001b[m\nÜbersicht – 日本語 😀\n';

    expect(keepStyles(text)).toBe(text);
  });

  it.each([
    ['a title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['a title without an end, to the end of its line', 'a\u001b]0;owned\nb', 'a\nb'],
    ['a link, but not its text', '\u001b]8;;http://x/\u001b\\here\u001b]8;;\u001b\\', 'here'],
    ['what goes to the clipboard', '\u001b]52;c;aGVsbG8=\u001b\\x', 'x'],
    ['device control', '\u001bP+q544e\u001b\\x', 'x'],
    ['cursor moves', '\u001b[2J\u001b[10;4Hx\u001b[?25l', 'x'],
    ['key settings that end like a colour', '\u001b[>4;1mx', 'x'],
    ['a colour of a hundred numbers', `\u001b[${'1;'.repeat(100)}mx`, 'x'],
    ['eight-bit sequences', '\u009b31mx\u009d0;t\u009cy', 'xy'],
    ['control characters', 'a\r\u0008\u0000\u007fb', 'ab'],
    ['a turned reading direction', 'exe.\u202egpj\u2066', 'exe.gpj'],
    ['half of a character', 'a\ud83d', 'a\ufffd'],
    ['an escape cut by a control character', '\u001b\u0000[31m', '[31m'],
  ])('takes out %s', (_what, text, kept) => {
    expect(keepStyles(text)).toBe(kept);
  });

  it('shows markup as the text that it is', () => {
    expect(keepStyles('<script>alert(1)</script>')).toBe('<script>alert(1)</script>');
  });

  it('takes long senseless texts in a time that grows with their length', () => {
    for (const piece of ['\u001b', '\u001b[', '\u001b[1', '\u001b]', '\u001b[;;;;;;;;', '\u0090', '\u001b ']) {
      keepStyles(piece.repeat(300_000));
    }
  });
});
