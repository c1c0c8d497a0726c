// Parses Chromium's session files (SNSS version 3): records of `u16 size, u8 id, payload`, replayed in order. A torn tail is where
// reading stops. Form data follow the title inside a navigation and are never read. Total: unknown ids and short payloads are skipped.

import { GROUP_COLOURS, type BrowserTab, type BrowserWindow, type TabGroup } from '../browser/browser-tab.ts';

const HEADER_BYTES = 8;
const MAX_RECORDS = 2_000_000;
const MAX_TEXT_BYTES = 1024 * 1024;
/** Microseconds between 1601, where Chromium counts from, and 1970. */
const EPOCH_OFFSET_US = 11_644_473_600_000_000n;

const COMMAND = {
  setTabWindow: 0,
  tabIndex: 2,
  navigation: 6,
  selectedNavigation: 7,
  selectedTab: 8,
  windowType: 9,
  pinned: 12,
  bounds: 14,
  tabClosed: 16,
  windowClosed: 17,
  lastActive: 21,
  navigationPruned: 24,
  tabGroup: 25,
  groupMetadata: 27,
} as const;
const NORMAL_WINDOW = 0;

export type SnssResult =
  | { readonly result: 'parsed'; readonly windows: readonly BrowserWindow[] }
  /** Version 5: sealed by the operating system's keyring, not ours to open. */
  | { readonly result: 'encrypted' }
  | { readonly result: 'not-snss' };

interface TabState {
  readonly navigations: Map<number, { url: string; title: string }>;
  current: number;
  window: number | null;
  index: number;
  isPinned: boolean;
  group: string | null;
  lastActiveMs: number | null;
}
interface WindowState {
  type: number | null;
  selected: number;
  geometry: BrowserWindow['geometry'];
}

export function parseSnss(bytes: Uint8Array): SnssResult {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, 4) !== 'SNSS') return { result: 'not-snss' };
  const version = file.readInt32LE(4);
  if (version >= 4) return { result: 'encrypted' };
  if (version !== 3 && version !== 1) return { result: 'not-snss' };
  const state = new SessionState();
  let at = HEADER_BYTES;
  for (let count = 0; count < MAX_RECORDS && at + 2 <= file.length; count += 1) {
    const size = file.readUInt16LE(at);
    if (size === 0 || at + 2 + size > file.length) break;
    state.apply(file.readUInt8(at + 2), file.subarray(at + 3, at + 2 + size));
    at += 2 + size;
  }
  return { result: 'parsed', windows: state.windows() };
}

class SessionState {
  readonly #tabs = new Map<number, TabState>();
  readonly #windows = new Map<number, WindowState>();
  readonly #groups = new Map<string, TabGroup>();

