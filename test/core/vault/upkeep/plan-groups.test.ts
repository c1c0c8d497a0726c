import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PARITY_GROUP, planGroups } from '../../../../src/core/vault/upkeep/parity.ts';

const MIB = 1024 * 1024;

function chunks(sizes: readonly number[]) {
  return sizes.map((storedBytes, at) => ({ recordId: at + 1, storedBytes }));
}

/** Where each chunk begins, in the order in which they were stored. */
function starts(sizes: readonly number[]): number[] {
  let at = 0;
  return sizes.map((size) => (at += size) - size);
}

function parityBytes(groups: readonly number[][], sizes: readonly number[]): number {
  return groups.reduce((sum, group) => sum + Math.max(...group.map((id) => sizes[id - 1] ?? 0)), 0);
}

describe('planGroups()', () => {
  it('[V17a] puts every chunk into one group, and never two that a lost stretch could take together', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 100, max: 500_000 }), { minLength: 1, maxLength: 400 }), (sizes) => {
        const groups = planGroups(chunks(sizes), 10_000);
        const at = starts(sizes);
        const total = sizes.reduce((sum, size) => sum + size, 0);

        expect(groups.flat().toSorted((a, b) => a - b)).toEqual(sizes.map((_, index) => index + 1));
        for (const group of groups) {
          expect(group.length).toBeLessThanOrEqual(PARITY_GROUP);
          const places = group.toSorted((a, b) => a - b);
          for (const [index, id] of places.entries()) {
            const before = places[index - 1];
            if (before === undefined) continue;
            const gap = (at[id - 1] ?? 0) - ((at[before - 1] ?? 0) + (sizes[before - 1] ?? 0));
            expect(gap).toBeGreaterThanOrEqual(Math.min(10_000, total / (4 * PARITY_GROUP)) - 1);
          }
        }
      }),
    );
  });

  it('[V17a] costs little: a whole batch of a mebibyte apart, and a young one of some megabytes', () => {
    const whole = Array.from({ length: 700 }, (_, at) => 20_000 + ((at * 7_919) % 90_000));
    const young = whole.slice(0, 64);
    const share = (sizes: readonly number[]): number =>
      parityBytes(planGroups(chunks(sizes), MIB), sizes) / sizes.reduce((sum, size) => sum + size, 0);

    expect(whole.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(40 * MIB);
    expect(share(whole)).toBeLessThan(0.09);
    expect(share(young)).toBeLessThan(0.13);
  });

  it('[V17a] costs little where thousands of small chunks have one size', () => {
    const sizes = Array.from({ length: 8_192 }, () => 1_100);

    const groups = planGroups(chunks(sizes), MIB);

    expect(groups.length).toBeLessThan(1.05 * (sizes.length / PARITY_GROUP));
  });
});
