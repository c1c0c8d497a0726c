// Opens windows as they were: tabs in order, pinned, in their groups, and none but the active one loaded. Closes again what it opened, where nobody
// has used it since. Never closes, moves or changes what it has not made itself.

/** @import { WebExtensionApi, Tab, TabChange } from './webextension.d.ts' */

/**
 * @typedef {{ url: string, title: string, index: number, isPinned: boolean, isActive: boolean, group: number | null }} TabToOpen
 * @typedef {{ id: number | null, title: string, colour: string, isCollapsed: boolean }} GroupToOpen
 * @typedef {object} WindowToOpen
 * @property {{ left: number, top: number, width: number, height: number } | null} bounds
 * @property {string | null} state
 * @property {number | null} into the window that the tabs belong in; null makes one
 * @property {boolean} isOurs nobody looked at that window before, so it may show what it showed
 * @property {boolean} mayFillBlank the browser was started for this: an empty page that it shows is in the way
 * @property {readonly TabToOpen[]} tabs
 * @property {readonly GroupToOpen[]} groups
 *
 * @typedef {{ id: number, url: string, settledUrl?: string, isLoading: boolean }} Opened
 */

const COLOURS = new Set(['grey', 'blue', 'red', 'yellow', 'green', 'pink', 'purple', 'cyan', 'orange']);
const BLANK =
  /^(about:(blank|newtab|home|privatebrowsing)|(chrome|edge|brave):\/\/(newtab|new-tab-page(-third-party)?)\/?)$/;
const STATES = new Set(['maximized', 'fullscreen', 'minimized']);
const OPENED = 'opened';
/** How long a page may take to begin, and how often is looked. */
const COMMIT_MS = 10_000;
const POLL_MS = 100;

export class Restorer {
  /** @type {WebExtensionApi} */
  #api;
  /** Opened tabs by the id they had first; kept by the browser until it ends. */
  /** @type {Map<number, Opened> | null} */
  #opened = null;

  /** @param {WebExtensionApi} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * Opens what is asked for; each tab has an id or a reason in the answer.
   * @param {WindowToOpen} wanted
   */
  async openWindow(wanted) {
    const place = await this.#findPlace(wanted);
    const opened = await this.#load();
    /** @type {({ id: number } | { error: string })[]} */
    const results = [];
    /** @type {Map<number, number[]>} */
    const members = new Map();
    let activeId = null;
    for (const tab of wanted.tabs) {
      try {
        const { id } = await this.#openTab(place.windowId, tab);
        if (id === undefined) throw new Error('the browser gave the tab no id');
        opened.set(id, { id, url: tab.url, isLoading: tab.isActive || tab.isPinned });
        results.push({ id });
        if (tab.group !== null) members.set(tab.group, [...(members.get(tab.group) ?? []), id]);
        if (tab.isActive) activeId = id;
      } catch (error) {
        results.push({ error: messageOf(error) });
      }
    }
    const groups = await this.#makeGroups(place.windowId, wanted.groups, members);
    if (activeId !== null && wanted.isOurs) await this.#api.tabs.update(activeId, { active: true });
    if (place.blankTabId !== null && (place.isNew || results.some((result) => 'id' in result)))
      await this.#api.tabs.remove(place.blankTabId);
    await this.#collapse(wanted.groups, groups, activeId, members);
    if (wanted.state !== null && STATES.has(wanted.state) && wanted.isOurs)
      await this.#api.windows.update(place.windowId, { state: wanted.state });
    await this.#save();
    void this.#unload(wanted.tabs, results);
    return { windowId: place.windowId, tabs: results, groups };
  }

  /**
   * Closes a tab that was opened here, unless it shows something else by now.
   * @param {number} id
   * @returns {Promise<{ outcome: 'closed' | 'gone' | 'unknown' | 'changed' }>}
   */
  async closeTab(id) {
    const opened = await this.#load();
    const entry = opened.get(id);
    if (entry === undefined) return { outcome: 'unknown' };
    let tab;
    try {
      tab = await this.#api.tabs.get(entry.id);
    } catch {
      return { outcome: 'gone' };
    }
    const shown = tab.pendingUrl || tab.url || '';
    const isUntouched = [entry.url, entry.settledUrl].some((url) => url !== undefined && isSame(url, shown));
    if (!isUntouched && shown !== '' && shown !== 'about:blank') return { outcome: 'changed' };
    // Closing its last tab would end the browser: it stays with an empty one, as it is when it starts.
    const all = await this.#api.tabs.query({});
    if (all.every((other) => other.id === entry.id)) await this.#api.tabs.create({ windowId: tab.windowId });
    await this.#api.tabs.remove(entry.id);
    opened.delete(id);
    await this.#save();
    return { outcome: 'closed' };
  }

