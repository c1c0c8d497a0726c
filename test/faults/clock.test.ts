// A wall clock that jumps back and forward while a vault is written: snapshots keep the order in which they were taken, "latest" is what was
// taken last, and thinning by the right time lets nothing go that is young. The brake on thinning itself: maintenance.test.ts.

import { expect, it } from 'vitest';

import { DEFAULT_RETENTION } from '../../src/shared/model/retention.ts';
import { aCapture, aStream, aTerminal } from '../support/captures.ts';
import { openTestVault, TEST_NOW_MS } from '../support/test-vault.ts';

const YEAR_MS = 365 * 86_400_000;

it('a clock that jumps by years, both ways, changes neither order nor content', async () => {
  await using test = await openTestVault();
  const times = [0, 60_000, -YEAR_MS, -YEAR_MS + 30_000, 10 * YEAR_MS, 10 * YEAR_MS + 30_000, 120_000, 150_000];
  const ids: string[] = [];
  for (const [at, offset] of times.entries()) {
    const items = [aTerminal('pane', { streams: [aStream({ text: 'line\n'.repeat(at + 1) })] })];
    const { summary } = await test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + offset }));
    ids.push(summary.id);
  }
  await test.vault.upkeep(100);
  await test.reopen();

  const listed = await test.vault.listSnapshots({ limit: 100 });
  expect(listed.map(({ id }) => String(id))).toEqual(ids.toReversed());
  expect(await test.vault.resolveSnapshot('latest', TEST_NOW_MS)).toBe(ids.at(-1));
  const nowMs = TEST_NOW_MS + 200_000;
  await test.vault.prune(DEFAULT_RETENTION, nowMs, { isDryRun: false });
  const left = (await test.vault.listSnapshots({ limit: 100 })).map(({ id }) => String(id));
  // What was taken within the last days, and what lies in the future, stays; the clock that was a year behind made old ones.
  expect(left).toEqual([7, 6, 5, 4, 1, 0].map((at) => ids[at]));
  for (const id of left) await test.vault.readSnapshot(await test.vault.resolveSnapshot(id, nowMs));
  expect((await test.vault.verify({ isDeep: true, nowMs })).damaged).toEqual([]);
});
