import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import type { SnapshotId } from '../../../../src/shared/model/ids.ts';
import { aCapture, aStream, aTerminal, key } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../../support/test-vault.ts';

const MONTH = { budgetMs: 200, nowMs: TEST_NOW_MS, everyMs: 30 * 86_400_000 };
const textOf = (at: number): string =>
  Array.from({ length: 400 }, (_, line) => `snapshot ${at} line ${line} ${Math.sqrt(at * 400 + line)}\n`).join('');

async function fill(test: TestVault, snapshots: number, from = 0): Promise<SnapshotId[]> {
  const ids: SnapshotId[] = [];
  for (let at = from; at < from + snapshots; at += 1) {
    const items = [aTerminal('a', { streams: [aStream({ kind: 'blob', text: textOf(at) })] })];
    const { summary } = await test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + at * 1_000 }));
    ids.push(summary.id);
  }
  return ids;
}

function change(path: string, table: string, name: string, where = '1'): void {
  const db = new BetterSqlite3(path);
  const rows = db.prepare(`SELECT ${name} AS id, box FROM ${table} WHERE ${where}`).all() as {
    id: number;
    box: Buffer;
  }[];
  for (const { id, box } of rows) {
    // More than one bit: that would be put right without any copy.
    box[60] = (box[60] ?? 0) ^ 0xff;
    box[70] = (box[70] ?? 0) ^ 0xff;
    db.prepare(`UPDATE ${table} SET box = ? WHERE ${name} = ?`).run(box, id);
  }
  db.close();
}

async function look(test: TestVault): Promise<number> {
  for (;;) {
    const health = await test.vault.verifySlice(MONTH);
    if (health.pass === null) return health.damage?.records ?? 0;
  }
}

async function backUp(test: TestVault): Promise<string> {
  const folder = join(test.folder, 'backups');
  const { name } = await test.vault.backup({ folder, keep: 3, nowMs: TEST_NOW_MS });
  return join(folder, name);
}

const read = async (test: TestVault, id: SnapshotId): Promise<string> =>
  Buffer.from(await test.vault.readStream(id, key('tmux:a'), 'scrollback')).toString();

describe('Vault.heal()', () => {
  it('puts damaged content right from a backup while the vault is open, and leaves the backup as it was', async () => {
    await using test = await openTestVault();
    const ids = await fill(test, 3);
    const backup = await backUp(test);
    change(test.path, 'chunks', 'record_id');
    expect(await look(test)).toBe(3);

    expect(await test.vault.heal({ backups: [join(test.folder, 'not-there.db'), backup] })).toEqual({
      healed: 3,
      left: 0,
    });

    for (const [at, id] of ids.entries()) expect(await read(test, id)).toBe(textOf(at));
    expect(await test.vault.health()).toMatchObject({ damage: null });
    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    expect(readdirSync(join(test.folder, 'backups'))).toHaveLength(1);
    expect(await fill(test, 1, 9)).toHaveLength(1);
  });

  it('puts lists of items right: from their second copy, the key file or a backup', async () => {
    await using test = await openTestVault();
    const ids = await fill(test, 3);
    await test.vault.upkeep(50);
    const backup = await backUp(test);
    change(test.path, 'keyframes', 'record_id');
    expect(await look(test)).toBe(1);
    expect(await test.vault.heal({ backups: [] })).toEqual({ healed: 1, left: 0 });

    change(test.path, 'snapshots', 'sequence', 'sequence = 1');
    await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS });
    rmSync(`${test.path}.keys`);
    expect(await test.vault.heal({ backups: [backup] })).toEqual({ healed: 1, left: 0 });

    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    expect((await test.vault.readSnapshot(ids[0] as SnapshotId)).itemList).toHaveLength(1);
  });

  it('does not bring back what was redacted after the backup was made', async () => {
    await using test = await openTestVault();
    const secret = 'hunter2hunter2hunter2';
    const save = (text: string, at: number) =>
      test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ kind: 'blob', text })] })], { takenAtMs: TEST_NOW_MS + at }),
      );
    const { summary } = await save(`${textOf(0)}the password is ${secret}\n`, 0);
    const backup = await backUp(test);
    const page = await test.vault.listTexts(null, 10_000_000);
    const spots = page.texts.flatMap(({ anchor, bytes }) => {
      const start = Buffer.from(bytes).indexOf(secret);
      return start < 0 ? [] : [{ anchor, start, end: start + secret.length, bytes: Buffer.from(secret) }];
    });
    await test.vault.redact(spots, {});
    expect(await read(test, summary.id)).not.toContain(secret);
    change(test.path, 'chunks', 'record_id');
    expect(await look(test)).toBeGreaterThan(0);

    const { healed, left } = await test.vault.heal({ backups: [backup] });

    expect([healed, left > 0]).toEqual([0, true]);
    const db = new BetterSqlite3(test.path, { readonly: true });
    expect(db.prepare('SELECT count(*) FROM chunks').pluck().get()).toBe(left);
    db.close();
  });

  it('takes nothing from another vault, nor from what is no vault', async () => {
    await using test = await openTestVault();
    await using other = await openTestVault();
    await fill(test, 2);
    await fill(other, 2);
    const foreign = await backUp(other);
    const noise = join(test.folder, 'noise.db');
    writeFileSync(noise, 'SQLite format 3\u0000 and nothing else');
    change(test.path, 'chunks', 'record_id');
    await look(test);

    expect(await test.vault.heal({ backups: [noise, foreign] })).toEqual({ healed: 0, left: 2 });
  });

  it('puts chunks right from their parity group without any backup, and makes parity anew that is damaged', async () => {
    await using test = await openTestVault();
    const ids = await fill(test, 40);
    await test.vault.upkeep(2_000);
    change(
      test.path,
      'chunks',
      'record_id',
      'record_id = (SELECT max(record_id) FROM chunks WHERE record_id IN (SELECT chunk_id FROM parity_members))',
    );
    expect(await look(test)).toBe(1);
    expect(await test.vault.heal({ backups: [] })).toEqual({ healed: 1, left: 0 });
    change(test.path, 'parity', 'record_id');
    const report = await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS });
    expect(report.ok).toBe(false);

    expect(await test.vault.heal({ backups: [] })).toMatchObject({ left: 0 });

    expect(await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
    change(
      test.path,
      'chunks',
      'record_id',
      'record_id = (SELECT min(record_id) FROM chunks WHERE record_id IN (SELECT chunk_id FROM parity_members))',
    );
    expect(await read(test, ids[0] as SnapshotId)).toBe(textOf(0));
  });

  it('finds by itself what another process found, and stores it anew when it is captured again', async () => {
    await using test = await openTestVault();
    const [id] = await fill(test, 1);
    change(test.path, 'chunks', 'record_id');
    expect(await look(test)).toBe(1);
    expect(await test.vault.heal({ backups: [] })).toEqual({ healed: 0, left: 1 });

    await test.vault.save(
      aCapture([aTerminal('a', { streams: [aStream({ kind: 'blob', text: textOf(0) })] })], {
        takenAtMs: TEST_NOW_MS + 5_000,
      }),
    );

    expect(await test.vault.verifySlice(MONTH)).toMatchObject({ damage: null });
    expect(await read(test, id as SnapshotId)).toBe(textOf(0));
  });
});
