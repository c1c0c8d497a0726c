import { randomBytes } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatRecoveryKey, newRecoveryKey, parseRecoveryKey } from '../../../src/core/crypto/recovery-key.ts';

describe('parseRecoveryKey()', () => {
  it('reads what formatRecoveryKey wrote, however it is typed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        const text = formatRecoveryKey(bytes);
        const sloppy = text.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');

        expect(parseRecoveryKey(text)).toEqual(Buffer.from(bytes));
        expect(parseRecoveryKey(`  ${sloppy}\n`)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('notices any single mistyped character', () => {
    const { text } = newRecoveryKey(randomBytes);
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] === '-') continue;
      const other = text[at] === 'A' ? 'B' : 'A';

      expect(() => parseRecoveryKey(text.slice(0, at) + other + text.slice(at + 1))).toThrow(/mistake|not one/);
    }
  });

  it('answers anything else with a sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseRecoveryKey(text)).toThrow(/recovery key/);
      }),
    );
  });
});
