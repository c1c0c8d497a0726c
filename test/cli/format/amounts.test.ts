import { describe, expect, it } from 'vitest';

import { countOf, formatBytes, formatCount, formatDuration, joinWords } from '../../../src/cli/format/amounts.ts';

describe('formatBytes()', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 KB'],
    [9949, '9.9 KB'],
    [9950, '10 KB'],
    [999_499, '999 KB'],
    [999_500, '1.0 MB'],
    [50_000_000, '50 MB'],
    [1.5e15, '1500 TB'],
  ])('%d is %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });
});

describe('countOf()', () => {
  it.each([
    [countOf(0, 'item'), 'no items'],
    [countOf(1, 'item'), '1 item'],
    [countOf(1204, 'item'), '1,204 items'],
    [countOf(2, 'repository', 'repositories'), '2 repositories'],
  ])('gives %s', (words, expected) => {
    expect(words).toBe(expected);
  });
});

describe('formatCount(), joinWords(), formatDuration()', () => {
  it('reads well', () => {
    expect([formatCount(1_234_567), formatCount(12), joinWords(['a']), joinWords(['a', 'b', 'c'])]).toEqual([
      '1,234,567',
      '12',
      'a',
      'a, b and c',
    ]);
    expect([12.4, 1340, 125_000].map(formatDuration)).toEqual(['12 ms', '1.3 s', '2 min 5 s']);
  });
});
