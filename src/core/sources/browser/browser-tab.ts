// A browser's windows and tabs as every browser source gives them, and how they become items. Only what a tab shows is kept: cookies,
// form data and page state are dropped by the parsers before anything else sees them.

import { parseItemKey, type SourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';

/** Longer addresses are cut, and a restore does not open them: they would be other addresses. */
export const MAX_URL_LENGTH = 4096;
const MAX_TITLE_LENGTH = 300;
const MAX_HISTORY = 25;

export interface HistoryEntry {
  readonly url: string;
  readonly title: string;
}

/** How every browser calls the colours of its groups. Chromium's files number them in this order. */
export const GROUP_COLOURS = ['grey', 'blue', 'red', 'yellow', 'green', 'pink', 'purple', 'cyan', 'orange'] as const;

export interface TabGroup {
  /** Tells groups of one window apart, no more. */
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  readonly isCollapsed: boolean;
}

export interface BrowserTab {
  /** Stable within the browser's own files: its id, or its place. */
  readonly id: string;
  /** What its id was before the extension gave it one. */
  readonly formerId?: string;
  readonly history: readonly HistoryEntry[];
  /** Index of the entry that is shown. */
  readonly current: number;
  readonly isPinned: boolean;
  readonly group: TabGroup | null;
  readonly lastAccessedMs: number | null;
  readonly container?: number;
}

export interface BrowserWindow {
  readonly id: string;
  /** Index of the selected tab. */
  readonly selected: number;
  readonly geometry: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null;
  /** `maximized`, `minimized` or `fullscreen`, where that is known. */
  readonly state?: string;
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
  return windows.flatMap((window, windowIndex) => {
    const groups = [...new Set(window.tabs.flatMap(({ group }) => (group === null ? [] : [group.id])))];
    return window.tabs.flatMap((tab, index): CapturedItem[] => {
      const shown = tab.history[tab.current] ?? tab.history.at(-1);
      if (shown === undefined) return [];
      const name = `${tabKeyStart(profile)}${tab.id.slice(0, 300)}`;
      const copies = taken.get(name) ?? 0;
      taken.set(name, copies + 1);
      return [
        {
          key: parseItemKey(copies === 0 ? name : `${name}~${copies}`),
          kind: 'tab',
          source: profile.source,
          group: profile.profileDir,
          title: (shown.title || shown.url).replaceAll(/\s+/g, ' ').slice(0, MAX_TITLE_LENGTH),
          attributes: toAttributes(profile, { window, windowIndex, groups }, tab, index, shown),
          streams: [],
        },
      ];
    });
  });
}

/** What the keys of a profile's tabs begin with; the tab's id follows. */
export function tabKeyStart({ source, profile }: Pick<BrowserProfile, 'source' | 'profile'>): string {
  return `${source}:${profile.slice(0, 200)}/`;
}

function toAttributes(
  profile: BrowserProfile,
  place: { readonly window: BrowserWindow; readonly windowIndex: number; readonly groups: readonly string[] },
  tab: BrowserTab,
  index: number,
  shown: HistoryEntry,
): JsonObject {
  const { window, windowIndex, groups } = place;
  return {
    browser: profile.browser,
    profile: profile.profile,
    profileDir: profile.profileDir,
    isRunning: profile.isRunning,
    url: plainUrl(shown.url),
    window: {
      id: window.id,
      index: windowIndex,
      ...(window.geometry === null ? {} : { geometry: window.geometry }),
      ...(window.state === undefined ? {} : { state: window.state }),
    },
    index,
    isActive: index === window.selected,
    isPinned: tab.isPinned,
    ...(tab.group === null ? {} : { group: toGroupAttribute(tab.group, groups.indexOf(tab.group.id)) }),
    ...(tab.container === undefined ? {} : { container: tab.container }),
    ...(tab.lastAccessedMs === null ? {} : { lastAccessedMs: tab.lastAccessedMs }),
    ...(tab.history.length > 1 ? { history: toHistoryAttribute(tab) } : {}),
  };
}

/** What was made of histories: while a browser's file is the same its tabs have the same ones, and what looks at them knows them again. */
const madeHistories = new WeakMap<readonly HistoryEntry[], { readonly from: number; readonly list: JsonValue }>();

function toHistoryAttribute({ history, current }: BrowserTab): JsonValue {
  const from = Math.max(0, Math.min(current, history.length - 1) - 10);
  const made = madeHistories.get(history);
  if (made?.from === from) return made.list;
  const list = history
    .slice(from, from + MAX_HISTORY)
    .map((entry) => ({ url: plainUrl(entry.url), title: entry.title.slice(0, MAX_TITLE_LENGTH) }));
  madeHistories.set(history, { from, list });
  return list;
}

/** The browser's own id of a group is another one each time: its place among the window's groups tells it. */
function toGroupAttribute({ name, colour, isCollapsed }: TabGroup, index: number): JsonObject {
  return { name: name.slice(0, MAX_TITLE_LENGTH), colour, index, isCollapsed };
}

/** An address without name and password, and without content that is the address itself. */
export function plainUrl(url: string): string {
  if (/^(data|blob|javascript):/i.test(url)) return `${url.slice(0, url.indexOf(':') + 1)}…`;
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@?#]*@/i, '$1').slice(0, MAX_URL_LENGTH);
}
