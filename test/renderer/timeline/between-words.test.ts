import { describe, expect, it } from 'vitest';

import { betweenWords } from '../../../src/renderer/features/timeline/between-words.ts';

const HOUR_MS = 3_600_000;

describe('betweenWords()', () => {
  it.each([
    [{}, null],
    [{ silenceMs: 2 * HOUR_MS }, 'Nothing was captured for 2 hours'],
    [{ restartedAfter: 'clean' as const }, 'Cairn was started again'],
    [{ restartedAfter: 'crash' as const }, 'Cairn was started again after it had ended badly'],
    [
      { restartedAfter: 'reboot' as const, silenceMs: HOUR_MS },
      'The machine was started again; nothing was captured for 1 hour',
    ],
  ])('tells %o', (row, words) => {
    expect(betweenWords(row)).toBe(words);
  });
});
