import { describe, expect, it } from 'vitest';

import { plainTitle, showHidden } from '../../../src/renderer/components/visible-text.ts';

describe('plainTitle()', () => {
  it('leaves out what turns the reading direction around', () => {
    expect(plainTitle('\u202egnp.exe\u0007\nx')).toBe('gnp.exe x');
  });
});

describe('showHidden()', () => {
  it('shows what is hidden, and keeps all else', () => {
    expect(showHidden('a\tb\r\nc\u202e\u0007\u001b[1m ü😀')).toBe('a\tb\nc‹U+202E›\u2407\u241b[1m ü😀');
  });
});