  apply(id: number, payload: Buffer): void {
    const int = (index: number): number =>
      payload.length >= index * 4 + 4 ? payload.readInt32LE(index * 4) : Number.NaN;
    const first = int(0);
    const second = int(1);
    if (Number.isNaN(first)) return;
    switch (id) {
      case COMMAND.setTabWindow:
        if (!Number.isNaN(second)) this.#tab(second).window = first;
        break;
      case COMMAND.tabIndex:
        if (!Number.isNaN(second)) this.#tab(first).index = second;
        break;
      case COMMAND.navigation:
        this.#navigate(payload);
        break;
      case COMMAND.selectedNavigation:
        if (!Number.isNaN(second)) this.#tab(first).current = second;
        break;
      case COMMAND.selectedTab:
        if (!Number.isNaN(second)) this.#window(first).selected = second;
        break;
      case COMMAND.windowType:
        if (!Number.isNaN(second)) this.#window(first).type = second;
        break;
      case COMMAND.pinned:
        if (payload.length >= 5) this.#tab(first).isPinned = payload.readUInt8(4) !== 0;
        break;
      case COMMAND.bounds:
        if (payload.length >= 20)
          this.#window(first).geometry = { x: int(1), y: int(2), width: int(3), height: int(4) };
        break;
      case COMMAND.tabClosed:
        this.#tabs.delete(first);
        break;
      case COMMAND.windowClosed:
        this.#windows.delete(first);
        break;
      case COMMAND.lastActive:
        if (payload.length >= 16)
          this.#tab(first).lastActiveMs = Number((payload.readBigInt64LE(8) - EPOCH_OFFSET_US) / 1000n);
        break;
      case COMMAND.navigationPruned:
        if (!Number.isNaN(int(2))) prune(this.#tab(first), second, int(2));
        break;
      case COMMAND.tabGroup:
        if (payload.length >= 25)
          this.#tab(first).group = payload.readUInt8(24) === 0 ? null : payload.toString('hex', 8, 24);
        break;
      case COMMAND.groupMetadata:
        this.#describeGroup(payload);
        break;
      default:
      // Others say nothing that is kept.
    }
  }

  windows(): BrowserWindow[] {
    const windows: BrowserWindow[] = [];
    for (const [id, window] of this.#windows) {
      if (window.type !== NORMAL_WINDOW) continue;
      const tabs = [...this.#tabs]
        .filter(([, tab]) => tab.window === id && tab.navigations.size > 0)
        .toSorted(([, a], [, b]) => a.index - b.index);
      if (tabs.length === 0) continue;
      // The selected tab is told by its index among all, as the tabs carry it.
      const selected = tabs.findIndex(([, tab]) => tab.index === window.selected);
      windows.push({
        id: String(id),
        selected: Math.max(0, selected),
        geometry: window.geometry,
        tabs: tabs.map(([tabId, tab]) => this.#toTab(tabId, tab)),
      });
    }
    return windows;
  }

  #toTab(id: number, tab: TabState): BrowserTab {
    const entries = [...tab.navigations].toSorted(([a], [b]) => a - b);
    const current = entries.findIndex(([index]) => index === tab.current);
    return {
      id: String(id),
      history: entries.map(([, entry]) => entry),
      current: current < 0 ? entries.length - 1 : current,
      isPinned: tab.isPinned,
      group:
        tab.group === null
          ? null
          : (this.#groups.get(tab.group) ?? { id: tab.group, name: '', colour: '', isCollapsed: false }),
      lastAccessedMs: tab.lastActiveMs,
    };
  }

  #navigate(payload: Buffer): void {
    const pickle = new Pickle(payload);
    const tab = pickle.int();
    const index = pickle.int();
    const url = pickle.text();
    const title = pickle.text16();
    // What follows is the page's state with typed text in it: not read.
    if (tab !== null && index !== null && url !== null && url !== '')
      this.#tab(tab).navigations.set(index, { url, title: title ?? '' });
  }

  #describeGroup(payload: Buffer): void {
    const pickle = new Pickle(payload);
    const id = pickle.bytes(16);
    const name = pickle.text16();
    const colour = GROUP_COLOURS[pickle.int() ?? -1] ?? '';
    const isCollapsed = pickle.int() === 1;
    if (id !== null && name !== null) {
      const hex = id.toString('hex');
      this.#groups.set(hex, { id: hex, name, colour, isCollapsed });
    }
  }

  #tab(id: number): TabState {
    const tab = this.#tabs.get(id) ?? {
      navigations: new Map(),
      current: -1,
      window: null,
      index: 0,
      isPinned: false,
      group: null,
      lastActiveMs: null,
    };
    this.#tabs.set(id, tab);
    return tab;
  }

  #window(id: number): WindowState {
    const window = this.#windows.get(id) ?? { type: null, selected: 0, geometry: null };
    this.#windows.set(id, window);
    return window;
  }
}

/** Chromium's pickle: a u32 length, then fields padded to four bytes. Every read past the end gives null. */
class Pickle {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(payload: Buffer) {
    const length = payload.length < 4 ? 0 : payload.readUInt32LE(0);
    this.#bytes = length > payload.length - 4 ? Buffer.alloc(0) : payload.subarray(4, 4 + length);
  }

  int(): number | null {
    const bytes = this.bytes(4);
    return bytes === null ? null : bytes.readInt32LE(0);
  }

  text(): string | null {
    const length = this.int();
    return length === null || length < 0 || length > MAX_TEXT_BYTES
      ? null
      : (this.bytes(length)?.toString('utf8') ?? null);
  }

  text16(): string | null {
    const length = this.int();
    return length === null || length < 0 || length > MAX_TEXT_BYTES
      ? null
      : (this.bytes(length * 2)?.toString('utf16le') ?? null);
  }

  bytes(length: number): Buffer | null {
    if (this.#at + length > this.#bytes.length) return null;
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += (length + 3) & ~3;
    return bytes;
  }
}

function prune(tab: TabState, from: number, count: number): void {
  if (count <= 0) return;
  const kept = [...tab.navigations].filter(([index]) => index < from || index >= from + count);
  tab.navigations.clear();
  for (const [index, entry] of kept) tab.navigations.set(index < from ? index : index - count, entry);
  if (tab.current >= from + count) tab.current -= count;
  else if (tab.current >= from) tab.current = from - 1;
}
