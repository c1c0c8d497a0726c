import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseHardcopy } from '../../../../src/core/sources/screen/parse-hardcopy.ts';
import { parseWindowNumber, quoteWord } from '../../../../src/core/sources/screen/screen-sessions.ts';

function parse(text: string): string {
  return parseHardcopy(Buffer.from(text, 'latin1')).toString('utf8');
}

describe('parseHardcopy()', () => {
  it.each([
    ['plain lines', '$ ls\na b\n', '$ ls\na b\n'],
    ['Latin-1', 'w\u00f6rld \u00e9\n', 'wörld é\n'],
    ['wide letters', 'x\u00e5\u00ff,\u00ffy\n', 'x\uFFFD\uFFFDy\n'],
    ['a right half without its left', '\u00ffa\n\u00ffb', 'a\nb'],
    ['control characters', 'a\u0000b\u001b[31m\u009c\u00e9\u007f\n', 'a b [31m é \n'],
    ['UTF-8, as later versions write', Buffer.from('日本 ─\u001b\n').toString('latin1'), '日本 ─ \n'],
  ])('reads %s', (_, hardcopy, text) => {
    expect(parse(hardcopy)).toBe(text);
  });

  it('takes any bytes: the same lines, valid UTF-8, nothing that drives a terminal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const parsed = parseHardcopy(Buffer.from(bytes));
        const text = parsed.toString('utf8');

        expect(Buffer.from(text, 'utf8').equals(parsed)).toBe(true);
        expect(text.split('\n')).toHaveLength(Buffer.from(bytes).toString('latin1').split('\n').length);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('parseWindowNumber()', () => {
  it('takes window numbers only', () => {
    expect(['0', '42', '9999', '10000', '-1', '1 ', '', null].map(parseWindowNumber)).toEqual([
      ...[0, 42, 9999],
      ...[null, null, null, null, null],
    ]);
  });
});

describe('quoteWord()', () => {
  it('leaves no character that screen would expand', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (word) => {
        expect(quoteWord(word).replaceAll(/\\[\\^$]/g, '')).not.toMatch(/[\\^$]/);
        expect(quoteWord(word).replaceAll(/\\([\\^$])/g, '$1')).toBe(word);
      }),
    );
  });
});
