import { describe, expect, it } from 'vitest';

import { addOwed, firstInBoth, withoutRetired } from '../../../../src/core/vault/replica/owed-entries.ts';

describe('owed entries', () => {
  it('gather, and go as they are retired', () => {
    const owed = [1, 2, 3, 7, 8].reduce<ReturnType<typeof addOwed>>((list, index) => addOwed(list, index), []);

    expect(owed).toEqual([
      { first: 1, last: 3 },
      { first: 7, last: 8 },
    ]);
    expect(withoutRetired(owed, [{ first: 2, last: 7 }])).toEqual([
      { first: 1, last: 1 },
      { first: 8, last: 8 },
    ]);
    expect(withoutRetired(owed, [{ first: 1, last: 100 }])).toEqual([]);
    expect(withoutRetired(owed, [{ first: 4, last: 6 }])).toEqual(owed);
  });

  it('finds what stands in both', () => {
    expect(firstInBoth([{ first: 1, last: 3 }], [{ first: 4, last: 9 }])).toBeNull();
    expect(firstInBoth([{ first: 1, last: 5 }], [{ first: 4, last: 9 }])).toBe(4);
  });
});
