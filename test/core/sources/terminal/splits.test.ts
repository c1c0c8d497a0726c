import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  leavesOf,
  splitMoves,
  splitsOf,
  splitsSchema,
  splitsToJson,
  type PaneBox,
  type Splits,
} from '../../../../src/core/sources/terminal/splits.ts';

/** Trees of up to a few panes, each with a number of its own. */
const trees = fc
  .letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constant(null),
      fc.record({ isHorizontal: fc.boolean(), one: tie('tree'), two: tie('tree') }),
    ),
  }))
  .tree.map((tree) => number(tree, { next: 0 }));

function number(tree: unknown, counter: { next: number }): Splits {
  if (tree === null) {
    counter.next += 1;
    return counter.next;
  }
  const { isHorizontal, one, two } = Object(tree);
  return { isHorizontal, one: number(one, counter), two: number(two, counter) };
}

/** Lays a tree out on cells, with a border of one cell between its parts. */
function layOut(splits: Splits, box: Omit<PaneBox, 'id'>): PaneBox[] {
  if (typeof splits === 'number') return [{ id: splits, ...box }];
  const { left, top, width, height } = box;
  const half = Math.floor(((splits.isHorizontal ? width : height) - 1) / 2);
  return splits.isHorizontal
    ? [
        ...layOut(splits.one, { ...box, width: half }),
        ...layOut(splits.two, { ...box, left: left + half + 1, width: width - half - 1 }),
      ]
    : [
        ...layOut(splits.one, { ...box, height: half }),
        ...layOut(splits.two, { ...box, top: top + half + 1, height: height - half - 1 }),
      ];
}

describe('splitsOf()', () => {
  it('finds a tree that lays the panes out where they stand', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const boxes = layOut(tree, { left: 3, top: 5, width: 600, height: 600 });

        const found = splitsOf(boxes);

        expect(found === null ? [] : leavesOf(found).toSorted((a, b) => a - b)).toEqual(
          boxes.map(({ id }) => id).toSorted((a, b) => a - b),
        );
        expect(splitsSchema.parse(splitsToJson(found ?? 0))).toEqual(found);
      }),
    );
  });

  it('says how much the second part has', () => {
    const boxes = [
      { id: 1, left: 0, top: 0, width: 30, height: 10 },
      { id: 2, left: 31, top: 0, width: 69, height: 10 },
    ];

    expect(splitsOf(boxes)).toEqual({ isHorizontal: true, one: 1, two: 2, percent: 70 });
  });

  it('gives none for panes that overlap, spiral or are missing', () => {
    const box = (id: number, left: number, top: number, width: number, height: number): PaneBox => ({
      ...{ id, left, top, width, height },
    });

    expect(splitsOf([])).toBeNull();
    expect(splitsOf([box(1, 0, 0, 9, 9), box(2, 0, 0, 9, 9)])).toBeNull();
    expect(
      splitsOf([box(1, 0, 0, 2, 1), box(2, 2, 0, 1, 2), box(3, 1, 2, 2, 1), box(4, 0, 1, 1, 2), box(5, 1, 1, 1, 1)]),
    ).toBeNull();
  });

  it('takes any boxes', () => {
    const box = fc.record({ id: fc.nat(), left: fc.nat(9), top: fc.nat(9), width: fc.nat(9), height: fc.nat(9) });
    fc.assert(fc.property(fc.array(box, { maxLength: 8 }), (boxes) => void splitsOf(boxes)));
  });
});

describe('splitMoves()', () => {
  it('opens each pane once, beside one that is open already', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const moves = splitMoves(tree);

        expect(moves.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(leavesOf(tree).toSorted((a, b) => a - b));
        expect(moves[0]?.beside).toBeUndefined();
        for (const [at, { beside }] of moves.entries()) {
          if (at > 0) expect(moves.slice(0, at).map(({ id }) => id)).toContain(beside?.id);
        }
      }),
    );
  });
});
