// A browser as an extension sees it: windows, tabs and groups in memory. It keeps to the rules that the real ones are known to have.

import type {
  BrowserWindow,
  Event,
  Group,
  Tab,
  WebExtensionApi,
} from '../../resources/browser-extension/webextension.d.ts';

type Writable<Value> = { -readonly [Name in keyof Value]: Value[Name] };
type FakeTab = Writable<Tab> & { id: number };

const SILENT: Event<never> = { addListener: () => undefined };

export interface FakeBrowserOptions {
  /** Firefox opens tabs unloaded and remembers values of tabs; Chromium unloads what has begun to load. */
  readonly isFirefox: boolean;
}

export class FakeBrowser {
  readonly api: WebExtensionApi;
  tabs: FakeTab[] = [];
  windows: Writable<BrowserWindow & { id: number }>[] = [];
  groups: Writable<Group>[] = [];
  readonly values = new Map<string, string>();
  readonly stored = new Map<string, unknown>();
  /** Addresses that the browser does not open. */
  refused: readonly string[] = [];
  /** Places that are on no screen. */
  isOffScreen = false;
  #ids = 100;
  readonly #isFirefox: boolean;

  constructor({ isFirefox }: FakeBrowserOptions) {
    this.#isFirefox = isFirefox;
    this.api = this.#createApi();
  }

  addWindow(urls: readonly string[], facts: Partial<BrowserWindow> = {}): number {
    const id = this.#nextId();
    this.windows.push({ id, incognito: false, ...facts });
    for (const url of urls) this.#addTab({ windowId: id, url, incognito: facts.incognito === true });
    const first = this.tabsOf(id)[0];
    if (first !== undefined) first.active = true;
    return id;
  }

  tabsOf(windowId: number): FakeTab[] {
    return this.tabs.filter((tab) => tab.windowId === windowId).toSorted((a, b) => a.index - b.index);
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #addTab(facts: Partial<FakeTab> & { windowId: number }): FakeTab {
    const present = this.tabsOf(facts.windowId);
    const pins = present.filter(({ pinned }) => pinned).length;
    const wanted = Math.min(facts.index ?? present.length, present.length);
    // Pinned tabs come first.
    const index = facts.pinned === true ? Math.min(wanted, pins) : Math.max(wanted, pins);
    for (const tab of present) if (tab.index >= index) tab.index += 1;
    const tab = { pinned: false, active: false, incognito: false, ...facts, id: this.#nextId(), index };
    this.tabs.push(tab);
    return tab;
  }

  #remove(id: number): void {
    const tab = this.#find(id);
    this.tabs = this.tabs.filter((other) => other.id !== id);
    this.tabsOf(tab.windowId).forEach((other, index) => (other.index = index));
    if (this.tabsOf(tab.windowId).length === 0)
      this.windows = this.windows.filter((other) => other.id !== tab.windowId);
  }

  #find(id: number): FakeTab {
    const tab = this.tabs.find((other) => other.id === id);
    if (tab === undefined) throw new Error(`No tab with id: ${id}.`);
    return tab;
  }

  #withTabs(window: BrowserWindow & { id: number }): BrowserWindow {
    return { ...window, tabs: this.tabsOf(window.id).map((tab) => ({ ...tab })) };
  }

  #createApi(): WebExtensionApi {
    const events = { onCreated: SILENT, onRemoved: SILENT, onMoved: SILENT, onUpdated: SILENT };
    const area = {
      get: async (name: string) => ({ [name]: structuredClone(this.stored.get(name)) }),
      set: async (values: Readonly<Record<string, unknown>>) => {
        for (const [name, value] of Object.entries(values)) this.stored.set(name, structuredClone(value));
      },
    };
    return {
      runtime: {
        connectNative: () => {
          throw new Error('not in this test');
        },
        getManifest: () => ({ version: '0.1.0' }),
        onStartup: SILENT,
        onInstalled: SILENT,
      },
      storage: { local: area, session: area },
      windows: {
        ...events,
        getAll: async () => this.windows.map((window) => this.#withTabs(window)),
        create: async (properties: { url?: string; left?: number }) => {
          if (this.isOffScreen && properties.left !== undefined) throw new Error('Invalid value for bounds.');
          const { url, ...bounds } = properties;
          const id = this.addWindow([url ?? 'about:newtab'], bounds);
          return this.#withTabs(this.windows.find((window) => window.id === id) ?? { id, incognito: false });
        },
        update: async (id, properties) => {
          const window = this.windows.find((other) => other.id === id);
          if (window === undefined) throw new Error(`No window with id: ${id}.`);
          return Object.assign(window, properties);
        },
      },
      tabs: {
        ...events,
        onActivated: SILENT,
        onAttached: SILENT,
        onDetached: SILENT,
        get: async (id) => ({ ...this.#find(id) }),
        query: async ({ windowId }: { windowId?: number }) =>
          windowId === undefined ? this.tabs : this.tabsOf(windowId),
        create: async (properties: Partial<FakeTab> & { windowId: number }) => {
          if (this.refused.includes(properties.url ?? '')) throw new Error(`Illegal URL: ${properties.url}`);
          if (properties.discarded === true && !this.#isFirefox) throw new Error("Unexpected property: 'discarded'.");
          if (properties.discarded === true && properties.pinned === true)
            throw new Error('Pinned tabs cannot be created and discarded.');
          return { ...this.#addTab(properties) };
        },
        update: async (id, properties: { active?: boolean }) => {
          const tab = this.#find(id);
          if (properties.active === true) for (const other of this.tabsOf(tab.windowId)) other.active = false;
          return Object.assign(tab, properties);
        },
        remove: async (id) => this.#remove(id),
        group: async ({
          tabIds,
          groupId,
          createProperties,
        }: {
          tabIds: number[];
          groupId?: number;
          createProperties?: { windowId: number };
        }) => {
          const id = groupId ?? this.#nextId();
          if (groupId === undefined)
            this.groups.push({ id, windowId: createProperties?.windowId ?? 0, color: 'grey', collapsed: false });
          for (const tabId of tabIds) this.#find(tabId).groupId = id;
          return id;
        },
        discard: async (id) => {
          const tab = this.#find(id);
          if (tab.active) throw new Error('Cannot discard an active tab.');
          return { ...Object.assign(tab, { discarded: true, id: this.#nextId() }) };
        },
      },
      tabGroups: {
        ...events,
        query: async () => this.groups,
        update: async (id, properties) => {
          const group = this.groups.find((other) => other.id === id);
          if (group === undefined) throw new Error(`No group with id: ${id}.`);
          return Object.assign(group, properties);
        },
      },
      sessions: this.#isFirefox
        ? {
            getTabValue: async (id, name) => this.values.get(`${this.#find(id).id} ${name}`),
            setTabValue: async (id, name, value) => {
              this.values.set(`${this.#find(id).id} ${name}`, value);
            },
          }
        : {},
    };
  }
}
