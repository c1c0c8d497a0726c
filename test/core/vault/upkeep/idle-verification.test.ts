import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { openVault } from '../../../../src/core/vault/vault-client.ts';
import type { Vault, VaultHealth } from '../../../../src/core/vault/vault.ts';
import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import { aCapture, aStream, aTerminal } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../../support/test-vault.ts';

const DAY_MS = 86_400_000;
const MONTH = { nowMs: TEST_NOW_MS, everyMs: 30 * DAY_MS };

/** Each with content of its own. */
async function fill(test: TestVault, snapshots: number): Promise<void> {
  for (let at = 0; at < snapshots; at += 1) {
    const text = Array.from(
      { length: 400 },
      (_, line) => `snapshot ${at} line ${line} ${Math.sqrt(at * 400 + line)}\n`,
    );
    const items = [aTerminal('a', { streams: [aStream({ kind: 'blob', text: text.join('') })] })];
    await test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + at * 1_000 }));
  }
}

/** Goes on until everything was looked through. Gives the last health and how many slices it took. */
async function finish(vault: Vault, options: { budgetMs: number; nowMs: number; everyMs: number }) {
  for (let slices = 1; slices < 5_000; slices += 1) {
    const health = await vault.verifySlice(options);
    if (health.pass === null) return { health, slices };
  }
  throw new Error('it does not come to its end');
}

function change(path: string, table: string, key: string, where: string): number[] {
  const db = new BetterSqlite3(path);
  const rows = db.prepare(`SELECT ${key} AS id, box FROM ${table} WHERE ${where}`).all() as {
    id: number;
    box: Buffer;
  }[];
  for (const { id, box } of rows) {
    box[60] = (box[60] ?? 0) ^ 1;
    db.prepare(`UPDATE ${table} SET box = ? WHERE ${key} = ?`).run(box, id);
  }
  db.close();
  return rows.map(({ id }) => id);
}

function damageOf({ damage }: VaultHealth) {
  return damage === null ? null : [damage.records, damage.contents, damage.snapshots];
}

