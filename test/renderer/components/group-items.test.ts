import { describe, expect, it } from 'vitest';

import { groupItems, matchesFilter, tabFacts } from '../../../src/renderer/components/items/group-items.ts';
import { moveInTree, toRows } from '../../../src/renderer/components/items/tree-rows.ts';
import { anItem } from '../support.ts';

const tab = (key: string, window: number, index: number, group = 'profile') =>
  anItem(key, {
    kind: 'tab',
    group,
    attributes: { browser: 'Firefox', profile: group, window: { index: window }, index },
  });

const ITEMS = [
  anItem('tmux:b', { project: 'web' }),
  anItem('tmux:a10', { project: 'api' }),
  anItem('tmux:a9', { project: 'api' }),
  anItem('tmux:z'),
  tab('firefox:2', 4, 1),
  tab('firefox:1', 4, 0),
  tab('firefox:3', 0, 0),
  anItem('git:/b', { kind: 'repository', project: 'b' }),
];

describe('groupItems()', () => {
  it('groups by kind, then by project, what is in none at the end', () => {
    const [terminals] = groupItems(ITEMS);

    expect(terminals?.groups.map(({ label, items }) => [label, ...items.map(({ title }) => title)])).toEqual([
      ['api', 'tmux:a9', 'tmux:a10'],
      ['web', 'tmux:b'],
      ['In no project', 'tmux:z'],
    ]);
  });

  it('gives tabs by window, in their order', () => {
    const tabs = groupItems(ITEMS).find(({ kind }) => kind === 'tab');

    expect(tabs?.groups.map(({ label, items }) => [label, ...items.map(({ key }) => key)])).toEqual([
      ['Firefox, window 1', 'firefox:3'],
      ['Firefox, window 2', 'firefox:1', 'firefox:2'],
    ]);
  });

  it('names the profile where a browser has several', () => {
    const [tabs] = groupItems([tab('firefox:1', 0, 0, 'work'), tab('firefox:2', 0, 0, 'home')]);

    expect(tabs?.groups.map(({ label }) => label)).toEqual(['Firefox, work, window 1', 'Firefox, home, window 1']);
  });

  it('needs no groups for repositories', () => {
    expect(
      groupItems(ITEMS)
        .at(-1)
        ?.groups.map(({ label }) => label),
    ).toEqual(['']);
  });

  it('takes senseless attributes', () => {
    const odd = anItem('firefox:1', { kind: 'tab', attributes: { window: 'x', index: null, browser: 3, group: [1] } });

    expect(groupItems([odd])[0]?.groups[0]?.items).toEqual([odd]);
    expect(tabFacts(odd)).toEqual({ isPinned: false, isActive: false, groupName: '' });
  });
});

describe('matchesFilter()', () => {
  it.each([
    ['a word of the title', 'LOGIN', true],
    ['words of different facts', 'login example', true],
    ['a word that is nowhere', 'login nowhere', false],
  ])('%s', (_name, filter, isFound) => {
    const item = anItem('firefox:1', { title: 'Login', attributes: { url: 'https://example.com' } });

    expect(matchesFilter(item, filter)).toBe(isFound);
  });
});

describe('toRows() and moveInTree()', () => {
  const sections = groupItems(ITEMS);

  it('leave out what is folded', () => {
    const all = toRows(sections, new Set());
    const folded = toRows(sections, new Set(['kind:terminal']));

    expect(all).toHaveLength(3 + 5 + ITEMS.length);
    expect(all.length - folded.length).toBe(3 + 4);
    expect(all[0]).toMatchObject({ level: 1, position: 1, setSize: 3 });
  });

  it('go down, up, in and out', () => {
    const rows = toRows(sections, new Set());

    expect(moveInTree(rows, 0, 'ArrowDown')).toEqual({ type: 'go', to: 1 });
    expect(moveInTree(rows, 0, 'ArrowUp')).toEqual({ type: 'go', to: 0 });
    expect(moveInTree(rows, 0, 'ArrowLeft')).toEqual({ type: 'fold', isOpen: false });
    expect(moveInTree(rows, 0, 'ArrowRight')).toEqual({ type: 'go', to: 1 });
    expect(moveInTree(rows, 2, 'ArrowLeft')).toEqual({ type: 'go', to: 1 });
    expect(moveInTree(rows, 2, 'End')).toEqual({ type: 'go', to: rows.length - 1 });
    expect(moveInTree(rows, 2, 'x')).toBeNull();
    expect(moveInTree(rows, -1, 'ArrowDown')).toEqual({ type: 'go', to: 0 });
    expect(moveInTree([], -1, 'ArrowDown')).toBeNull();
  });
});
