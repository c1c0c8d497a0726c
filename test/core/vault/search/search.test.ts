import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../../src/core/crypto/key-slot.ts';
import type { KeyTree } from '../../../../src/core/crypto/key-tree.ts';
import { openWriteDatabase } from '../../../../src/core/vault/database.ts';
import { decodeContent } from '../../../../src/core/vault/content/codec.ts';
import { openKeyring } from '../../../../src/core/vault/keyring/open-keyring.ts';
import { openVault } from '../../../../src/core/vault/vault-client.ts';
import type { SearchMatch, SearchQuery, Vault } from '../../../../src/core/vault/vault.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { aCapture, aConversation, aStream, aTerminal } from '../../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../../support/test-vault.ts';

const MINUTE_MS = 60_000;
const UPKEEP_MS = 2_000;

/** A few words that begin with the seed, and so many others that the index is written when there is time. */
function manyWords(seed: string): string {
  let state = Buffer.from(seed).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 7);
  const words = Array.from({ length: 6_000 }, (_, at) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at;
    return `${(state >>> 0).toString(36).padStart(7, 'k')}${at % 10 === 0 ? '\n' : ' '}`;
  });
  return `${seed}1w ${seed}1zw ${seed}2sw\n${words.join('')}`;
}

async function save(vault: Vault, minute: number, items: readonly CapturedItem[]): Promise<void> {
  await vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + minute * MINUTE_MS }));
}

async function find(vault: Vault, text: string, more: Partial<SearchQuery> = {}): Promise<readonly SearchMatch[]> {
  return (await vault.search({ text, limit: 50, budgetMs: 10_000, ...more })).matches;
}

function minuteOf(timeMs: number): number {
  return (timeMs - TEST_NOW_MS) / MINUTE_MS;
}

/** What the boxes of the index hold, opened and decoded. */
async function openIndex(path: string): Promise<string> {
  const db = openWriteDatabase(path);
  const opened = await openKeyring(
    db,
    { type: 'password', text: TEST_PASSWORD },
    { sidecarPath: `${path}.keys`, random: randomBytes, argon2: ARGON2_FLOOR },
  );
  const keys: KeyTree = opened.keyring.keys;
  const boxes = ['search_segments', 'search_pages'].flatMap((table) =>
    db.prepare<[], Buffer>(`SELECT box FROM ${table}`).pluck().all(),
  );
  const texts = boxes.map((box) => {
    const whole = keys.openAny(box);
    return whole === null ? '' : decodeContent(whole.header.codec, whole.payload, 1e9).toString('latin1');
  });
  db.close();
  return texts.join('\n');
}

function countPages(path: string): number {
  const db = new BetterSqlite3(path, { readonly: true });
  const count = Number(db.prepare('SELECT count(*) FROM search_pages').pluck().get());
  db.close();
  return count;
}

/** A vault whose index is written and holds a canary in a title, in a terminal and in a message. */
async function withWrittenIndex(test: TestVault): Promise<void> {
  await save(test.vault, 0, [aTerminal('build', { streams: [aStream({ text: manyWords('base') })] })]);
  await test.vault.upkeep(UPKEEP_MS);
  await save(test.vault, 1, [
    aTerminal('build', {
      title: 'titlecanary',
      streams: [aStream({ text: `${manyWords('base')}linecanary\n${manyWords('more')}` })],
    }),
    aConversation('talk', `${JSON.stringify({ message: { content: 'messagecanary' } })}\n`),
  ]);
  await test.vault.upkeep(UPKEEP_MS);
}

