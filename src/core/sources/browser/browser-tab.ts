// A browser's windows and tabs as every browser source gives them, and how they become items. Only what a tab shows is kept: cookies,
// form data and page state are dropped by the parsers before anything else sees them.

import { parseItemKey, type SourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';

const MAX_URL_LENGTH = 4096;
const MAX_TITLE_LENGTH = 300;
const MAX_HISTORY = 25;

export interface HistoryEntry {
  readonly url: string;
  readonly title: string;
}

export interface BrowserTab {
  /** Stable within the browser's own files: its id, or its place. */
  readonly id: string;
  readonly history: readonly HistoryEntry[];
  /** Index of the entry that is shown. */
  readonly current: number;
  readonly isPinned: boolean;
  readonly group: { readonly name: string; readonly colour: string } | null;
  readonly lastAccessedMs: number | null;
  readonly container?: number;
}

export interface BrowserWindow {
  readonly id: string;
  /** Index of the selected tab. */
  readonly selected: number;
  readonly geometry: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null;
  readonly tabs: readonly BrowserTab[];
}

export interface BrowserProfile {
  readonly source: SourceId;
  /** How a person calls the browser. */
  readonly browser: string;
  /** Name of the profile. */
  readonly profile: string;
  /** Folder that names the profile for a restore. */
  readonly profileDir: string;
  readonly isRunning: boolean;
}

/** One item a tab. */
export function toTabItems(profile: BrowserProfile, windows: readonly BrowserWindow[]): CapturedItem[] {
  const taken = new Map<string, number>();
  return windows.flatMap((window, windowIndex) =>
    window.tabs.flatMap((tab, index): CapturedItem[] => {
      const shown = tab.history[tab.current] ?? tab.history.at(-1);
      if (shown === undefined) return [];
      const name = `${profile.source}:${profile.profile.slice(0, 200)}/${tab.id.slice(0, 300)}`;
      const copies = taken.get(name) ?? 0;
      taken.set(name, copies + 1);
      return [
        {
          key: parseItemKey(copies === 0 ? name : `${name}~${copies}`),
          kind: 'tab',
          source: profile.source,
          group: profile.profileDir,
          title: (shown.title || shown.url).replaceAll(/\s+/g, ' ').slice(0, MAX_TITLE_LENGTH),
          attributes: toAttributes(profile, window, windowIndex, tab, index, shown),
          streams: [],
        },
      ];
    }),
  );
}

function toAttributes(
  profile: BrowserProfile,
  window: BrowserWindow,
  windowIndex: number,
  tab: BrowserTab,
  index: number,
  shown: HistoryEntry,
): JsonObject {
  const from = Math.max(0, Math.min(tab.current, tab.history.length - 1) - 10);
  return {
    browser: profile.browser,
    profile: profile.profile,
    profileDir: profile.profileDir,
    isRunning: profile.isRunning,
    url: plainUrl(shown.url),
    window: { id: window.id, index: windowIndex, ...(window.geometry === null ? {} : { geometry: window.geometry }) },
    index,
    isActive: index === window.selected,
    isPinned: tab.isPinned,
    ...(tab.group === null ? {} : { group: tab.group }),
    ...(tab.container === undefined ? {} : { container: tab.container }),
    ...(tab.lastAccessedMs === null ? {} : { lastAccessedMs: tab.lastAccessedMs }),
    ...(tab.history.length > 1
      ? {
          history: tab.history
            .slice(from, from + MAX_HISTORY)
            .map((entry) => ({ url: plainUrl(entry.url), title: entry.title.slice(0, MAX_TITLE_LENGTH) })),
        }
      : {}),
  };
}

/** An address without name and password, and without content that is the address itself. */
export function plainUrl(url: string): string {
  if (/^(data|blob|javascript):/i.test(url)) return `${url.slice(0, url.indexOf(':') + 1)}…`;
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@?#]*@/i, '$1').slice(0, MAX_URL_LENGTH);
}
