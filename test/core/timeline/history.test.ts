import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Timeline } from '../../../src/core/timeline/timeline.ts';
import { notePresence } from '../../../src/core/timeline/presence.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { aCapture, aConversation, aStream, aTerminal, key } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../support/test-vault.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let test: TestVault;
let timeline: Timeline;
let nowMs: number;

beforeEach(async () => {
  test = await openTestVault();
  nowMs = TEST_NOW_MS + 2 * 3_600_000;
  timeline = new Timeline({
    vault: test.vault,
    nowMs: () => nowMs,
    settings: () => ({ retention: DEFAULT_RETENTION, captureIntervalMs: 30_000 }),
  });
});
afterEach(() => test[Symbol.asyncDispose]());

function save(minute: number, items: readonly CapturedItem[], overrides: Parameters<typeof aCapture>[1] = {}) {
  return test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + minute * MINUTE_MS, ...overrides }));
}

describe('Timeline.page()', () => {
  it('collapses snapshots that hold the same, tells each change in words, and counts', async () => {
    await save(0, [aTerminal('a')]);
    await save(1, [aTerminal('a')]);
    await save(2, [aTerminal('a'), aTerminal('b')]);
    await save(3, [aTerminal('a'), aTerminal('b')]);
    await save(4, [aTerminal('a'), aTerminal('b')]);

    const { rows, cursor } = await timeline.page({}, 10);

    expect(rows.map(({ words, count }) => [words, count])).toEqual([
      [['terminal “b” opened'], 3],
      [['terminal “a” opened'], 2],
    ]);
    expect(rows[0]).toMatchObject({ takenAt: '2026-11-20T12:02:00.000Z', lastTakenAt: '2026-11-20T12:04:00.000Z' });
    expect(cursor).toBeUndefined();
  });

  it('continues where a page ended, and gives every change once', async () => {
    const names = Array.from({ length: 23 }, (_, at) => `t${at}`);
    for (const [at] of names.entries())
      await save(
        at,
        names.slice(0, at + 1).map((name) => aTerminal(name)),
      );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await timeline.page({}, 5, cursor);
      seen.push(...page.rows.flatMap(({ words }) => words));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(seen).toEqual(names.toReversed().map((name) => `terminal “${name}” opened`));
  });

  it('keeps what was asked for as rows of their own, and marks a silence', async () => {
    await save(0, [aTerminal('a')]);
    await save(1, [aTerminal('a')], { kind: 'manual' });
    await save(60, [aTerminal('a')]);
    await save(61, [aTerminal('a')]);
    const { rows } = await timeline.page({}, 10);
    expect(rows.map(({ kind, count }) => [kind, count])).toEqual([
      ['manual', 3],
      ['automatic', 1],
    ]);
  });

  it('tells what came with the first capture after a silence', async () => {
    await save(0, [aTerminal('a')]);
    await save(60, [aTerminal('a'), aTerminal('b')]);
    const { rows } = await timeline.page({}, 10);
    expect(rows[0]).toMatchObject({ silenceMs: 60 * MINUTE_MS, words: ['terminal “b” opened'] });
  });

  it('takes no thinned history for silence, and none in which Cairn watched', async () => {
    await save(0, [aTerminal('a')]);
    await save(60, [aTerminal('a'), aTerminal('b')]);
    await save(120, [aTerminal('a')]);
    nowMs = TEST_NOW_MS + 2 * DAY_MS;
    expect((await timeline.page({}, 10)).rows.map(({ silenceMs }) => silenceMs)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect((await timeline.density(null, null, 4)).gaps).toEqual([]);

    nowMs = TEST_NOW_MS + 3 * 3_600_000;
    const watch = { fromMs: TEST_NOW_MS + MINUTE_MS, toMs: TEST_NOW_MS + 59 * MINUTE_MS };
    await notePresence(test.vault, { start: null, watches: [watch] });
    expect((await timeline.page({}, 10)).rows.map(({ silenceMs }) => silenceMs)).toEqual([
      60 * MINUTE_MS,
      undefined,
      undefined,
    ]);
    expect((await timeline.density(null, null, 4)).gaps).toEqual([
      { from: '2026-11-20T13:00:00.000Z', to: '2026-11-20T14:00:00.000Z' },
    ]);
  });

  it('shows a start of Cairn before the row that followed it, and on the axis', async () => {
    await save(0, [aTerminal('a')]);
    await notePresence(test.vault, { start: { atMs: TEST_NOW_MS + MINUTE_MS, after: 'reboot' }, watches: [] });
    await save(2, [aTerminal('b')]);
    const { rows } = await timeline.page({}, 10);
    expect(rows.map(({ restartedAfter }) => restartedAfter)).toEqual(['reboot', undefined]);
    const { restarts } = await timeline.density(null, null, 4);
    expect(restarts).toEqual([{ at: '2026-11-20T12:01:00.000Z', after: 'reboot' }]);
  });

  it('says why each is kept, and until when', async () => {
    await save(0, [aTerminal('a')]);
    await save(1, [aTerminal('b')]);
    await save(60, [aTerminal('c')]);
    const { rows } = await timeline.page({}, 10);
    const DAY = 24 * 60;
    const until = (minutes: number) => new Date(TEST_NOW_MS + minutes * MINUTE_MS).toISOString();
    expect(rows.map(({ kept }) => kept)).toEqual([
      { reason: 'latest' },
      { reason: 'recent', until: until(1 + 7 * DAY) },
      { reason: 'recent', until: until(DAY) },
    ]);
  });

  it('filters by kind, project, tag and time', async () => {
    await save(0, [aTerminal('a')]);
    await save(1, [aTerminal('a'), aConversation('talk', 'x\n')]);
    await save(2, [aTerminal('a'), aConversation('talk', 'x\n'), aTerminal('b')], {
      checkpoint: { name: 'named', description: '', tags: ['release'], priority: 'normal', pinned: false },
    });
    const words = async (filter: Parameters<Timeline['page']>[0]) =>
      (await timeline.page(filter, 10)).rows.flatMap((row) => row.words);
    expect(await words({ kinds: ['conversation'] })).toEqual(['conversation “talk” begun']);
    expect(await words({ projects: ['b'] })).toEqual(['terminal “b” opened']);
    expect(await words({ tags: ['release'] })).toEqual(['terminal “b” opened']);
    expect(await words({ tags: ['none'] })).toEqual([]);
    expect(await words({ checkpointsOnly: true })).toEqual(['terminal “b” opened']);
    expect(await words({ tags: ['release'], kinds: ['conversation'] })).toEqual([]);
    expect(await words({ checkpointsOnly: true, projects: ['b'] })).toEqual(['terminal “b” opened']);
    expect(await words({ checkpointsOnly: true, until: '2026-11-20T12:01:30.000Z' })).toEqual([]);
    expect(await words({ until: '2026-11-20T12:01:30.000Z' })).toHaveLength(2);
    expect(await words({ since: '2026-11-20T12:01:30.000Z' })).toEqual(['terminal “b” opened']);
    expect(await timeline.facets()).toMatchObject({
      projects: ['a', 'b'],
      tags: ['release'],
      kinds: ['conversation', 'terminal'],
    });
  });
});

describe('Timeline.item()', () => {
  it('gives the versions of one item and nothing of the others', async () => {
    const talk = (text: string) => aConversation('talk', text);
    await save(0, [talk('one\n'), aTerminal('a')]);
    await save(1, [talk('one\n'), aTerminal('b')]);
    await save(2, [talk('one\ntwo\n'), aTerminal('b')]);
    await save(3, [aTerminal('c')]);
    const { rows } = await timeline.item(key('claude-code:talk'), 10);
    expect(rows.map(({ words, sizeBytes, isGone }) => [words, sizeBytes, isGone])).toEqual([
      [['no longer there'], 0, true],
      [['Claude: talk'], 8, false],
      [['first seen'], 4, false],
    ]);
  });
});

describe('Timeline.items()', () => {
  it('gives what is open, and what was closed with when, each once', async () => {
    await save(0, [aTerminal('a'), aTerminal('b')]);
    await save(1, [aTerminal('a')]);
    await save(2, [aTerminal('a'), aTerminal('b')]);
    await save(3, [aTerminal('c')]);
    const { open, closed } = await timeline.items();
    expect(open.map(({ title }) => title)).toEqual(['c']);
    expect(closed.map(({ title, closedAt }) => `${title} ${closedAt}`).toSorted()).toEqual([
      'a 2026-11-20T12:03:00.000Z',
      'b 2026-11-20T12:03:00.000Z',
    ]);
  });

  it('is empty where nothing was captured', async () => {
    expect(await timeline.items()).toEqual({ open: [], closed: [] });
  });
});

describe('Timeline.density()', () => {
  it('counts in bins, and names the silences', async () => {
    for (const minute of [0, 1, 2, 60, 61]) await save(minute, [aTerminal('a')]);
    const { counts, gaps, oldest, newest } = await timeline.density(null, null, 2);
    expect(counts).toEqual([3, 2]);
    expect(gaps).toEqual([{ from: '2026-11-20T12:02:00.000Z', to: '2026-11-20T13:00:00.000Z' }]);
    expect([oldest, newest]).toEqual(['2026-11-20T12:00:00.000Z', '2026-11-20T13:01:00.000Z']);
    const zoomed = await timeline.density(TEST_NOW_MS + 60 * MINUTE_MS, TEST_NOW_MS + 61 * MINUTE_MS, 4);
    expect(zoomed.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it('is empty where nothing was captured', async () => {
    expect(await timeline.density(null, null, 10)).toMatchObject({ counts: [], gaps: [], stones: [] });
  });
});

describe('Timeline.search()', () => {
  it('finds titles, facts and contents of all times, the newest first, whatever the case', async () => {
    await save(0, [
      aTerminal('build', { streams: [aStream({ text: 'line one\nError: No Such Table users\nline three\n' })] }),
    ]);
    await save(1, [aTerminal('other')]);
    await save(2, [aTerminal('users')]);
    const { hits, isComplete } = await timeline.search({ text: 'USERS', limit: 10 });
    expect(isComplete).toBe(true);
    expect(hits.map(({ where, lineNumber, line }) => [where, lineNumber, line])).toEqual([
      ['title', 1, 'users'],
      ['scrollback', 2, 'Error: No Such Table users'],
    ]);
    expect(hits[1]!.line.slice(hits[1]!.from, hits[1]!.to)).toBe('users');
  });

  it('tells a hit in a transcript as the words that were said', async () => {
    const record = JSON.stringify({
      type: 'user',
      message: { content: [{ type: 'text', text: 'Why\n is the "cache" stale?' }] },
    });
    await save(0, [aConversation('talk', `{"torn\n${record}\n`)]);
    const { hits } = await timeline.search({ text: 'CACHE', limit: 5 });
    expect(hits.map(({ line, lineNumber }) => [line, lineNumber])).toEqual([['Why  is the "cache" stale?', 2]]);
    expect(hits[0]!.line.slice(hits[0]!.from, hits[0]!.to)).toBe('cache');
  });

  it('stops at the limit and says so; takes control sequences out of the line', async () => {
    await save(0, [
      aTerminal('a', {
        streams: [aStream({ text: '\u001b[31mred needle\u001b[0m\u001b]0;title\u0007\nneedle\nneedle\n' })],
      }),
    ]);
    const one = await timeline.search({ text: 'needle', limit: 1 });
    expect(one).toMatchObject({ isComplete: false });
    expect(one.hits[0]!.line).toBe('red needle');
    expect((await timeline.search({ text: 'absent', limit: 10 })).hits).toEqual([]);
    expect((await timeline.search({ text: 'needle', kinds: ['tab'], limit: 10 })).hits).toEqual([]);
  });
});
