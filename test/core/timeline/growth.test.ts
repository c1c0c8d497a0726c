import { describe, expect, it } from 'vitest';

import { noteGrowth, readGrowth } from '../../../src/core/timeline/growth.ts';
import { aCapture, aConversation, aTerminal } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;

describe('noteGrowth()', () => {
  it('keeps the last look of each day, sealed in the vault', async () => {
    await using test = await openTestVault();
    const { summary } = await test.vault.save(aCapture([aTerminal('a'), aConversation('talk', '12345678')]));
    const { itemList: items } = await test.vault.readSnapshot(summary.id);
    const note = (hours: number, fileBytes: number) =>
      noteGrowth(test.vault, { atMs: TEST_NOW_MS + hours * HOUR_MS, fileBytes, items });
    await note(0, 100);
    await note(1, 200);
    await note(24, 300);
    const growth = await readGrowth(test.vault);
    expect(growth.map(({ day, fileBytes }) => [day, fileBytes])).toEqual([
      ['2026-11-20', 200],
      ['2026-11-21', 300],
    ]);
    expect(growth[0]?.bySource['claude-code']).toBe(8);
  });

  it('knows nothing where nothing was noted, or something else stands there', async () => {
    await using test = await openTestVault();
    expect(await readGrowth(test.vault)).toEqual([]);
    await test.vault.writeSetting('growth', { days: 'many' });
    expect(await readGrowth(test.vault)).toEqual([]);
  });
});
