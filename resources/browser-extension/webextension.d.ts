// The part of the WebExtension API that the extension uses, as both families of browsers have it. What only one has is optional.

export interface Tab {
  readonly id?: number;
  readonly windowId: number;
  readonly index: number;
  readonly url?: string;
  /** Chromium: where a tab is going that has not arrived. */
  readonly pendingUrl?: string;
  readonly title?: string;
  readonly pinned: boolean;
  readonly active: boolean;
  readonly incognito: boolean;
  readonly groupId?: number;
  readonly lastAccessed?: number;
  readonly discarded?: boolean;
  readonly status?: string;
}

export interface BrowserWindow {
  readonly id?: number;
  readonly incognito: boolean;
  readonly state?: string;
  readonly left?: number;
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
  readonly tabs?: readonly Tab[];
}

export interface Group {
  readonly id: number;
  readonly windowId: number;
  readonly title?: string;
  readonly color: string;
  readonly collapsed: boolean;
}

export interface Port {
  readonly onMessage: Event<[message: unknown]>;
  readonly onDisconnect: Event<[port: Port]>;
  postMessage(message: object): void;
}

export interface Event<Arguments extends readonly unknown[]> {
  addListener(listener: (...values: Arguments) => void): void;
}

interface StorageArea {
  get(name: string): Promise<Readonly<Record<string, unknown>>>;
  set(values: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface TabChange {
  readonly status?: string;
  readonly url?: string;
  readonly title?: string;
  readonly pinned?: boolean;
  readonly groupId?: number;
  readonly discarded?: boolean;
}

export interface WebExtensionApi {
  readonly runtime: {
    connectNative(name: string): Port;
    getManifest(): { readonly version: string };
    readonly onStartup: Event<[]>;
    readonly onInstalled: Event<[]>;
    readonly lastError?: { readonly message?: string } | null;
  };
  readonly storage: { readonly local: StorageArea; readonly session: StorageArea };
  readonly windows: {
    getAll(query: object): Promise<readonly BrowserWindow[]>;
    create(properties: object): Promise<BrowserWindow | null>;
    update(id: number, properties: object): Promise<BrowserWindow>;
    readonly onCreated: Event<[]>;
    readonly onRemoved: Event<[]>;
    readonly onBoundsChanged?: Event<[]>;
  };
  readonly tabs: {
    get(id: number): Promise<Tab>;
    query(query: object): Promise<readonly Tab[]>;
    create(properties: object): Promise<Tab>;
    update(id: number, properties: object): Promise<Tab>;
    remove(id: number): Promise<void>;
    group(properties: object): Promise<number>;
    /** Chromium gives the tab, under a new id where it got one. */
    discard(id: number): Promise<Tab | undefined>;
    readonly onCreated: Event<[]>;
    readonly onRemoved: Event<[]>;
    readonly onUpdated: Event<[id: number, change: TabChange, tab: Tab]>;
    readonly onMoved: Event<[]>;
    readonly onActivated: Event<[]>;
    readonly onAttached: Event<[]>;
    readonly onDetached: Event<[]>;
    readonly onReplaced?: Event<[]>;
  };
  readonly tabGroups?: {
    query(query: object): Promise<readonly Group[]>;
    update(id: number, properties: object): Promise<Group>;
    readonly onCreated: Event<[]>;
    readonly onUpdated: Event<[]>;
    readonly onRemoved: Event<[]>;
    readonly onMoved: Event<[]>;
  };
  readonly sessions: {
    /** Firefox only: a value that stays with the tab, also through a restart. */
    getTabValue?(id: number, name: string): Promise<unknown>;
    setTabValue?(id: number, name: string, value: string): Promise<void>;
  };
}

declare global {
  /** Firefox, and a Chromium that has it too. */
  const browser: WebExtensionApi | undefined;
  const chrome: WebExtensionApi;
}
