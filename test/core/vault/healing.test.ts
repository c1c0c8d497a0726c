import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import type { CapturedStream } from '../../../src/shared/model/item.ts';
import { aCapture, aStream, aTerminal, key, utf8 } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../support/test-vault.ts';

const TEXT = Array.from({ length: 400 }, (_, line) => `line ${line} of a terminal that is worth keeping\n`).join('');

/** Flips a bit in every chunk while the vault is closed. */
async function damageChunks(test: TestVault): Promise<void> {
  await test.vault.close();
  const db = new BetterSqlite3(test.path);
  for (const { record_id, box } of db.prepare('SELECT record_id, box FROM chunks').all() as {
    record_id: number;
    box: Buffer;
  }[]) {
    box[60] = (box[60] ?? 0) ^ 1;
    db.prepare('UPDATE chunks SET box = ? WHERE record_id = ?').run(box, record_id);
  }
  db.close();
  await test.reopen();
}

function save(test: TestVault, at: number, stream: Partial<CapturedStream> & { readonly text?: string }) {
  return test.vault.save(aCapture([aTerminal('a', { streams: [aStream(stream)] })], { takenAtMs: TEST_NOW_MS + at }));
}

async function read(test: TestVault, id: Awaited<ReturnType<typeof save>>['summary']['id']): Promise<string> {
  return Buffer.from(await test.vault.readStream(id, key('tmux:a'), 'scrollback')).toString();
}

describe('a damaged chunk', () => {
  it.each(['ring', 'blob'] as const)('[V17a] of a %s is stored anew when its content comes again', async (kind) => {
    await using test = await openTestVault();
    const first = await save(test, 0, { kind, text: TEXT });
    await damageChunks(test);
    await expect(read(test, first.summary.id)).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });

    const second = await save(test, 1, { kind, text: TEXT });

    // The older snapshot names the same chunk, so it is whole again too.
    expect(await read(test, first.summary.id)).toBe(TEXT);
    expect(await read(test, second.summary.id)).toBe(TEXT);
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
  });

  it('[V17a] stops no capture: what follows it is stored whole', async () => {
    await using test = await openTestVault();
    await save(test, 0, { text: TEXT });
    await damageChunks(test);

    const second = await save(test, 1, { text: `${TEXT}and one more line\n` });

    expect(await read(test, second.summary.id)).toBe(`${TEXT}and one more line\n`);
  });

  it('[V17a] is asked for whole where the source only says that nothing changed', async () => {
    await using test = await openTestVault();
    const first = await save(test, 0, { text: TEXT });
    await damageChunks(test);
    expect(await test.vault.verify({ isDeep: false, nowMs: TEST_NOW_MS })).toMatchObject({ ok: false });

    const unchanged = await save(test, 1, { content: { type: 'unchanged' } });
    expect(unchanged.needsWhole).toEqual([{ key: key('tmux:a'), stream: 'scrollback' }]);
    await save(test, 2, { content: { type: 'whole', bytes: utf8(TEXT) } });

    expect(await read(test, first.summary.id)).toBe(TEXT);
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
  });

  it('[V17a] that is stored anew takes its parity group along', async () => {
    await using test = await openTestVault();
    const texts = Array.from({ length: 40 }, (_, pane) => `${pane} `.repeat(300 + pane));
    const saveAll = (at: number) =>
      test.vault.save(
        aCapture(
          texts.map((text, pane) => aTerminal(`p${pane}`, { streams: [aStream({ kind: 'blob', text })] })),
          { takenAtMs: TEST_NOW_MS + at },
        ),
      );
    await saveAll(0);
    await test.vault.upkeep(500);
    await damageChunks(test);
    expect((await test.vault.verify({ isDeep: false, nowMs: TEST_NOW_MS })).damaged).toHaveLength(40);
    const { summary } = await saveAll(1);
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });

    // One lost row comes back from the group as it is now.
    await test.vault.close();
    new BetterSqlite3(test.path)
      .exec('DELETE FROM chunks WHERE record_id = (SELECT min(record_id) FROM chunks)')
      .close();
    await test.reopen();
    for (const [pane, text] of texts.entries())
      expect(Buffer.from(await test.vault.readStream(summary.id, key(`tmux:p${pane}`), 'scrollback')).toString()).toBe(
        text,
      );
  });
});
