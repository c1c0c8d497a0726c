import { describe, expect, it } from 'vitest';

import { factsOf, takeSnapshot, TabMarks } from '../../resources/browser-extension/snapshot.js';
import { FakeBrowser } from './fake-browser.ts';

describe('takeSnapshot()', () => {
  it('says windows, tabs and groups in their order, and nothing of private windows', async () => {
    const browser = new FakeBrowser({ isFirefox: false });
    const first = browser.addWindow(['https://a/', 'https://b/'], { state: 'normal', left: 5 });
    const secret = browser.addWindow(['https://canary-private/'], { incognito: true });
    browser.windows.reverse();
    browser.tabsOf(first)[1]!.groupId = 9;
    browser.groups = [
      { id: 9, windowId: first, title: 'Docs', color: 'blue', collapsed: true },
      { id: 10, windowId: secret, title: 'canary-group', color: 'red', collapsed: false },
    ];
    const snapshot = await takeSnapshot(browser.api, new TabMarks(browser.api));

    expect(snapshot).toMatchObject({
      type: 'snapshot',
      windows: [
        {
          id: first,
          left: 5,
          tabs: [
            { url: 'https://a/', active: true },
            { url: 'https://b/', groupId: 9 },
          ],
        },
      ],
      groups: [{ id: 9, title: 'Docs', color: 'blue', collapsed: true }],
    });
    expect(JSON.stringify(snapshot)).not.toContain('canary');
  });

  it('gives no tab of a private window a mark', async () => {
    const browser = new FakeBrowser({ isFirefox: true });
    browser.addWindow(['https://canary-private/'], { incognito: true });
    await takeSnapshot(browser.api, new TabMarks(browser.api));

    expect(browser.values.size).toBe(0);
  });

  it('says where a tab is going that has not arrived, and cuts what is too long', async () => {
    const browser = new FakeBrowser({ isFirefox: false });
    const id = browser.addWindow(['', `https://a/${'x'.repeat(9_000)}`]);
    browser.tabsOf(id)[0]!.pendingUrl = 'https://slow/';
    const snapshot = await takeSnapshot(browser.api, new TabMarks(browser.api));

    expect(snapshot.windows[0]?.tabs.map(({ url }) => url.length)).toEqual(['https://slow/'.length, 4096]);
  });
});

describe('factsOf()', () => {
  it('is the same while nothing but the time of the shown tab goes on', async () => {
    const browser = new FakeBrowser({ isFirefox: true });
    const id = browser.addWindow(['https://a/', 'https://b/']);
    const marks = new TabMarks(browser.api);
    const facts = async (): Promise<string> => factsOf(await takeSnapshot(browser.api, marks));
    browser.tabsOf(id)[0]!.lastAccessed = 1;
    const before = await facts();
    browser.tabsOf(id)[0]!.lastAccessed = 2;

    expect(await facts()).toBe(before);
    browser.tabsOf(id)[1]!.pinned = true;
    expect(await facts()).not.toBe(before);
  });
});

describe('TabMarks', () => {
  it('gives each tab a mark that stays, also for another run of the extension', async () => {
    const browser = new FakeBrowser({ isFirefox: true });
    browser.addWindow(['https://a/', 'https://b/']);
    const marks = await new TabMarks(browser.api).of(browser.tabs);

    expect(new Set(marks.values()).size).toBe(2);
    expect(await new TabMarks(browser.api).of(browser.tabs)).toEqual(marks);
  });

  it('gives a tab that was duplicated another one', async () => {
    const browser = new FakeBrowser({ isFirefox: true });
    browser.addWindow(['https://a/', 'https://a/']);
    const known = new TabMarks(browser.api);
    const [one, copy] = browser.tabs;
    const before = await known.of([one!]);
    browser.values.set(`${copy!.id} id`, before.get(one!.id) ?? '');
    const after = await known.of([copy!, one!]);

    expect(after.get(one!.id)).toBe(before.get(one!.id));
    expect(new Set(after.values()).size).toBe(2);
  });

  it('does not mind tabs that are closed meanwhile', async () => {
    const browser = new FakeBrowser({ isFirefox: true });
    browser.addWindow(['https://a/', 'https://b/']);
    const [one, closed] = browser.tabs;
    browser.tabs = [one!];
    const marks = await new TabMarks(browser.api).of([closed!, one!]);

    expect(marks.get(one!.id)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('marks nothing in a browser whose own ids stay', async () => {
    const browser = new FakeBrowser({ isFirefox: false });
    browser.addWindow(['https://a/']);

    expect((await new TabMarks(browser.api).of(browser.tabs)).size).toBe(0);
  });
});
