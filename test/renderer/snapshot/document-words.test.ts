import { describe, expect, it } from 'vitest';

import { cursorWords, textWords } from '../../../src/renderer/features/snapshot/document-words.ts';

describe('cursorWords()', () => {
  it('says what is known', () => {
    expect(cursorWords({ line: 3, column: 9 })).toBe('line 3, column 9');
    expect(cursorWords({ line: 3 })).toBe('line 3');
    expect(cursorWords({})).toBe('');
  });
});

describe('textWords()', () => {
  it.each([
    { preview: {}, words: /^Everything was saved/ },
    { preview: { unsaved: 'none' }, words: /^Everything was saved/ },
    { preview: { unsaved: 'unreadable' }, words: /could not be read/ },
    { preview: { unsaved: 'whole' }, words: /^Unsaved text\.$/ },
    { preview: { unsaved: 'whole', isCut: true }, words: /the beginning/ },
    { preview: { unsaved: 'cut' }, words: /the beginning/ },
  ] as const)('tells of $preview', ({ preview, words }) => {
    expect(textWords(preview)).toMatch(words);
  });
});
