import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { whereWasI } from '../../../src/core/timeline/where-was-i.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import { aCapture, aConversation, aTerminal, key } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, type TestVault } from '../../support/test-vault.ts';

const MINUTE_MS = 60_000;
const AWAY_MS = 30 * MINUTE_MS;

let test: TestVault;
beforeEach(async () => {
  test = await openTestVault();
});
afterEach(() => test[Symbol.asyncDispose]());

const save = (minute: number, items: readonly CapturedItem[]) =>
  test.vault.save(aCapture(items, { takenAtMs: TEST_NOW_MS + minute * MINUTE_MS }));
const ask = (minute: number, project?: string) =>
  whereWasI(test.vault, {
    nowMs: TEST_NOW_MS + minute * MINUTE_MS,
    awayMs: AWAY_MS,
    ...(project === undefined ? {} : { project }),
  });

function aRepository(attributes: CapturedItem['attributes'] = {}): CapturedItem {
  return aTerminal('api (main)', {
    key: key('git:/home/dev/api'),
    kind: 'repository',
    source: parseSourceId('git'),
    streams: [],
    attributes: { path: '/home/dev/api', remotes: {}, branch: 'main', ...attributes },
  });
}
const pane = aTerminal('pane', { attributes: { cwd: '/home/dev/api', argv: ['npm', 'run', 'dev'] } });
const talk = (isMidTurn: boolean): CapturedItem =>
  aConversation('talk', 'x\n', {
    attributes: { cwd: '/home/dev/api', lastMessage: 'shall I go on?', isLive: true, isMidTurn },
  });

describe('whereWasI()', () => {
  it('knows nothing where nothing was captured', async () => {
    expect(await ask(0)).toEqual({
      leftAtMs: null,
      leftSnapshotId: null,
      backAtMs: null,
      workedSinceMs: null,
      wasAway: false,
      projects: [],
      changedSince: [],
    });
  });

  it('tells what waits and what was open, while somebody is away', async () => {
    await save(0, [aRepository(), pane]);
    await save(10, [aRepository({ unstaged: 2, untracked: 1, unpushed: 3, operation: 'rebase' }), pane, talk(true)]);
    const found = await ask(120);
    expect(found).toMatchObject({
      leftAtMs: TEST_NOW_MS + 10 * MINUTE_MS,
      backAtMs: null,
      workedSinceMs: TEST_NOW_MS,
      changedSince: [],
    });
    expect(found.projects).toHaveLength(1);
    expect(found.projects[0]).toMatchObject({
      name: 'api',
      branch: 'main',
      uncommitted: 3,
      unpushed: 3,
      operation: 'rebase',
      conversations: [{ title: 'talk', lastMessage: 'shall I go on?', isMidTurn: true }],
      terminals: [{ title: 'pane', command: 'npm run dev' }],
    });
    expect(found.projects[0]?.lastDone.join()).toContain('talk');
  });

  it('finds the time of leaving behind what came after, and tells what changed since', async () => {
    await save(0, [aRepository(), pane]);
    await save(5, [aRepository({ unstaged: 1 }), pane]);
    await save(300, [aRepository({ unstaged: 1 }), pane, talk(false)]);
    const found = await ask(302);
    expect(found).toMatchObject({
      leftAtMs: TEST_NOW_MS + 5 * MINUTE_MS,
      backAtMs: TEST_NOW_MS + 300 * MINUTE_MS,
      workedSinceMs: TEST_NOW_MS,
    });
    expect(found.changedSince).toEqual(['conversation “talk” begun']);
    expect(found.wasAway).toBe(true);
  });

  it('tells what changed since by project', async () => {
    const notes = aTerminal('notes', { attributes: { cwd: '/home/dev/notes' } });
    const { summary } = await save(0, [aRepository(), pane, notes]);
    await save(300, [aRepository(), pane, talk(false)]);
    const found = await ask(302);
    expect(found.leftSnapshotId).toBe(summary.id);
    expect(Object.fromEntries(found.projects.map(({ name, changedSince }) => [name, changedSince]))).toEqual({
      api: ['conversation “talk” begun'],
      notes: ['terminal “notes” closed'],
    });
  });

  it('takes the whole time for work where nobody was away', async () => {
    await save(0, [pane]);
    await save(10, [aRepository(), pane]);
    expect(await ask(11)).toMatchObject({
      leftAtMs: TEST_NOW_MS + 10 * MINUTE_MS,
      workedSinceMs: TEST_NOW_MS,
      wasAway: false,
    });
  });

  it('tells one project only where it is asked for one', async () => {
    const notes = aTerminal('notes', { attributes: { cwd: '/home/dev/notes' } });
    await save(0, [aRepository(), pane, notes]);
    expect(new Set((await ask(60)).projects.map(({ name }) => name))).toEqual(new Set(['api', 'notes']));
    expect((await ask(60, 'notes')).projects.map(({ name }) => name)).toEqual(['notes']);
    expect((await ask(60, '/home/dev/api/src')).projects.map(({ name }) => name)).toEqual(['api']);
    expect((await ask(60, 'none')).projects).toEqual([]);
  });
});
