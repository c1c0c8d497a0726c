import { describe, expect, it } from 'vitest';

import type { BrowserTab, BrowserWindow } from '../../../../../src/core/sources/browser/browser-tab.ts';
import {
  addFileFacts,
  FormerIds,
  previousTabs,
} from '../../../../../src/core/sources/browser/extension/join-readings.ts';
import type { PreviousItem } from '../../../../../src/core/sources/source.ts';
import { parseItemKey } from '../../../../../src/shared/model/ids.ts';

const START = 'firefox:work/';

function aTab(id: string, url: string, facts: Partial<BrowserTab> = {}): BrowserTab {
  return {
    id,
    history: [{ url, title: url }],
    current: 0,
    isPinned: false,
    group: null,
    lastAccessedMs: null,
    ...facts,
  };
}

function aWindow(...tabs: BrowserTab[]): BrowserWindow {
  return { id: '0', selected: 0, geometry: null, tabs };
}

function before(...tabs: (readonly [id: string, url: string, index?: number])[]) {
  const items = tabs.map(([id, url, index], place): PreviousItem => ({
    key: parseItemKey(`${START}${id}`),
    kind: 'tab',
    group: '/p',
    title: url,
    attributes: { url, index: index ?? place, window: { id: '0', index: 0 } },
    stale: false,
    streams: [],
  }));
  return previousTabs(items, START);
}

const idsOf = (windows: readonly BrowserWindow[]): string[] =>
  windows.flatMap((window) => window.tabs.map(({ id }) => id));

describe('FormerIds', () => {
  it('keeps the names that tabs had before the extension came, by the session file', () => {
    const former = new FormerIds();
    const previous = before(['old-a', 'https://a/'], ['old-b', 'https://b/']);
    former.settleFiles([aWindow(aTab('m1', 'https://a/', { formerId: 'old-a' }))], previous);

    // The tab has gone on since: its address says nothing any more.
    expect(idsOf(former.settleLive([aWindow(aTab('m1', 'https://elsewhere/'))], previous))).toEqual(['old-a']);
  });

  it('keeps them by address and place while the session file knows nothing of the marks', () => {
    const former = new FormerIds();
    const previous = before(['old-1', 'https://same/'], ['old-2', 'https://same/'], ['old-3', 'https://c/']);
    const live = [aWindow(aTab('m1', 'https://c/'), aTab('m2', 'https://same/'), aTab('m3', 'https://new/'))];

    expect(idsOf(former.settleLive(live, previous))).toEqual(['old-3', 'old-2', 'm3']);
    // And from then on, wherever the tabs go.
    const later = [aWindow(aTab('m2', 'https://x/'), aTab('m1', 'https://y/'), aTab('m3', 'https://new/'))];
    const next = before(['old-3', 'https://c/'], ['old-2', 'https://same/'], ['m3', 'https://new/']);
    expect(idsOf(former.settleLive(later, next))).toEqual(['old-2', 'old-3', 'm3']);
  });

  it('gives the same names when the session file is read again', () => {
    const former = new FormerIds();
    const previous = before(['old-a', 'https://a/'], ['m2', 'https://b/']);
    const files = [
      aWindow(aTab('m1', 'https://a/', { formerId: 'old-a' }), aTab('m2', 'https://b/', { formerId: 'doc-2' })),
    ];

    expect(idsOf(former.settleFiles(files, previous))).toEqual(['old-a', 'm2']);
    expect(idsOf(former.settleFiles(files, before()))).toEqual(['old-a', 'm2']);
  });

  it('gives no name twice', () => {
    const previous = before(['old', 'https://a/']);
    const live = [aWindow(aTab('m1', 'https://a/'), aTab('m2', 'https://a/'))];

    expect(idsOf(new FormerIds().settleLive(live, previous))).toEqual(['old', 'm2']);
  });
});

describe('addFileFacts()', () => {
  it('adds where a tab had been and its container, while the file is at the same address', () => {
    const history = [
      { url: 'https://first/', title: '' },
      { url: 'https://a/', title: '' },
    ];
    const files = [aWindow(aTab('1', '', { history, current: 1, container: 2 }))];

    expect(addFileFacts([aWindow(aTab('1', 'https://a/'))], files)[0]?.tabs[0]).toMatchObject({
      history,
      current: 1,
      container: 2,
    });
    expect(addFileFacts([aWindow(aTab('1', 'https://b/'))], files)[0]?.tabs[0]).toMatchObject({
      history: [{ url: 'https://b/' }],
      container: 2,
    });
  });

  it('takes order, pins and windows from the extension', () => {
    const live = [aWindow(aTab('2', 'https://b/', { isPinned: true }), aTab('1', 'https://a/'))];
    const files = [aWindow(aTab('1', 'https://a/'), aTab('2', 'https://b/')), aWindow(aTab('3', 'https://closed/'))];

    expect(addFileFacts(live, files)).toEqual(live);
  });
});
