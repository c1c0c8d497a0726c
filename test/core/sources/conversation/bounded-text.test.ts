import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { beginningOf, RecentIds } from '../../../../src/core/sources/conversation/bounded-text.ts';

describe('beginningOf()', () => {
  it('is the beginning of any text, broken characters and all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, max) => {
        expect(beginningOf(`${text}\ud800`, max)).toBe(`${text}\ud800`.slice(0, max));
      }),
    );
  });
});

describe('RecentIds', () => {
  it('knows the newest and forgets the oldest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), fc.integer({ min: 1, max: 8 }), (numbers, keep) => {
        const ids = new RecentIds(keep);
        for (const number of numbers) ids.add(String(number));

        const newest = [...new Set(numbers.toReversed())].slice(0, keep);
        expect(newest.every((number) => ids.has(String(number)))).toBe(true);
        expect(ids.size).toBeLessThanOrEqual(2 * keep);
      }),
    );
  });

  it('takes back, empties, and tells long ones by their beginning', () => {
    const ids = new RecentIds(2);
    const long = 'x'.repeat(10_000);
    for (const id of ['a', 'b', long]) ids.add(id);

    ids.delete('a');
    expect([ids.size, ids.has('a'), ids.has('b'), ids.has(long), ids.has('x'.repeat(200))]).toEqual([
      2,
      false,
      true,
      true,
      true,
    ]);
    ids.clear();
    expect([ids.size, ids.has('b')]).toEqual([0, false]);
  });
});
