import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toPlainLine } from '../../../src/shared/text/sanitize-text.ts';

/** Control characters, what changes direction or is not seen, and halves of characters. */
// oxlint-disable-next-line no-control-regex, no-misleading-character-class -- these are what must not come out
const HARMFUL =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Texts with many pieces of what a hostile program prints. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '\u001b]0;title\u0007',
        '\u001b[2J',
        '\u001b[31m',
        '\u001bP+q\u001b\\',
        '\u009b1m',
        '\u202e',
        '\u2066',
        '\ud83d',
        '\ude00',
        '\r\n',
        '\t',
        '\u0000',
        'plain',
        '😀',
      ),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

describe('toPlainLine()', () => {
  it('gives one harmless line of at most so many characters, whatever it is given', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 80 }), (text, max) => {
        const line = toPlainLine(text, max);

        expect(line).not.toMatch(HARMFUL);
        expect(line.length).toBeLessThanOrEqual(max);
        expect(line.isWellFormed()).toBe(true);
        expect(toPlainLine(line, max)).toBe(line);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves a harmless text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 60 }), (text) => {
        expect(toPlainLine(text, 60)).toBe(text);
      }),
    );
    expect(toPlainLine('Übersicht – 日本語 😀', 60)).toBe('Übersicht – 日本語 😀');
  });

  it.each([
    ['a window title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['a title without an end', 'a\u001b]0;owned', 'a'],
    ['colours', '\u001b[1;31mred\u001b[0m', 'red'],
    ['a turned reading direction', 'exe.\u202egpj', 'exe.gpj'],
    ['line breaks and tabs', 'one\r\ntwo\tthree', 'one two three'],
    ['half of a character', 'a\ud83d', 'a\ufffd'],
  ])('takes %s out', (_what, text, line) => {
    expect(toPlainLine(text, 40)).toBe(line);
  });

  it('says with an ellipsis that something is missing, and never cuts a character in half', () => {
    expect(toPlainLine('0123456789', 5)).toBe('0123…');
    expect(toPlainLine('abc😀def', 5)).toBe('abc…');
    expect(toPlainLine(`${'\u001b[0m'.repeat(100)}x`, 5)).toMatch(/…$/);
  });

  it('is quick on a line of megabytes', () => {
    const text = '\u001b[1m'.repeat(1_000_000);

    expect(toPlainLine(text, 80)).toBe('…');
  });
});
