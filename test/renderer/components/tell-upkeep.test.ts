import { describe, expect, it } from 'vitest';

import { tellUpkeep } from '../../../src/renderer/components/tell-upkeep.ts';
import type { Statistics } from '../../../src/shared/contract/statistics.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;
const ago = (hours: number): string => new Date(NOW_MS - hours * HOUR_MS).toISOString();
const STATISTICS: Statistics = {
  ...{ snapshots: 9, checkpoints: 1, fileBytes: 1, walBytes: 0, newestBytes: 1, chunks: 1, growth: [] },
  ...{ ownCpuPercent: 0, ownMemoryBytes: 1, bySource: [] },
};

function tell(statistics: Partial<Statistics>, health?: Parameters<typeof tellUpkeep>[2]) {
  return tellUpkeep({ ...STATISTICS, ...statistics }, NOW_MS, health).map(({ tone, text }) => `${tone}: ${text}`);
}

describe('tellUpkeep()', () => {
  it('says when the newest and everything was verified, and when a backup was proven', () => {
    expect(tell({ lastBackupAt: ago(26) }, { quickAt: ago(3), deepAt: ago(24 * 12) })).toEqual([
      'good: Last verified 3 hours ago, everything 12 days ago, and whole.',
      'good: Last proven backup 26 hours ago.',
    ]);
  });

  it('says what was found damaged before anything else, and how far a look through everything is', () => {
    const damage = { text: 'Damage was found in the vault.', records: 2, foundAt: ago(1) };

    const [verified] = tell({}, { quickAt: ago(2), pass: { done: 1, total: 4 }, damage });

    expect(verified).toBe(
      'bad: Damage was found in the vault. Found 1 hour ago. Everything is being looked through in idle time: 25 %.',
    );
  });

  it('warns where everything was last looked at long ago, and says what there is not', () => {
    expect(tell({}, { quickAt: ago(1), deepAt: ago(24 * 40) })[0]).toMatch(/^warn: /);
    expect(tell({})).toEqual(['info: The vault was not verified yet.', 'warn: There is no backup yet.']);
  });
});
