import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toTabItems } from '../../../../../src/core/sources/browser/browser-tab.ts';
import { parseState } from '../../../../../src/core/sources/browser/extension/parse-state.ts';
import { parseSourceId } from '../../../../../src/shared/model/ids.ts';

const PROBE = '7f7f2d00-b686-44f1-bab3-13abbb5a392a';
const INSTANCE = 'c487300b-c810-4a2a-be86-72d1b79f5853';
const MARK = 'b099ada9-2a39-4606-98bf-15e4b0bcda57';

function aState(windows: unknown, groups: unknown = []): unknown {
  return {
    type: 'state',
    hello: { type: 'hello', probe: PROBE, instance: INSTANCE },
    snapshot: { type: 'snapshot', windows, groups },
  };
}

const TAB = {
  id: 7,
  url: 'https://example.org/',
  title: 'Example',
  pinned: true,
  active: true,
  groupId: 3,
  lastAccessed: 12.7,
};
const WINDOW = { id: 1, state: 'maximized', left: 1, top: 2, width: 3, height: 4, tabs: [TAB] };
const GROUP = { id: 3, title: 'Docs', color: 'blue', collapsed: true };

describe('parseState()', () => {
  it('reads windows, tabs and groups', () => {
    expect(parseState(aState([WINDOW], [GROUP]))).toEqual({
      probe: PROBE,
      instance: INSTANCE,
      windows: [
        {
          id: '1',
          browserId: 1,
          selected: 0,
          geometry: { x: 1, y: 2, width: 3, height: 4 },
          state: 'maximized',
          tabs: [
            {
              id: '7',
              browserId: 7,
              history: [{ url: 'https://example.org/', title: 'Example' }],
              current: 0,
              isPinned: true,
              group: { id: '3', name: 'Docs', colour: 'blue', isCollapsed: true },
              lastAccessedMs: 12,
            },
          ],
        },
      ],
    });
  });

  it('names a tab by its mark where it has one', () => {
    const windows = [
      {
        ...WINDOW,
        tabs: [
          { ...TAB, mark: MARK },
          { ...TAB, id: 8, mark: '../x' },
        ],
      },
    ];

    expect(parseState(aState(windows))?.windows[0]?.tabs.map(({ id }) => id)).toEqual([MARK, '8']);
  });

  it('leaves out what is private, though it should not be here', () => {
    const windows = [
      { ...WINDOW, incognito: true },
      {
        ...WINDOW,
        id: 2,
        tabs: [
          { ...TAB, incognito: true, url: 'https://canary' },
          { ...TAB, active: false },
        ],
      },
    ];
    const state = parseState(aState(windows));

    expect(state?.windows.map(({ id, tabs }) => [id, tabs.length])).toEqual([['2', 1]]);
    expect(JSON.stringify(state)).not.toContain('canary');
  });

  it.each([1, 'yes', 'unknown', null, {}])('leaves out what says %j of its privacy, which is not "no"', (incognito) => {
    const windows = [
      { ...WINDOW, incognito, tabs: [{ ...TAB, url: 'https://canary' }] },
      { ...WINDOW, id: 2, tabs: [{ ...TAB, incognito, url: 'https://canary' }, TAB] },
    ];
    const state = parseState(aState(windows));

    expect(state?.windows.map(({ id, tabs }) => [id, tabs.length])).toEqual([['2', 1]]);
    expect(JSON.stringify(state)).not.toContain('canary');
  });

  it.each([
    ['no snapshot', { hello: { probe: PROBE, instance: INSTANCE }, snapshot: null }],
    ['no introduction', { hello: null, snapshot: { windows: [] } }],
    ['a probe that is a path', { hello: { probe: '../..', instance: INSTANCE }, snapshot: { windows: [] } }],
    ['windows that are none', { hello: { probe: PROBE, instance: INSTANCE }, snapshot: { windows: 'many' } }],
  ])('gives nothing for %s', (_name, value) => {
    expect(parseState(value)).toBeNull();
  });

  it('takes any JSON anywhere, and what it gives becomes items', () => {
    const profile = {
      source: parseSourceId('chromium'),
      browser: 'Chromium',
      profile: 'Default',
      profileDir: '/home/dev/.config/chromium/Default',
      isRunning: true,
    };
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.jsonValue(),
        fc.jsonValue(),
        fc.constantFrom('id', 'tabs', 'url', 'left'),
        (a, b, c, name) => {
          parseState(a);
          for (const state of [
            aState(a, b),
            aState([a, { ...WINDOW, [name]: b }], [a, { ...GROUP, id: c }]),
            aState(
              [{ ...WINDOW, tabs: [a, { ...TAB, [name]: c }, { ...TAB, title: a, lastAccessed: b, groupId: c }] }],
              [GROUP, b],
            ),
          ]) {
            const parsed = parseState(state);
            const items = toTabItems(profile, parsed?.windows ?? []);
            expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
          }
        },
      ),
    );
  });
});
