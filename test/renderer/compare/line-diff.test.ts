import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { attributeChanges } from '../../../src/renderer/features/compare/attribute-changes.ts';
import { diffLines, newestLines } from '../../../src/renderer/features/compare/line-diff.ts';
import { anItem } from '../support.ts';

/** All lines, none left out: contexts of short texts reach from change to change. */
const LINES = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 7 });

describe('diffLines()', () => {
  it('makes the new text of the old one, in as few edits as there are', () => {
    fc.assert(
      fc.property(LINES, LINES, (old, now) => {
        const { lines, added, removed, isRough } = diffLines(old.join('\n'), now.join('\n'));
        const side = (type: 'added' | 'removed') =>
          lines.filter((line) => line.type === type || line.type === 'context').map(({ text }) => text);

        expect(isRough).toBe(false);
        expect(added + removed).toBe(old.length + now.length - 2 * longestCommon(old, now));
        if (added + removed > 0 && !lines.some(({ type }) => type === 'hunk')) {
          expect(side('removed')).toEqual(old);
          expect(side('added')).toEqual(now);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('shows changes with a few lines around, numbered on both sides', () => {
    const old = Array.from({ length: 20 }, (_, at) => `line ${at}`);

    expect(diffLines(old.join('\n'), old.with(10, 'new').join('\n')).lines).toEqual([
      { type: 'hunk', text: '7 lines alike' },
      ...[7, 8, 9].map((at) => ({ type: 'context', text: `line ${at}`, oldNumber: at + 1, newNumber: at + 1 })),
      { type: 'removed', text: 'line 10', oldNumber: 11 },
      { type: 'added', text: 'new', newNumber: 11 },
      ...[11, 12, 13].map((at) => ({ type: 'context', text: `line ${at}`, oldNumber: at + 1, newNumber: at + 1 })),
      { type: 'hunk', text: '6 lines alike' },
    ]);
  });

  it('shows nothing of texts that are the same', () => {
    expect(diffLines('a\nb\n', 'a\nb')).toEqual({ lines: [], added: 0, removed: 0, isRough: false });
  });

  it('replaces as a whole what is beyond its bounds', () => {
    const bounds = { maxLines: 10, maxEdits: 4 };

    expect(diffLines('a\nx1\nx2\nx3\nz', 'a\ny1\ny2\ny3\nz', bounds)).toMatchObject({
      added: 3,
      removed: 3,
      isRough: true,
    });
    expect(diffLines('x\n'.repeat(11), 'y\n'.repeat(2), bounds)).toMatchObject({
      removed: 11,
      added: 2,
      isRough: true,
    });
  });

  it('finds a ring that has moved on', () => {
    const all = Array.from({ length: 5_200 }, (_, at) => `line ${at}`);

    expect(diffLines(all.slice(0, 5_000).join('\n'), all.slice(200).join('\n'))).toMatchObject({
      added: 200,
      removed: 200,
      isRough: false,
    });
  });
});

describe('newestLines()', () => {
  it('keeps the end', () => {
    expect(newestLines('a\nb\nc\n', 2)).toBe('b\nc');
    expect(newestLines('a', 2)).toBe('a');
  });
});

describe('attributeChanges()', () => {
  it('tells the parts that differ', () => {
    const before = anItem('tmux:1', { title: 'old', attributes: { cwd: '/a', window: { index: 1, name: 'w' } } });
    const after = anItem('tmux:1', { title: 'new', attributes: { window: { index: 2, name: 'w' }, argv: ['vim'] } });
    const { key, kind, title } = after;

    expect(
      attributeChanges({ key, kind, title, before, after, attributes: ['cwd', 'window', 'argv'], streams: [] }),
    ).toEqual([
      { name: 'title', before: 'old', after: 'new' },
      { name: 'cwd', before: '/a', after: '' },
      { name: 'window.index', before: '1', after: '2' },
      { name: 'argv', before: '', after: 'vim' },
    ]);
  });
});

function longestCommon(old: readonly string[], now: readonly string[]): number {
  let row = now.map(() => 0);
  for (const line of old) {
    const next: number[] = [];
    for (const [at, other] of now.entries())
      next.push(line === other ? (row[at - 1] ?? 0) + 1 : Math.max(row[at] ?? 0, next[at - 1] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}
