// Parses what a helper program says: which extension speaks, and what is open. Total: a window, tab or group that makes no sense is left out, the
// rest counts.

import type { BrowserTab, BrowserWindow, TabGroup } from '../browser-tab.ts';

const MAX_WINDOWS = 500;
const MAX_TABS = 20_000;
const MAX_TEXT_LENGTH = 4096;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STATES = new Set(['maximized', 'minimized', 'fullscreen']);

type JsonRecord = Readonly<Record<string, unknown>>;

/** A tab as the extension sees it; `browserId` is the number by which the browser itself knows it until it ends. */
export interface LiveTab extends BrowserTab {
  readonly browserId: number;
}

export interface LiveWindow extends BrowserWindow {
  readonly browserId: number;
  readonly tabs: readonly LiveTab[];
}

export interface ExtensionState {
  /** Stands in the storage that the extension has in its profile, and in no other profile's. */
  readonly probe: string;
  /** Names this run of the browser. */
  readonly instance: string;
  readonly windows: readonly LiveWindow[];
}

/** Null where the extension has not said yet who it is and what is open. */
export function parseState(value: unknown): ExtensionState | null {
  if (!isRecord(value) || !isRecord(value['hello']) || !isRecord(value['snapshot'])) return null;
  const { probe, instance } = value['hello'];
  if (!isUuid(probe) || !isUuid(instance)) return null;
  const windows = readWindows(value['snapshot']);
  return windows === null ? null : { probe, instance, windows };
}

function readWindows(snapshot: JsonRecord): LiveWindow[] | null {
  if (!Array.isArray(snapshot['windows'])) return null;
  const groups = readGroups(snapshot['groups']);
  let left = MAX_TABS;
  return snapshot['windows'].slice(0, MAX_WINDOWS).flatMap((window: unknown): LiveWindow[] => {
    // What is private should not be here; if it ever is, it is left out.
    if (!isRecord(window) || !isPublic(window) || !Array.isArray(window['tabs'])) return [];
    const browserId = idOf(window['id']);
    if (browserId === null) return [];
    const read = window['tabs'].slice(0, left).map((tab) => ({ tab: readTab(tab, groups), isActive: isActive(tab) }));
    const tabs = read.flatMap(({ tab }) => (tab === null ? [] : [tab]));
    left -= tabs.length;
    const selected = read.filter(({ tab }) => tab !== null).findIndex((entry) => entry.isActive);
    const state = window['state'];
    return [
      {
        id: String(browserId),
        browserId,
        selected: Math.max(0, selected),
        geometry: readGeometry(window),
        ...(typeof state === 'string' && STATES.has(state) ? { state } : {}),
        tabs,
      },
    ];
  });
}

/** The extension sends what it knows to be public and says no more of it; anything said but "no" may mean "private". */
function isPublic({ incognito }: JsonRecord): boolean {
  return incognito === undefined || incognito === false;
}

function readTab(value: unknown, groups: ReadonlyMap<number, TabGroup>): LiveTab | null {
  if (!isRecord(value) || !isPublic(value)) return null;
  const browserId = idOf(value['id']);
  const url = textOf(value['url']);
  if (browserId === null || url === '') return null;
  const { mark, lastAccessed, groupId } = value;
  return {
    id: isUuid(mark) ? mark : String(browserId),
    browserId,
    history: [{ url, title: textOf(value['title']) }],
    current: 0,
    isPinned: value['pinned'] === true,
    group: groups.get(idOf(groupId) ?? -1) ?? null,
    lastAccessedMs: typeof lastAccessed === 'number' && Number.isFinite(lastAccessed) ? Math.trunc(lastAccessed) : null,
  };
}

function readGroups(value: unknown): Map<number, TabGroup> {
  const groups = new Map<number, TabGroup>();
  for (const group of Array.isArray(value) ? value : []) {
    const id = isRecord(group) ? idOf(group['id']) : null;
    if (id === null || !isRecord(group)) continue;
    const { title, color, collapsed } = group;
    groups.set(id, { id: String(id), name: textOf(title), colour: textOf(color), isCollapsed: collapsed === true });
  }
  return groups;
}

function readGeometry(window: JsonRecord): BrowserWindow['geometry'] {
  const [x, y, width, height] = ['left', 'top', 'width', 'height'].map((name) => window[name]);
  return isInteger(x) && isInteger(y) && isInteger(width) && isInteger(height) ? { x, y, width, height } : null;
}

function isActive(tab: unknown): boolean {
  return isRecord(tab) && tab['active'] === true;
}

function idOf(value: unknown): number | null {
  return isInteger(value) && value >= 0 ? value : null;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT_LENGTH) : '';
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
