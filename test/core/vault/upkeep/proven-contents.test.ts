import { randomBytes } from 'node:crypto';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import type { ChunkRow } from '../../../../src/core/vault/tables/chunks.ts';
import { RangeDigest, RangeProver } from '../../../../src/core/vault/upkeep/proven-contents.ts';
import { aCapture, aStream, aTerminal } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../../support/test-vault.ts';

const DEEP = { isDeep: true, nowMs: TEST_NOW_MS } as const;
const RANGE = 256;

/** Twenty chunks of their own each. */
async function fill(test: TestVault, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 1) {
    const items = Array.from({ length: 20 }, (_, item) => {
      const lines = Array.from(
        { length: 40 },
        (__, line) => `snapshot ${at}, ${item}.${line}: ${Math.sqrt(at * 800 + item * 40 + line)}\n`,
      );
      return aTerminal(`t${item}`, { streams: [aStream({ kind: 'blob', text: lines.join('') })] });
    });
    await test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + at * 1_000 }));
  }
}

async function provenRanges({ vault }: TestVault): Promise<Record<string, string>> {
  return ((await vault.readSetting('proven-contents')) as { ranges?: Record<string, string> } | null)?.ranges ?? {};
}

function change(test: TestVault, sql: string, ...values: unknown[]): void {
  const db = new BetterSqlite3(test.path);
  expect(db.prepare(sql).run(...values).changes).toBe(1);
  db.close();
}

/** A chunk in the middle of what is there. */
function pickChunk(test: TestVault): { record_id: number; content_id: Buffer; box: Buffer } {
  const db = new BetterSqlite3(test.path);
  const row = db.prepare('SELECT record_id, content_id, box FROM chunks WHERE record_id > 100 LIMIT 1').get();
  db.close();
  return row as { record_id: number; content_id: Buffer; box: Buffer };
}

describe('a deep verification', () => {
  it('remembers whole ranges of content as proven, and goes on from there', async () => {
    await using test = await openTestVault();
    await fill(test, 0, 20);
    expect(await provenRanges(test)).toEqual({});

    const first = await test.vault.verify(DEEP);
    const proven = await provenRanges(test);
    await fill(test, 20, 40);
    const second = await test.vault.verify(DEEP);
    const more = await provenRanges(test);

    expect([first.ok, second.ok]).toEqual([true, true]);
    expect(Object.keys(proven).length).toBeGreaterThan(0);
    expect(Object.keys(more).length).toBeGreaterThan(Object.keys(proven).length);
    expect(more).toMatchObject(proven);
    // Into the last one more records will come.
    const { record_id: newest } = new BetterSqlite3(test.path)
      .prepare('SELECT max(record_id) AS record_id FROM chunks')
      .get() as { record_id: number };
    expect(Object.keys(more).map(Number)).not.toContain(Math.floor((newest + 1) / RANGE));
  });

  it('finds an id, a seal and a content that are damaged after they were proven', async () => {
    await using test = await openTestVault();
    await fill(test, 0, 20);
    await test.vault.verify(DEEP);
    const proven = await provenRanges(test);
    const { record_id: number, content_id: id, box } = pickChunk(test);
    const range = String(Math.floor(number / RANGE));
    expect(proven[range]).toBeDefined();
    const damaged = { what: 'chunk', detail: `chunk ${number} does not authenticate`, snapshots: 1 };
    const flipped = (bytes: Buffer, at: number): Buffer => {
      const other = Buffer.from(bytes);
      other[at] = (other[at] ?? 0) ^ 1;
      return other;
    };

    for (const [column, bytes, at] of [
      ['content_id', id, 3],
      ['box', box, 60],
      ['box', box, box.length - 1],
      ['box', box, 25],
    ] as const) {
      change(test, `UPDATE chunks SET ${column} = ? WHERE record_id = ?`, flipped(bytes, at), number);
      const { ok, damaged: found } = await test.vault.verify(DEEP);
      expect({ ok, found }).toEqual({ ok: false, found: [damaged] });
      expect((await provenRanges(test))[range]).toBeUndefined();
      change(test, `UPDATE chunks SET ${column} = ? WHERE record_id = ?`, bytes, number);
      expect((await test.vault.verify(DEEP)).ok).toBe(true);
      expect(await provenRanges(test)).toEqual(proven);
    }
  });

  it('decodes anew what a rotation changed, and misses a row that is gone', async () => {
    await using test = await openTestVault();
    await fill(test, 0, 20);
    await test.vault.verify(DEEP);
    const proven = await provenRanges(test);

    await test.vault.rotate({ nowMs: TEST_NOW_MS });
    expect((await test.vault.verify(DEEP)).ok).toBe(true);
    const rotated = await provenRanges(test);
    expect(Object.keys(rotated)).toEqual(Object.keys(proven));
    for (const [range, digest] of Object.entries(proven)) expect(rotated[range]).not.toBe(digest);

    // A row that is gone, of which nothing else tells.
    const { record_id: number } = pickChunk(test);
    change(test, 'DELETE FROM chunks WHERE record_id = ?', number);
    const { ok, damaged } = await test.vault.verify(DEEP);
    expect({ ok, chunks: damaged.filter(({ what }) => what === 'chunk').length }).toEqual({ ok: false, chunks: 1 });
  });

  it('goes on from what was looked at in idle time', async () => {
    await using test = await openTestVault();
    await fill(test, 0, 40);
    const idle = { budgetMs: 1, nowMs: TEST_NOW_MS, everyMs: 1_000 };
    for (let slices = 0; slices < 10_000; slices += 1) if ((await test.vault.verifySlice(idle)).pass === null) break;
    const inIdleTime = await provenRanges(test);

    expect((await test.vault.verify(DEEP)).ok).toBe(true);
    expect(Object.keys(inIdleTime).length).toBeGreaterThan(1);
    expect(await provenRanges(test)).toMatchObject(inIdleTime);
  });

  it('is not misled by a memory that makes no sense', async () => {
    await using test = await openTestVault();
    await fill(test, 0, 20);
    for (const value of [{ ranges: 7 }, { ranges: { x: 'y', 0: 'AAAA', 1: 3 } }, { ranges: { 0: '', '-1': 'AAAA' } }]) {
      await test.vault.writeSetting('proven-contents', value);
      expect((await test.vault.verify(DEEP)).ok).toBe(true);
      expect(Object.keys(await provenRanges(test)).every((range) => /^\d+$/.test(range))).toBe(true);
    }
  });
});

