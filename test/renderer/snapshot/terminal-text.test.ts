import { describe, expect, it } from 'vitest';

import { findNearest, lastLines, withoutStyles } from '../../../src/renderer/features/snapshot/terminal-text.ts';

describe('withoutStyles()', () => {
  it('takes colours away', () => {
    expect(withoutStyles('\u001b[1;31mred\u001b[0m \u001b[38:5:1mx')).toBe('red x');
  });
});

describe('lastLines()', () => {
  it.each([
    ['fewer lines than wanted', 'a\nb', 5, 'a\nb'],
    ['blank lines at the end', 'a\nb\nc\n\n', 2, 'b\nc'],
    ['nothing', '', 2, ''],
    ['one line', 'abc', 1, 'abc'],
  ])('%s', (_name, text, count, expected) => {
    expect(lastLines(text, count)).toBe(expected);
  });
});

describe('findNearest()', () => {
  it('finds the hit next to the line', () => {
    const text = 'x Hit\n\nhit\nno';

    expect(findNearest(text, 'HIT', 0)).toEqual({ line: 0, column: 2 });
    expect(findNearest(text, 'hit', 900)).toEqual({ line: 2, column: 0 });
    expect(findNearest(text, 'nowhere', 0)).toBeNull();
    expect(findNearest(text, '', 0)).toBeNull();
  });
});
