import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { aCapture, aStream, aTerminal, key } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS } from '../../support/test-vault.ts';

describe('parity', () => {
  it('[V17a] gives back chunks that were damaged or lost, to the byte, and verification still says what is damaged', async () => {
    await using test = await openTestVault();
    const contents = Array.from({ length: 40 }, (_, index) => `${index} `.repeat(200 + index * 30));
    const saved = await test.vault.save(
      aCapture(contents.map((text, index) => aTerminal(`p${index}`, { streams: [aStream({ text })] }))),
    );
    await test.vault.upkeep(500);
    await test.vault.close();
    const db = new BetterSqlite3(test.path);
    const ids = db.prepare('SELECT record_id FROM chunks ORDER BY length(box)').pluck().all() as number[];
    // One of each group of sixteen: one flipped bit, one lost row.
    const box = db.prepare('SELECT box FROM chunks WHERE record_id = ?').pluck().get(ids[3]) as Buffer; // a blob by the schema
    box[60] = (box[60] ?? 0) ^ 1;
    db.prepare('UPDATE chunks SET box = ? WHERE record_id = ?').run(box, ids[3]);
    db.prepare('DELETE FROM chunks WHERE record_id = ?').run(ids[20]);
    db.close();

    await test.reopen();

    for (const [index, text] of contents.entries()) {
      expect(
        Buffer.from(await test.vault.readStream(saved.summary.id, key(`tmux:p${index}`), 'scrollback')).toString(),
      ).toBe(text);
    }
    const report = await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS });
    expect(report.ok).toBe(false);
    expect(report.damaged.map((damage) => [damage.what, damage.snapshots])).toEqual([
      ['chunk', 1],
      ['chunk', 1],
    ]);
  });
});
