// A short soak (`npm run soak` is the long one): a day and a half of captures with everything beside them.

import { expect, it } from 'vitest';

import { soak } from '../soak/soak.ts';
import { openTestVault, TEST_NOW_MS } from '../support/test-vault.ts';

it('a day and a half of a busy workspace leave as many snapshots as the limits say, no open file more, and nothing damaged', async () => {
  await using test = await openTestVault();
  const limits = { allHours: 4, hourlyDays: 1, dailyDays: 30, checkpointDays: 90, inactiveDays: 7 };

  const report = await soak(test.vault, {
    path: test.path,
    captures: 64,
    seed: 7,
    stepMs: 30 * 60_000,
    startMs: TEST_NOW_MS,
    samples: 8,
    limits,
  });

  expect([report.overdue, report.damaged]).toEqual([0, 0]);
  expect(report.filesGrown).toBeLessThanOrEqual(3);
  // Four hours of all, one for each of the 20 hours before, one for each day, and what came since the last thinning.
  expect(report.samples.at(-1)?.snapshots).toBeLessThanOrEqual(9 + 21 + 3 + 12);
  const [first] = await test.vault.listSnapshots({ limit: 1 });
  expect(first?.items).toBe(12 + 6 + 12 + 30);
}, 120_000);
