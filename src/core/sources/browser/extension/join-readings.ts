// Makes one of two readings of a profile: what the extension sees is what is open, in which order; what only the session file knows (where a
// tab had been, its container) is added. A tab has the same key whoever read it.

import type { PreviousItem } from '../../source.ts';
import { plainUrl, type BrowserTab, type BrowserWindow } from '../browser-tab.ts';

/** The extension's windows, each tab with what the session file says of it. */
export function addFileFacts(live: readonly BrowserWindow[], files: readonly BrowserWindow[]): BrowserWindow[] {
  const known = new Map(files.flatMap((window) => window.tabs.map((tab): [string, BrowserTab] => [tab.id, tab])));
  return live.map((window) => ({
    ...window,
    tabs: window.tabs.map((tab) => {
      const same = known.get(tab.id);
      if (same === undefined) return tab;
      const container = same.container === undefined ? {} : { container: same.container };
      // A file is older than what the extension sees: its history counts while it is at the same address.
      const isThere = same.history[same.current]?.url === tab.history[tab.current]?.url;
      return isThere
        ? { ...tab, ...container, history: same.history, current: same.current }
        : { ...tab, ...container };
    }),
  }));
}

/**
 * Gives tabs that were known before the extension named them the names they had, so that its coming does not look like every tab
 * closed and opened anew.
 */
export class FormerIds {
  readonly #former = new Map<string, string>();

  /** Learns from the session file, which knows both names of a tab once Firefox has written it; gives its windows with the names that count. */
  settleFiles(windows: readonly BrowserWindow[], before: PreviousTabs): readonly BrowserWindow[] {
    for (const { id, formerId } of windows.flatMap((window) => window.tabs)) {
      if (formerId !== undefined && !before.has(id) && before.has(formerId)) this.#former.set(id, formerId);
    }
    return this.#rename(windows, before);
  }

  /** The same for what the extension sees. A tab of which the file knows nothing yet is told by its address, then by its place. */
  settleLive(windows: readonly BrowserWindow[], before: PreviousTabs): readonly BrowserWindow[] {
    const tabs = windows.flatMap((window) => window.tabs);
    const taken = new Set(tabs.map(({ id }) => this.#idOf(id, before)));
    const free = Map.groupBy(
      [...before].filter(([id]) => !taken.has(id)),
      ([, { attributes }]) => attributes['url'],
    );
    windows.forEach((window, windowIndex) =>
      window.tabs.forEach((tab, index) => {
        if (before.has(tab.id) || this.#former.has(tab.id)) return;
        const same = free.get(plainUrl(tab.history[tab.current]?.url ?? '')) ?? [];
        const here = same.findIndex(([, item]) => isAt(item, windowIndex, index));
        const [former] = same.splice(Math.max(0, here), 1);
        if (former !== undefined) this.#former.set(tab.id, former[0]);
      }),
    );
    return this.#rename(windows, before);
  }

  #rename(windows: readonly BrowserWindow[], before: PreviousTabs): BrowserWindow[] {
    return windows.map((window) => ({
      ...window,
      tabs: window.tabs.map((tab) => ({ ...tab, id: this.#idOf(tab.id, before) })),
    }));
  }

  #idOf(id: string, before: PreviousTabs): string {
    return before.has(id) ? id : (this.#former.get(id) ?? id);
  }
}

/** A profile's tabs in the newest snapshot, by their ids. */
export type PreviousTabs = ReadonlyMap<string, PreviousItem>;

/** @param keyStart what the keys of the profile's tabs begin with */
export function previousTabs(previous: readonly PreviousItem[], keyStart: string): PreviousTabs {
  return new Map(
    previous.flatMap((item): [string, PreviousItem][] =>
      item.key.startsWith(keyStart) ? [[item.key.slice(keyStart.length), item]] : [],
    ),
  );
}

function isAt({ attributes }: PreviousItem, windowIndex: number, index: number): boolean {
  const { window } = attributes;
  const isWindow =
    typeof window === 'object' && window !== null && 'index' in window && window['index'] === windowIndex;
  return isWindow && attributes['index'] === index;
}
