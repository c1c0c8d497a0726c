import { execFileSync } from 'node:child_process';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quoteArguments } from '../../../../src/core/sources/host/quote-argument.ts';

describe('quoteArguments()', () => {
  it.each([
    ['a newline, which would run the line', 'x\nrm -rf ~'],
    ['a carriage return', 'x\rrm -rf ~'],
    ['the end of a pasted text', 'x\u001b[201~\r'],
    ['its beginning', '\u001b[200~'],
    ['an end of file', 'x\u0004'],
    ['an interrupt', '\u0003'],
    ['a way back for the cursor', 'x\b\b'],
    ['a control sequence of one character', '\u009b201~'],
    ['a completion', 'x\t'],
  ])('types nothing with %s', (_name, word) => {
    expect(quoteArguments(['echo', word])).toBeNull();
    expect(quoteArguments([word])).toBeNull();
  });

  it('gives a shell exactly these words', () => {
    const word = fc.string({ unit: fc.constantFrom(...'ab=~#!$`\\\'"(){}[]<>|&;*? ü€-'.split('')), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const line = quoteArguments(words) ?? '';
        const told = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });

        expect(told.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 25 },
    );
  });
});
