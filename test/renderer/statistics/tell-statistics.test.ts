import { describe, expect, it } from 'vitest';

import { tellDifference, tellGrowth, tellSavings } from '../../../src/renderer/features/statistics/tell-statistics.ts';
import type { Statistics } from '../../../src/shared/contract/statistics.ts';

const MB = 1_000_000;

function numbers(overrides: Partial<Statistics> = {}): Statistics {
  return {
    snapshots: 1_000,
    checkpoints: 0,
    fileBytes: 40 * MB,
    walBytes: 0,
    newestBytes: 50 * MB,
    chunks: 10,
    growth: [],
    ownCpuPercent: 0,
    ownMemoryBytes: 0,
    bySource: [],
    ...overrides,
  };
}

describe('tellSavings()', () => {
  it('compares with whole copies, and claims nothing where there is nothing to claim', () => {
    expect(tellSavings(numbers()).words).toContain('about 1,250 times less');
    expect(tellSavings(numbers({ snapshots: 1 })).words).toMatch(/can be told once/);
    expect(tellSavings(numbers({ snapshots: 2, newestBytes: 1 })).words).toMatch(/Nothing is saved yet/);
  });
});

describe('tellGrowth()', () => {
  const at = (day: string) => `${day}T12:00:00.000Z`;

  it('tells it from the looks of each day, also where the vault became smaller', () => {
    const growth = [
      { day: '2026-11-10', fileBytes: 10 * MB },
      { day: '2026-11-20', fileBytes: 40 * MB },
    ];
    expect(tellGrowth(numbers({ growth }))).toBe('+3.0 MB a day over the last 10 days.');
    expect(tellGrowth(numbers({ growth: [growth[0]!, { day: '2026-11-20', fileBytes: 0 }] }))).toBe(
      '−1.0 MB a day over the last 10 days.',
    );
  });

  it('falls back to an average, and says where nothing can be told', () => {
    expect(tellGrowth(numbers({ oldestAt: at('2026-11-10'), newestAt: at('2026-11-20') }))).toMatch(
      /About 4.0 MB a day/,
    );
    expect(tellGrowth(numbers({ oldestAt: at('2026-11-20'), newestAt: at('2026-11-20') }))).toMatch(/after a day/);
    expect(tellGrowth(numbers())).toMatch(/once something was captured/);
  });
});

describe('tellDifference()', () => {
  it.each([
    [0, 'the same'],
    [1_500, '+1.5 kB'],
    [-2_000_000, '−2.0 MB'],
  ])('tells %d', (bytes, words) => {
    expect(tellDifference(bytes)).toBe(words);
  });
});
