import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { joinStyles } from '../../../../src/core/sources/kitty/join-styles.ts';

describe('joinStyles()', () => {
  it.each([
    ['plain text that was wrapped', '\u001b[mab\u001b[mcd\n\u001b[mef', 'abcd\nef'],
    ['a style that goes on', '\u001b[m\u001b[31mab\u001b[m\u001b[31mcd', '\u001b[m\u001b[31mabcd'],
    ['a style that ends', '\u001b[31mab\u001b[mcd\u001b[mef', '\u001b[31mab\u001b[mcdef'],
    ['another style', '\u001b[31;1mab\u001b[m\u001b[32mcd', '\u001b[31;1mab\u001b[m\u001b[32mcd'],
    ['styles one after the other', '\u001b[1m\u001b[31mab\u001b[m\u001b[1m\u001b[31mcd', '\u001b[1m\u001b[31mabcd'],
  ])('joins %s', (_, text, joined) => {
    expect(joinStyles(text)).toBe(joined);
  });

  it('changes no letter of any text, and joining again changes nothing', () => {
    const piece = fc.constantFrom('a', 'b\n', '\u001b[m', '\u001b[0m', '\u001b[31m', '\u001b[1;4m', '[1m');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const plain = (styled: string): string => styled.replaceAll(/\u001b\[[0-9;:]*m/g, '');

        expect(plain(joinStyles(text))).toBe(plain(text));
        expect(joinStyles(joinStyles(text))).toBe(joinStyles(text));
      }),
    );
  });
});
