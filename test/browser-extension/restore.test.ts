import { describe, expect, it } from 'vitest';

import { Restorer } from '../../resources/browser-extension/restore.js';
import { waitFor } from '../support/test-host.ts';
import { FakeBrowser } from './fake-browser.ts';

interface Tab {
  readonly url: string;
  readonly title: string;
  readonly index: number;
  readonly isPinned: boolean;
  readonly isActive: boolean;
  readonly group: number | null;
}

function aTab(url: string, index: number, facts: Partial<Tab> = {}): Tab {
  return { url, title: url, index, isPinned: false, isActive: false, group: null, ...facts };
}

function aWindow(tabs: readonly Tab[], facts: object = {}) {
  return {
    bounds: null,
    state: null,
    into: null,
    isOurs: true,
    mayFillBlank: false,
    tabs,
    groups: [] as { id: number | null; title: string; colour: string; isCollapsed: boolean }[],
    ...facts,
  };
}

const FAMILIES = [
  ['Firefox', true],
  ['Chromium', false],
] as const;

describe.each(FAMILIES)('Restorer in %s', (_name, isFirefox) => {
  it('makes a window with its tabs in order, pinned, grouped and with the right one shown', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const before = browser.addWindow(['https://mine/']);
    const tabs = [
      aTab('https://pin/', 0, { isPinned: true }),
      aTab('https://a/', 1, { group: 0 }),
      aTab('https://b/', 2, { group: 1, isActive: true }),
    ];
    const groups = [
      { id: null, title: 'Docs', colour: 'blue', isCollapsed: true },
      { id: null, title: 'Shown', colour: 'no colour', isCollapsed: true },
    ];
    const made = await new Restorer(browser.api).openWindow(
      aWindow(tabs, { groups, bounds: { left: 1, top: 2, width: 3, height: 4 }, state: 'maximized' }),
    );

    expect(browser.tabsOf(made.windowId).map(({ url, pinned, active }) => ({ url, pinned, active }))).toEqual([
      { url: 'https://pin/', pinned: true, active: false },
      { url: 'https://a/', pinned: false, active: false },
      { url: 'https://b/', pinned: false, active: true },
    ]);
    expect(browser.windows.find(({ id }) => id === made.windowId)).toMatchObject({
      left: 1,
      height: 4,
      state: 'maximized',
    });
    // The group that holds the tab that is shown stays open; a colour that there is not is left to the browser.
    expect(browser.groups).toMatchObject([
      { title: 'Docs', color: 'blue', collapsed: true },
      { title: 'Shown', color: 'grey', collapsed: false },
    ]);
    expect(browser.tabsOf(before).map(({ url }) => url)).toEqual(['https://mine/']);
  });

  it('loads nothing but pinned tabs and the one that is shown', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const tabs = [
      aTab('https://pin/', 0, { isPinned: true }),
      aTab('https://a/', 1),
      aTab('https://b/', 2, { isActive: true }),
    ];
    const { windowId } = await new Restorer(browser.api).openWindow(aWindow(tabs));

    await waitFor(
      'the tab to be unloaded',
      () =>
        browser
          .tabsOf(windowId)
          .map(({ discarded }) => discarded === true)
          .join() === 'false,true,false',
    );
  });

  it('says which tab the browser did not open, and opens the others', async () => {
    const browser = new FakeBrowser({ isFirefox });
    browser.refused = ['https://bad/'];
    const made = await new Restorer(browser.api).openWindow(aWindow([aTab('https://bad/', 0), aTab('https://a/', 1)]));

    expect(made.tabs).toMatchObject([{ error: 'Illegal URL: https://bad/' }, { id: expect.any(Number) }]);
    expect(browser.tabsOf(made.windowId).map(({ url }) => url)).toEqual(['https://a/']);
  });

  it.each([
    'javascript:alert(1)',
    'chrome://settings/',
    'about:config',
    'file:///etc/hostname',
    'data:text/html,x',
    '',
  ])('does not open %j, whoever asks', async (url) => {
    const browser = new FakeBrowser({ isFirefox });
    const made = await new Restorer(browser.api).openWindow(aWindow([aTab(url, 0)]));

    expect(made.tabs).toEqual([{ error: 'only web pages are opened' }]);
    // Nor does it leave an empty window.
    expect(browser.tabs).toEqual([]);
  });

  it('lets the browser choose where a window goes whose screen is gone', async () => {
    const browser = new FakeBrowser({ isFirefox });
    browser.isOffScreen = true;
    const made = await new Restorer(browser.api).openWindow(
      aWindow([aTab('https://a/', 0)], { bounds: { left: 9000, top: 0, width: 100, height: 100 } }),
    );

    expect(browser.tabsOf(made.windowId).map(({ url }) => url)).toEqual(['https://a/']);
  });

  it('puts what is missing back between the tabs of a window that is open, and does not change what it shows', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const into = browser.addWindow(['https://a/', 'https://c/'], { state: 'normal' });
    await new Restorer(browser.api).openWindow(
      aWindow([aTab('https://b/', 1, { isActive: true })], { into, isOurs: false, state: 'fullscreen' }),
    );

    expect(browser.tabsOf(into).map(({ url, active }) => [url, active])).toEqual([
      ['https://a/', true],
      ['https://b/', false],
      ['https://c/', false],
    ]);
    expect(browser.windows.find(({ id }) => id === into)?.state).toBe('normal');
  });

  it.each([
    'about:newtab',
    'about:home',
    'chrome://newtab/',
    'chrome://new-tab-page/',
    'chrome://new-tab-page-third-party/',
  ])('fills the empty window (%s) of a browser that was started for it, and no other', async (url) => {
    const browser = new FakeBrowser({ isFirefox });
    browser.addWindow([url], { incognito: true });
    const blank = browser.addWindow([url]);
    const restorer = new Restorer(browser.api);
    const first = await restorer.openWindow(aWindow([aTab('https://a/', 0)], { mayFillBlank: true }));
    const second = await restorer.openWindow(aWindow([aTab('https://b/', 0)], { mayFillBlank: true }));

    expect(first.windowId).toBe(blank);
    expect(browser.tabsOf(blank).map(({ url }) => url)).toEqual(['https://a/']);
    expect(second.windowId).not.toBe(blank);
  });

  it('goes on with a window in a second command, groups included', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const restorer = new Restorer(browser.api);
    const group = { id: null, title: 'Docs', colour: 'blue', isCollapsed: false };
    const first = await restorer.openWindow(aWindow([aTab('https://a/', 0, { group: 0 })], { groups: [group] }));
    await restorer.openWindow(
      aWindow([aTab('https://b/', 1, { group: 0, isActive: true })], {
        into: first.windowId,
        groups: [{ ...group, id: first.groups[0] }],
      }),
    );

    expect(new Set(browser.tabsOf(first.windowId).map(({ groupId }) => groupId)).size).toBe(1);
    expect(browser.tabsOf(first.windowId).map(({ active }) => active)).toEqual([false, true]);
  });

  it('closes what it opened, once, and only while it shows that', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const mine = browser.addWindow(['https://mine/']);
    const restorer = new Restorer(browser.api);
    const { windowId, tabs } = await restorer.openWindow(
      aWindow([aTab('https://a/', 0, { isActive: true }), aTab('https://b/', 1), aTab('https://moved/', 2)]),
    );
    const ids = tabs.map((tab) => ('id' in tab ? tab.id : -1));
    await waitFor(
      'the others to be unloaded',
      () => browser.tabsOf(windowId).filter((tab) => tab.discarded).length === 2,
    );
    browser.tabsOf(windowId)[2]!.url = 'https://elsewhere/';

    // Another worker, as after a pause of the extension: what was opened is remembered by the browser.
    const later = new Restorer(browser.api);
    expect(await later.closeTab(ids[0]!)).toEqual({ outcome: 'closed' });
    expect(await later.closeTab(ids[0]!)).toEqual({ outcome: 'unknown' });
    expect(await later.closeTab(ids[1]!)).toEqual({ outcome: 'closed' });
    expect(await later.closeTab(ids[2]!)).toEqual({ outcome: 'changed' });
    expect(await later.closeTab(browser.tabsOf(mine)[0]!.id)).toEqual({ outcome: 'unknown' });
    expect(browser.tabs.map(({ url }) => url)).toEqual(['https://mine/', 'https://elsewhere/']);
  });

  it('does not end the browser with its last tab', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const restorer = new Restorer(browser.api);
    const { tabs } = await restorer.openWindow(aWindow([aTab('https://a/', 0, { isActive: true })]));
    const id = tabs[0] !== undefined && 'id' in tabs[0] ? tabs[0].id : -1;

    expect(await restorer.closeTab(id)).toEqual({ outcome: 'closed' });
    expect(browser.tabs.map(({ url }) => url)).toEqual([undefined]);
  });

  it('takes where an address leads by itself for the tab that it opened', async () => {
    const browser = new FakeBrowser({ isFirefox });
    const restorer = new Restorer(browser.api);
    const { tabs, windowId } = await restorer.openWindow(aWindow([aTab('http://a/', 0, { isActive: true })]));
    const [tab] = browser.tabsOf(windowId);
    tab!.url = 'https://a/login';
    await restorer.noteUpdate(tab!.id, { status: 'complete' }, tab!);
    const id = tabs[0] !== undefined && 'id' in tabs[0] ? tabs[0].id : -1;

    expect(await restorer.closeTab(id)).toEqual({ outcome: 'closed' });
  });
});