describe('Vault.verifySlice()', () => {
  it('looks at the newest at once, and through everything each month', async () => {
    await using test = await openTestVault();
    await fill(test, 5);
    expect(await test.vault.health()).toMatchObject({ quickAtMs: null, deepAtMs: null, pass: null, damage: null });

    const first = await test.vault.verifySlice({ ...MONTH, budgetMs: 0 });
    expect(first).toMatchObject({ quickAtMs: TEST_NOW_MS, deepAtMs: null, pass: { done: 1 } });
    const { health } = await finish(test.vault, { ...MONTH, budgetMs: 20 });

    expect(health).toMatchObject({ deepAtMs: TEST_NOW_MS, lastVerifiedAtMs: TEST_NOW_MS, damage: null });
    const later = await test.vault.verifySlice({ ...MONTH, nowMs: TEST_NOW_MS + 29 * DAY_MS, budgetMs: 5 });
    expect(later.pass).toBeNull();
    const due = await test.vault.verifySlice({ ...MONTH, nowMs: TEST_NOW_MS + 31 * DAY_MS, budgetMs: 0 });
    expect(due.pass).not.toBeNull();
    // A clock that was wrong by years must not put it off for as long.
    await using other = await openTestVault();
    await fill(other, 1);
    await finish(other.vault, { ...MONTH, nowMs: TEST_NOW_MS + 3_650 * DAY_MS, budgetMs: 20 });
    expect((await other.vault.verifySlice({ ...MONTH, budgetMs: 0 })).pass).not.toBeNull();
    expect((await other.vault.verifySlice({ ...MONTH, everyMs: 0, budgetMs: 5 })).pass?.done).toBe(0);
  });

  it('goes on where it stood, after a start and in another process, and ends once', async () => {
    await using test = await openTestVault();
    await fill(test, 30);
    const places: number[] = [];
    for (let slices = 0; slices < 12; slices += 1)
      places.push((await test.vault.verifySlice({ ...MONTH, budgetMs: 0.01 })).pass?.done ?? -1);
    const noted = places.at(-3) ?? 0;
    expect(noted).toBeGreaterThan(0);

    const other = await openVault({
      ...{ path: test.path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR },
      secret: { type: 'password', text: TEST_PASSWORD },
    });
    const taken = await other.verifySlice({ ...MONTH, budgetMs: 0.01 });
    // Noted every ten slices: what is done twice is little.
    expect(taken.pass?.done).toBeGreaterThanOrEqual(places[8] ?? 0);
    await finish(other, { ...MONTH, budgetMs: 50 });
    await other.close();

    expect((await test.vault.verifySlice({ ...MONTH, budgetMs: 5 })).pass).toBeNull();
    await test.reopen();
    expect(await test.vault.health()).toMatchObject({ deepAtMs: TEST_NOW_MS, pass: null });
  });

  it('goes on where it stood when the vault was closed, however little was done', async () => {
    await using test = await openTestVault();
    await fill(test, 30);
    for (let slices = 0; slices < 3; slices += 1) await test.vault.verifySlice({ ...MONTH, budgetMs: 0 });
    const { pass } = await test.vault.health();
    await test.reopen();

    expect(pass?.done).toBe(3);
    expect(await test.vault.health()).toMatchObject({ pass });
  });

  it.each([
    ['chunks', 'record_id', '1', [5, 5, 0]],
    ['snapshots', 'sequence', 'sequence = 2', [1, 0, 1]],
    ['keyframe_copies', 'record_id', '1', [1, 0, 0]],
  ] as const)('finds what is damaged in %s, and every other process hears of it', async (table, key, where, found) => {
    await using test = await openTestVault();
    await fill(test, 5);
    await test.vault.upkeep(50);
    const other = await openVault({
      ...{ path: test.path, nowMs: TEST_NOW_MS, argon2: ARGON2_FLOOR },
      secret: { type: 'password', text: TEST_PASSWORD },
    });
    change(test.path, table, key, where);

    const { health } = await finish(test.vault, { ...MONTH, budgetMs: 50 });

    expect(damageOf(health)).toEqual(found);
    expect(health.lastVerifiedAtMs).toBeNull();
    expect(damageOf(await other.health())).toEqual(found);
    await other.close();
  });

  it('no longer tells of what is whole again, and keeps the time when it was first found', async () => {
    await using test = await openTestVault();
    await fill(test, 3);
    change(test.path, 'chunks', 'record_id', '1');
    await finish(test.vault, { ...MONTH, budgetMs: 50 });
    const again = await finish(test.vault, { ...MONTH, nowMs: TEST_NOW_MS + 31 * DAY_MS, budgetMs: 50 });
    expect(again.health.damage).toMatchObject({ foundAtMs: TEST_NOW_MS, records: 3 });

    // The same bit once more: all is as it was.
    change(test.path, 'chunks', 'record_id', '1');
    const healed = await test.vault.verifySlice({ ...MONTH, nowMs: TEST_NOW_MS + 31 * DAY_MS, budgetMs: 0 });

    expect(healed.damage).toBeNull();
  });

  it('tells of content that is gone while it is named, and of what a verification of everything found', async () => {
    await using test = await openTestVault();
    await fill(test, 3);
    const db = new BetterSqlite3(test.path);
    db.prepare('DELETE FROM chunks WHERE record_id = (SELECT min(record_id) FROM chunks)').run();
    db.close();

    const { health } = await finish(test.vault, { ...MONTH, budgetMs: 50 });
    expect(damageOf(health)).toEqual([1, 1, 0]);
    const report = await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS });

    expect(report.ok).toBe(false);
    expect(damageOf(await test.vault.health())).toEqual([1, 1, 0]);
  });

  it('lets captures through while it works', async () => {
    await using test = await openTestVault();
    await fill(test, 20);
    const looking = finish(test.vault, { ...MONTH, budgetMs: 1 });
    await fill(test, 5);

    expect((await looking).health.damage).toBeNull();
  });
});

describe('Vault.verify() beside looks in idle time', () => {
  const first = (path: string): number => {
    const db = new BetterSqlite3(path, { readonly: true });
    try {
      return Number(db.prepare('SELECT min(record_id) FROM chunks').pluck().get());
    } finally {
      db.close();
    }
  };
  const damage = (path: string, number: number): void => {
    const db = new BetterSqlite3(path);
    db.prepare('UPDATE chunks SET box = zeroblob(length(box)) WHERE record_id = ?').run(number);
    db.close();
  };
  const save = async (test: TestVault, count: number): Promise<void> => {
    for (let at = 0; at < count; at += 1)
      await test.vault.save(
        aCapture([aTerminal('a', { streams: [aStream({ kind: 'blob', text: `${at} ${'text '.repeat(at * 50)}` })] })], {
          takenAtMs: TEST_NOW_MS + at,
        }),
      );
  };

  it.each([[true], [false]])('says of known damage when it was first found (deep: %s)', async (isDeep) => {
    await using test = await openTestVault();
    await save(test, 3);
    damage(test.path, first(test.path));
    await test.vault.verify({ isDeep, nowMs: TEST_NOW_MS });

    await test.vault.verify({ isDeep, nowMs: TEST_NOW_MS + 60_000 });

    expect(await test.vault.health()).toMatchObject({ damage: { records: 1, foundAtMs: TEST_NOW_MS } });
  });

  it('forgets nothing that was found while it went on, behind where it was', async () => {
    await using test = await openTestVault();
    await save(test, 150);
    const number = first(test.path);
    const begun = Promise.withResolvers<void>();
    const verifying = test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS, onProgress: () => begun.resolve() });
    await begun.promise;
    damage(test.path, number);
    const known = { table: 'chunks', number, foundAtMs: TEST_NOW_MS, seenIn: 0 };
    await test.vault.writeSetting('verification', { damaged: [known] });
    await verifying;

    expect(await test.vault.health()).toMatchObject({ damage: { records: 1 } });
  });
});