  /**
   * Where an address leads by itself is no use of the tab.
   * @param {number} id
   * @param {TabChange} change
   * @param {Tab} tab
   */
  async noteUpdate(id, change, tab) {
    if (change.status !== 'complete') return;
    const entry = [...(await this.#load()).values()].find((other) => other.id === id);
    if (entry === undefined || !entry.isLoading || tab.url === undefined || tab.url === 'about:blank') return;
    entry.settledUrl = tab.url;
    entry.isLoading = false;
    await this.#save();
  }

  /** @param {WindowToOpen} wanted */
  async #findPlace({ into, mayFillBlank, bounds, tabs }) {
    if (tabs.length === 0) throw new Error('there is nothing to open');
    if (into !== null)
      return { windowId: into, blankTabId: mayFillBlank ? await this.#findBlankIn(into) : null, isNew: false };
    const blank = mayFillBlank ? await this.#findBlank() : null;
    if (blank !== null) {
      if (bounds !== null) await this.#api.windows.update(blank.windowId, bounds).catch(() => undefined);
      return blank;
    }
    const made = await this.#makeWindow(bounds);
    const blankTabId = made?.tabs?.[0]?.id;
    if (made?.id === undefined || blankTabId === undefined || made.incognito)
      throw new Error('the browser made no window');
    return { windowId: made.id, blankTabId, isNew: true };
  }

  /**
   * Where its old place is not on any screen now, the browser chooses one.
   * @param {WindowToOpen['bounds']} bounds
   */
  async #makeWindow(bounds) {
    try {
      return await this.#api.windows.create({ url: 'about:blank', ...bounds });
    } catch (error) {
      if (bounds === null) throw error;
      return this.#api.windows.create({ url: 'about:blank' });
    }
  }

  async #findBlank() {
    const windows = await this.#api.windows.getAll({ populate: true, windowTypes: ['normal'] });
    for (const { id, incognito, tabs } of windows) {
      const only = tabs?.[0];
      if (incognito || id === undefined || tabs?.length !== 1 || only?.id === undefined) continue;
      if (isBlank(only)) return { windowId: id, blankTabId: only.id, isNew: false };
    }
    return null;
  }

  /** @param {number} windowId */
  async #findBlankIn(windowId) {
    return (await this.#api.tabs.query({ windowId })).find(isBlank)?.id ?? null;
  }

  /**
   * @param {number} windowId
   * @param {TabToOpen} tab
   */
  async #openTab(windowId, { url, title, index, isPinned, isActive }) {
    // Cairn asks for nothing else; whatever else asks gets nothing else.
    if (!/^https?:\/\//.test(url)) throw new Error('only web pages are opened');
    const properties = { windowId, url, index, pinned: isPinned, active: false };
    // Only Firefox opens a tab unloaded, and then no pinned one.
    const isLazy = isFirefox(this.#api) && !isPinned && !isActive;
    return this.#api.tabs.create(isLazy ? { ...properties, discarded: true, title } : properties);
  }

  /**
   * @param {number} windowId
   * @param {readonly GroupToOpen[]} groups
   * @param {ReadonlyMap<number, readonly number[]>} members
   * @returns {Promise<(number | null)[]>} the groups' ids
   */
  async #makeGroups(windowId, groups, members) {
    const ids = [];
    for (const [place, group] of groups.entries()) {
      const tabIds = members.get(place) ?? [];
      if (this.#api.tabGroups === undefined || tabIds.length === 0) {
        ids.push(group.id);
        continue;
      }
      const id = await this.#api.tabs.group(
        group.id === null ? { tabIds, createProperties: { windowId } } : { tabIds, groupId: group.id },
      );
      ids.push(id);
      const color = COLOURS.has(group.colour) ? { color: group.colour } : {};
      if (group.id === null) await this.#api.tabGroups.update(id, { title: group.title, ...color });
    }
    return ids;
  }

  /**
   * A group that holds the active tab cannot be shut.
   * @param {readonly GroupToOpen[]} groups
   * @param {readonly (number | null)[]} ids
   * @param {number | null} activeId
   * @param {ReadonlyMap<number, readonly number[]>} members
   */
  async #collapse(groups, ids, activeId, members) {
    for (const [place, group] of groups.entries()) {
      const id = ids[place] ?? null;
      const tabIds = members.get(place) ?? [];
      const canShut = id !== null && group.id === null && (activeId === null || !tabIds.includes(activeId));
      if (group.isCollapsed && canShut) await this.#api.tabGroups?.update(id, { collapsed: true });
    }
  }

  /**
   * Chromium can only unload what has begun to load.
   * @param {readonly TabToOpen[]} tabs
   * @param {readonly ({ id: number } | { error: string })[]} results
   */
  async #unload(tabs, results) {
    if (isFirefox(this.#api)) return;
    const lazy = tabs.flatMap(({ isActive, isPinned }, place) => {
      const result = results[place];
      return result === undefined || 'error' in result || isActive || isPinned ? [] : [result.id];
    });
    await Promise.all(lazy.map((id) => this.#unloadOne(id)));
    await this.#save();
  }

  /** @param {number} id */
  async #unloadOne(id) {
    try {
      for (let waitedMs = 0; waitedMs < COMMIT_MS; waitedMs += POLL_MS) {
        const tab = await this.#api.tabs.get(id);
        // Who looks at it wants it loaded.
        if (tab.active) return;
        if (tab.url && tab.url !== 'about:blank') break;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      const entry = (await this.#load()).get(id);
      const discarded = await this.#api.tabs.discard(id);
      if (entry !== undefined && discarded?.id !== undefined) {
        entry.id = discarded.id;
        if (discarded.url) entry.settledUrl = discarded.url;
      }
    } catch {
      // Closed in between, or not to be unloaded: it stays loaded.
    }
  }

  async #load() {
    if (this.#opened !== null) return this.#opened;
    const stored = (await this.#api.storage.session.get(OPENED))[OPENED];
    /** @type {Map<number, Opened>} */
    const opened = new Map(Array.isArray(stored) ? stored : []);
    this.#opened ??= opened;
    return this.#opened;
  }

  async #save() {
    if (this.#opened !== null) await this.#api.storage.session.set({ [OPENED]: [...this.#opened] });
  }
}

/** @param {WebExtensionApi} api */
function isFirefox(api) {
  return api.sessions.setTabValue !== undefined;
}

/** @param {Tab} tab */
function isBlank({ pinned, url, pendingUrl }) {
  return !pinned && BLANK.test(pendingUrl || url || '');
}

/**
 * @param {string} one
 * @param {string} other
 */
function isSame(one, other) {
  return one === other || (URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href);
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