describe('RangeProver', () => {
  const row = (recordId: number): ChunkRow => ({ recordId, contentId: randomBytes(16), box: randomBytes(100) });
  const walk = (numbers: readonly number[], from = 0): RangeProver => {
    const prover = new RangeProver();
    let after = from;
    for (const number of numbers) {
      prover.add(row(number), after);
      after = number;
    }
    return prover;
  };
  const ranges = (prover: RangeProver, next = 10 * RANGE): number[] => [...prover.end(next).keys()];

  it('proves what was looked at from its first row to its last, and no more records can come into', () => {
    const numbers = [3, 9, 255, 256, 300, 700, 800, 1_100];
    expect(ranges(walk(numbers))).toEqual([0, 1, 2, 3, 4]);
    expect(ranges(walk(numbers), 1_279)).toEqual([0, 1, 2, 3]);
    expect(ranges(walk(numbers), 0)).toEqual([]);
  });

  it('does not prove a range that it came into, was away from, or found damaged', () => {
    expect(ranges(walk([300, 700], 260))).toEqual([2]);
    expect(ranges(walk([300, 700], 255))).toEqual([1, 2]);
    const away = walk([3, 9]);
    away.add(row(40), 30);
    away.add(row(300), 40);
    expect(ranges(away)).toEqual([1]);
    const far = walk([3, 9]);
    far.add(row(700), 650);
    expect(ranges(far)).toEqual([]);
    const bad = walk([3, 9]);
    bad.giveUp();
    bad.add(row(200), 9);
    bad.add(row(300), 200);
    expect(ranges(bad)).toEqual([1]);
  });
});

describe('RangeDigest', () => {
  it('differs with any number, id, header, nonce, tag and order', () => {
    const rows = [1, 2, 3].map((recordId) => ({ recordId, contentId: randomBytes(16), box: randomBytes(200) }));
    const digestOf = (of: readonly ChunkRow[]): string => {
      const digest = new RangeDigest();
      for (const row of of) digest.add(row);
      return digest.done();
    };
    const [first, second, third] = rows as [ChunkRow, ChunkRow, ChunkRow];
    const flip = (bytes: Buffer, at: number) =>
      Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
    const others: (readonly ChunkRow[])[] = [
      [first, second],
      [second, first, third],
      [first, { ...second, recordId: 4 }, third],
      [first, { ...second, contentId: flip(second.contentId, 0) }, third],
      ...[0, 31, 199, 184].map((at) => [first, { ...second, box: flip(second.box, at) }, third]),
    ];
    const digests = [rows, ...others].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf(rows)).toBe(digests[0]);
  });
});
