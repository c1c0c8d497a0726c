// Parses Firefox' session store. Cookies and form data are not looked at; private windows are not in it.

import { AppError } from '../../../shared/model/app-error.ts';
import type { BrowserTab, BrowserWindow, HistoryEntry, TabGroup } from '../browser/browser-tab.ts';
import { FIREFOX_EXTENSION_ID } from '../browser/extension/names.ts';
import { fitsMemory } from '../host/json-memory.ts';

const MAX_WINDOWS = 500;
const MAX_TABS = 20_000;
/** What 10,000 tabs with ten pages each take, and half as much again. */
const MAX_MEMORY_BYTES = 144 * 1024 * 1024;
/** Where the icon of a page begins, which is nothing that is kept and most of the bytes. Within a text its quotes would be escaped. */
const IMAGE = Buffer.from('"image":"data:');
const QUOTE = 0x22;
/** Where Firefox keeps what the extension has it remember of a tab: its name for it. */
const MARK = `extension:${FIREFOX_EXTENSION_ID}:id`;

type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * Null where the bytes are no session store.
 * @throws AppError SOURCE_UNREADABLE where it would take too much memory
 */
export function parseFirefoxSession(bytes: Uint8Array): BrowserWindow[] | null {
  const json = withoutImages(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (!fitsMemory(json, MAX_MEMORY_BYTES))
    throw new AppError('SOURCE_UNREADABLE', 'it holds more than fits into memory');
  const value = parseJson(json.toString('utf8'));
  if (!isRecord(value) || !Array.isArray(value['windows'])) return null;
  let left = MAX_TABS;
  const windows: BrowserWindow[] = [];
  for (const [index, window] of value['windows'].slice(0, MAX_WINDOWS).entries()) {
    // A private window should not be here; if one ever is, or says anything but that it is none, it is left out.
    if (!isRecord(window) || (window['isPrivate'] ?? false) !== false || !Array.isArray(window['tabs'])) continue;
    const groups = readGroups(window['groups']);
    const tabs = window['tabs']
      .slice(0, left)
      .map((tab, place) => readTab(tab, `${index}.${place}`, groups))
      .filter((tab) => tab !== null);
    left -= tabs.length;
    windows.push({
      id: String(index),
      selected: numberOf(window['selected'], 1) - 1,
      geometry: readGeometry(window),
      tabs,
    });
  }
  return windows;
}

/** The same text with empty icons; the very bytes where there are none. */
function withoutImages(json: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = json.indexOf(IMAGE); at >= 0; at = json.indexOf(IMAGE, from)) {
    const end = json.indexOf(QUOTE, at + IMAGE.length);
    if (end < 0) break;
    parts.push(json.subarray(from, at + IMAGE.length));
    from = end;
  }
  return from === 0 ? json : Buffer.concat([...parts, json.subarray(from)]);
}

function readTab(value: unknown, place: string, groups: ReadonlyMap<string, TabGroup>): BrowserTab | null {
  if (!isRecord(value)) return null;
  const entries = Array.isArray(value['entries']) ? value['entries'] : [];
  const history = entries.map(readEntry).filter((entry) => entry !== null);
  const typed = value['userTypedValue'];
  if (history.length === 0 && typeof typed === 'string' && typed !== '') history.push({ url: typed, title: typed });
  if (history.length === 0) return null;
  // The id of its newest document stays when the tab moves; its place is what is left otherwise.
  const first = entries.find(isRecord);
  const docshell = first?.['docshellUUID'];
  const container = numberOf(value['userContextId'], 0);
  const ownId = typeof docshell === 'string' && /^\{[0-9a-f-]{36}\}$/i.test(docshell) ? docshell.slice(1, -1) : place;
  const mark = readMark(value['extData']);
  return {
    id: mark ?? ownId,
    ...(mark === null ? {} : { formerId: ownId }),
    history,
    current: Math.min(history.length, Math.max(1, numberOf(value['index'], history.length))) - 1,
    isPinned: value['pinned'] === true,
    group: groups.get(String(value['groupId'])) ?? null,
    lastAccessedMs: typeof value['lastAccessed'] === 'number' ? value['lastAccessed'] : null,
    ...(container > 0 ? { container } : {}),
  };
}

/** Firefox stores the value as JSON. */
function readMark(value: unknown): string | null {
  const mark = isRecord(value) ? value[MARK] : undefined;
  return typeof mark === 'string' && /^"[0-9a-f-]{36}"$/.test(mark) ? mark.slice(1, -1) : null;
}

function readEntry(value: unknown): HistoryEntry | null {
  if (!isRecord(value) || typeof value['url'] !== 'string') return null;
  return { url: value['url'], title: typeof value['title'] === 'string' ? value['title'] : '' };
}

function readGroups(value: unknown): Map<string, TabGroup> {
  const groups = new Map<string, TabGroup>();
  if (!Array.isArray(value)) return groups;
  for (const group of value) {
    if (isRecord(group) && typeof group['id'] === 'string')
      groups.set(group['id'], {
        id: group['id'],
        name: textOf(group['name']),
        colour: textOf(group['color']),
        isCollapsed: group['collapsed'] === true,
      });
  }
  return groups;
}

function readGeometry(window: JsonRecord): BrowserWindow['geometry'] {
  const [x, y, width, height] = ['screenX', 'screenY', 'width', 'height'].map((name) => window[name]);
  return typeof x === 'number' && typeof y === 'number' && typeof width === 'number' && typeof height === 'number'
    ? { x, y, width, height }
    : null;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : otherwise;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // torn
  }
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