describe('search()', () => {
  it('tells what a hit was in, its line, and from when to when it was there', async () => {
    await using test = await openTestVault();
    const log = 'first line\nerror: no route to host\n';
    await save(test.vault, 0, [aTerminal('other')]);
    await save(test.vault, 1, [aTerminal('ping', { streams: [aStream({ text: log })] })]);
    await save(test.vault, 2, [aTerminal('ping', { streams: [aStream({ text: `${log}third\n` })] })]);
    await save(test.vault, 3, [aTerminal('other')]);

    const [hit] = await find(test.vault, 'route host');

    expect(hit).toMatchObject({
      item: { key: 'tmux:ping', kind: 'terminal', source: 'tmux', title: 'ping' },
      where: 'scrollback',
      line: 'error: no route to host',
      lineNumber: 2,
    });
    expect([hit?.firstSeenMs, hit?.lastSeenMs, hit?.takenAtMs].map((time) => minuteOf(time ?? 0))).toEqual([1, 2, 2]);
  });

  it('filters by kind, source, project and time', async () => {
    await using test = await openTestVault();
    // Anew each time: the vault takes over the buffers that it is given.
    const items = (): CapturedItem[] => [
      aTerminal('a', { attributes: { cwd: '/home/dev/api' }, streams: [aStream({ text: 'needle here\n' })] }),
      aTerminal('b', { attributes: { cwd: '/home/dev/web' }, streams: [aStream({ text: 'needle there\n' })] }),
      aConversation('c', '{"text":"needle said"}\n'),
    ];
    await save(test.vault, 0, items());
    await save(test.vault, 5, items().slice(1));
    const keysOf = async (more: Partial<SearchQuery>): Promise<string[]> =>
      (await find(test.vault, 'needle', more)).map(({ item }) => item.key).toSorted((a, b) => a.localeCompare(b));

    expect(await keysOf({})).toEqual(['claude-code:c', 'tmux:a', 'tmux:b']);
    expect(await keysOf({ kinds: ['conversation'] })).toEqual(['claude-code:c']);
    expect(await keysOf({ sources: [items()[0]!.source] })).toEqual(['tmux:a', 'tmux:b']);
    expect(await keysOf({ projects: ['web'] })).toEqual(['tmux:b']);
    expect(await keysOf({ sinceMs: TEST_NOW_MS + 2 * MINUTE_MS })).toEqual(['claude-code:c', 'tmux:b']);
    expect(await keysOf({ untilMs: TEST_NOW_MS - 1 })).toEqual([]);
    const [early] = await find(test.vault, 'needle', { untilMs: TEST_NOW_MS + MINUTE_MS, projects: ['web'] });
    expect(minuteOf(early?.takenAtMs ?? 0)).toBe(0);
    expect(minuteOf(early?.lastSeenMs ?? 0)).toBe(5);
  });

  it('brings all hits page by page, none twice', async () => {
    await using test = await openTestVault();
    for (let minute = 0; minute < 12; minute += 1) {
      const streams = [aStream({ text: `needle number ${minute}\n` })];
      await save(test.vault, minute, [
        aTerminal(`pane${minute}`, { streams, title: minute % 3 === 0 ? 'needle' : 'x' }),
      ]);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const answer = await test.vault.search({
        text: 'needle',
        limit: 4,
        budgetMs: 10_000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(answer.matches.length).toBeLessThanOrEqual(4);
      expect(answer.isComplete).toBe(answer.cursor === undefined);
      seen.push(...answer.matches.map(({ item, where, line }) => `${item.key} ${where} ${line}`));
      cursor = answer.cursor;
      pages += 1;
    } while (cursor !== undefined && pages < 20);

    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(12 + 4);
    expect(seen[0]).toContain('title');
  });

  it('looks into the middle of words where nothing begins so', async () => {
    await using test = await openTestVault();
    await save(test.vault, 0, [aTerminal('a', { streams: [aStream({ text: 'the reconnaissance\n' })] })]);

    expect((await find(test.vault, 'connaiss')).map(({ line }) => line)).toEqual(['the reconnaissance']);
    expect(await test.vault.search({ text: 'connaisseur', limit: 5, budgetMs: 10_000 })).toEqual({
      matches: [],
      isComplete: true,
    });
  });

  it('finds what was captured before the index was there, and after another opening', async () => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    await test.vault.close();
    const db = new BetterSqlite3(test.path);
    db.exec('DELETE FROM search_segments; DELETE FROM search_pages');
    db.close();
    await test.reopen();

    expect(await find(test.vault, 'linecanary')).toHaveLength(1);
    expect(await find(test.vault, 'titlecanary')).toHaveLength(1);
  });

  it('finds what two processes capture into one vault', async () => {
    await using test = await openTestVault();
    await save(test.vault, 0, [aTerminal('one', { streams: [aStream({ text: manyWords('first') })] })]);
    await using other = await openVault({
      path: test.path,
      secret: { type: 'password', text: TEST_PASSWORD },
      nowMs: TEST_NOW_MS,
      argon2: ARGON2_FLOOR,
    });
    for (let minute = 1; minute < 9; minute += 1) {
      const vault = minute % 2 === 0 ? test.vault : other;
      await save(vault, minute, [aTerminal('one', { streams: [aStream({ text: manyWords(`turn${minute}x`) })] })]);
      await vault.upkeep(UPKEEP_MS);
    }
    for (const vault of [test.vault, other])
      for (let minute = 1; minute < 9; minute += 1) expect(await find(vault, `turn${minute}x1zw`)).toHaveLength(1);
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });

  it('merges what comes together, and finds all of it', async () => {
    await using test = await openTestVault();
    for (let minute = 0; minute < 20; minute += 1) {
      await save(test.vault, minute, [aTerminal('one', { streams: [aStream({ text: manyWords(`m${minute}x`) })] })]);
      await test.vault.upkeep(UPKEEP_MS);
    }
    const db = new BetterSqlite3(test.path, { readonly: true });
    expect(Number(db.prepare('SELECT count(*) FROM search_segments').pluck().get())).toBeLessThan(12);
    db.close();
    for (let minute = 0; minute < 20; minute += 1) {
      const [hit] = await find(test.vault, `m${minute}x2sw`);
      expect([hit?.firstSeenMs, hit?.lastSeenMs].map((time) => minuteOf(time ?? 0))).toEqual([minute, minute]);
    }
  });
});

describe('[V22] the index in the file', () => {
  it('holds nothing readable', async () => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    expect(countPages(test.path)).toBeGreaterThan(1);
    expect(await openIndex(test.path)).toContain('titlecanary');
    for (const name of ['vault.db', 'vault.db-wal']) {
      const path = join(test.folder, name);
      if (statSync(path, { throwIfNoEntry: false }) !== undefined)
        expect(readFileSync(path).includes('canary')).toBe(false);
    }
  });

  it('holds nothing of what was forgotten, from the same commit on', async () => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    expect(await openIndex(test.path)).toContain('canary');

    await test.vault.forget(TEST_NOW_MS + MINUTE_MS, {});

    expect(await openIndex(test.path)).not.toContain('canary');
    for (const word of ['titlecanary', 'linecanary', 'messagecanary', 'more1w'])
      expect(await find(test.vault, word)).toEqual([]);
    expect((await find(test.vault, 'base1w')).map(({ lastSeenMs }) => minuteOf(lastSeenMs))).toEqual([0]);
    // What comes after is found, also where it was there before.
    await save(test.vault, 2, [aTerminal('build', { streams: [aStream({ text: manyWords('more') })] })]);
    expect((await find(test.vault, 'more1w')).map(({ firstSeenMs }) => minuteOf(firstSeenMs))).toEqual([2]);
    await test.reopen();
    expect(await find(test.vault, 'more1w')).toHaveLength(1);
    expect(await find(test.vault, 'linecanary')).toEqual([]);
  });

  it('shrinks when content is thinned out', async () => {
    await using test = await openTestVault();
    for (let minute = 0; minute < 6; minute += 1) {
      await save(test.vault, minute, [aTerminal('one', { streams: [aStream({ text: manyWords(`p${minute}x`) })] })]);
      await test.vault.upkeep(UPKEEP_MS);
    }
    const before = (await test.vault.statistics({ inactiveDays: 7, nowMs: TEST_NOW_MS })).search.storedBytes;
    const limits = { allHours: 0, hourlyDays: 0, dailyDays: 0, checkpointDays: 90, inactiveDays: 7 };
    await test.vault.prune(limits, TEST_NOW_MS + 40 * 86_400_000, { isDryRun: false });

    const after = (await test.vault.statistics({ inactiveDays: 7, nowMs: TEST_NOW_MS })).search.storedBytes;
    expect(before).toBeGreaterThan(0);
    expect(after).toBeLessThan(before / 2);
    expect(await find(test.vault, 'p1x1w')).toEqual([]);
    expect(await find(test.vault, 'p5x1w')).toHaveLength(1);
  });

  it.each(['search_segments', 'search_pages'])('is made anew where a box of %s is damaged', async (table) => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    await test.vault.close();
    const db = new BetterSqlite3(test.path);
    const rows = db.prepare<[], { record_id: number; box: Buffer }>(`SELECT record_id, box FROM ${table}`).all();
    for (const { record_id: recordId, box } of rows) {
      box.writeUInt8(box.readUInt8(box.length - 20) ^ 1, box.length - 20);
      db.prepare(`UPDATE ${table} SET box = ? WHERE record_id = ?`).run(box, recordId);
    }
    db.close();
    await test.reopen();

    expect((await test.vault.verify({ isDeep: false, nowMs: TEST_NOW_MS })).damaged[0]).toMatchObject({
      what: 'search index',
    });
    for (const word of ['linecanary', 'titlecanary', 'messagecanary']) {
      await expect.poll(async () => (await find(test.vault, word)).length).toBe(1);
    }
    await expect.poll(async () => (await test.vault.verify({ isDeep: false, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });

  it('is sealed anew by a rotation, and found in afterwards', async () => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    await test.vault.rotate({ nowMs: TEST_NOW_MS });
    expect(countPages(test.path)).toBeGreaterThan(1);
    await test.reopen();
    expect(await find(test.vault, 'linecanary')).toHaveLength(1);
    expect((await test.vault.verify({ isDeep: true, nowMs: TEST_NOW_MS })).damaged).toEqual([]);
  });

  it('is in backups, and damage to it keeps none from being made', async () => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    await test.vault.close();
    const db = new BetterSqlite3(test.path);
    db.exec("UPDATE search_pages SET box = x'00'");
    db.close();
    await test.reopen();
    const report = await test.vault.backup({ folder: join(test.folder, 'backups'), keep: 1, nowMs: TEST_NOW_MS });
    expect(report.checked).toBeGreaterThan(0);
  });

  it('says what it takes in memory, and at most', async () => {
    await using test = await openTestVault();
    await withWrittenIndex(test);
    await find(test.vault, 'base1w');
    const { search } = await test.vault.statistics({ inactiveDays: 7, nowMs: TEST_NOW_MS });
    expect(search).toMatchObject({ notIndexed: 0 });
    expect(search.memoryBytes).toBeGreaterThan(0);
    expect(search.memoryBytes).toBeLessThanOrEqual(search.maxMemoryBytes);
  });
});
