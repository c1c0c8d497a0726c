import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { displayWidth, renderTable, truncate, wrapText } from '../../../src/cli/format/table.ts';

describe('renderTable()', () => {
  it('aligns columns, also with letters that take two cells', () => {
    const lines = renderTable(
      [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'NOTE' }],
      [
        ['main', '7', 'x'],
        ['日本', '1,204', ''],
      ],
    );

    expect(lines).toEqual(['NAME   SIZE  NOTE', 'main      7  x', '日本  1,204']);
  });

  it('paints after measuring', () => {
    const red = (text: string): string => `<${text}>`;

    const lines = renderTable(
      [{ title: '' }, { title: '' }],
      [
        [{ text: 'a', paint: red }, 'b'],
        ['ccc', 'd'],
      ],
    );

    expect(lines).toEqual(['<a>    b', 'ccc  d']);
  });

  it('lets one column give way to a narrow terminal', () => {
    const columns = [{ title: 'ID' }, { title: 'NOTE', canShrink: true }];

    const lines = renderTable(columns, [['1', 'a note that is far too long']], { width: 20 });

    expect(lines).toEqual(['ID  NOTE', '1   a note that is …']);
  });
});

describe('displayWidth() and truncate()', () => {
  it('counts marks as nothing and emoji as two', () => {
    expect(['é', 'e\u0301', '👩‍👩‍👧', 'ab', '한'].map(displayWidth)).toEqual([1, 1, 2, 2, 2]);
  });

  it('never exceeds the width, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, width) => {
        expect(displayWidth(truncate(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('wrapText()', () => {
  it('breaks at blanks, keeps the indent and loses no word', () => {
    expect(wrapText('  one two three', 9)).toEqual(['  one two', '  three']);
    expect(wrapText('unbreakable word', 4)).toEqual(['unbreakable', 'word']);
    expect(wrapText('', 4)).toEqual(['']);
  });
});
