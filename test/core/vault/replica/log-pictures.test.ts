import { describe, expect, it } from 'vitest';

import {
  moveEntries,
  picturesOf,
  toRanges,
  withEntry,
  wornPicture,
  type LogPicture,
} from '../../../../src/core/vault/replica/log-pictures.ts';
import { MAX_RETIRED_RANGES_PER_ENTRY } from '../../../../src/shared/replication/limits.ts';

/** An index that holds these sequences. */
function anIndex(sequences: readonly number[]) {
  return { positionFrom: (sequence: number) => sequences.filter((one) => one < sequence).length };
}

const PICTURES: readonly LogPicture[] = [
  { first: 1, after: 0, through: 1_000, told: 1_000 },
  { first: 300, after: 1_000, through: 2_000, told: 1_000 },
  { first: 600, after: 2_000, through: 3_000, told: 1_000 },
];
const all = (from: number, through: number): number[] =>
  Array.from({ length: through - from }, (_, at) => from + at + 1);

describe('withEntry()', () => {
  it('begins a picture where there is none or where the entry is one, and else goes on', () => {
    const one = withEntry([], 1, { beginsPicture: true, after: 0, through: 0, snapshots: 0 });
    const two = withEntry(one, 2, { beginsPicture: false, after: 0, through: 3, snapshots: 3 });
    const three = withEntry(two, 5, { beginsPicture: true, after: 3, through: 4, snapshots: 1 });

    expect(three).toEqual([
      { first: 1, after: 0, through: 3, told: 3 },
      { first: 5, after: 3, through: 4, told: 1 },
    ]);
  });
});

describe('picturesOf()', () => {
  it('takes a log that did not note them for one', () => {
    const log = { pictures: [], retelling: null, headIndex: 9, exportedThrough: 7 };

    expect(picturesOf(log)).toEqual([{ first: 1, after: 0, through: 7, told: 7 }]);
    expect(picturesOf({ ...log, headIndex: 0, exportedThrough: 0 })).toEqual([]);
  });
});

describe('wornPicture()', () => {
  it.each([
    { name: 'nothing has gone', index: all(0, 3_000), retellAfter: 1, is: -1 },
    { name: 'some have gone, but not enough', index: all(100, 3_000), retellAfter: 2_000, is: -1 },
    { name: 'enough have gone', index: [...all(0, 1_500), ...all(2_900, 3_000)], retellAfter: 1_200, is: 1 },
    { name: 'most have gone', index: all(2_400, 3_000), retellAfter: 100_000, is: 0 },
    { name: 'nothing is left', index: [], retellAfter: 100_000, is: 0 },
  ])('gives $is where $name', ({ index, retellAfter, is }) => {
    expect(wornPicture(PICTURES, anIndex(index), retellAfter)).toBe(is);
  });
});

describe('toRanges()', () => {
  it('joins neighbours, and gives no entry more than it can hold', () => {
    expect(toRanges([1, 2, 3, 5, 9, 10])).toEqual([
      [
        { first: 1, last: 3 },
        { first: 5, last: 5 },
        { first: 9, last: 10 },
      ],
    ]);
    expect(toRanges([])).toEqual([]);
    const apart = Array.from({ length: MAX_RETIRED_RANGES_PER_ENTRY + 1 }, (_, at) => at * 2 + 1);
    expect(toRanges(apart).map((list) => list.length)).toEqual([MAX_RETIRED_RANGES_PER_ENTRY, 1]);
  });
});

describe('moveEntries()', () => {
  it('moves what stands behind an entry', () => {
    const retelling = { spans: [{ first: 3, last: 6 }], until: 9, isUrgent: false };

    const moved = moveEntries({ pictures: PICTURES, retelling, headIndex: 700, exportedThrough: 9 }, 5, 1);

    expect(moved.pictures.map(({ first }) => first)).toEqual([1, 301, 601]);
    expect(moved.retelling?.spans).toEqual([{ first: 3, last: 7 }]);
  });
});
