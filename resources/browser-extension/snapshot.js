// Makes the message that says what is open. Whatever is private is left out once more, though the browser does not show it here; and
// whatever does not say that it is not.

/** @import { BrowserWindow, Group, Tab, WebExtensionApi } from './webextension.d.ts' */

const MAX_URL_LENGTH = 4096;
const MAX_TITLE_LENGTH = 300;
const MARK = 'id';
const UUID = /^[0-9a-f-]{36}$/;

/**
 * Everything that is open now, in the order of the windows' ids.
 * @param {WebExtensionApi} api
 * @param {TabMarks} marks
 */
export async function takeSnapshot(api, marks) {
  const windows = await api.windows.getAll({ populate: true, windowTypes: ['normal'] });
  const groups = (await api.tabGroups?.query({})) ?? [];
  const open = windows.filter(isPublic).toSorted((one, other) => (one.id ?? 0) - (other.id ?? 0));
  const tabs = open.flatMap((window) => window.tabs ?? []).filter(isPublic);
  const marked = await marks.of(tabs);
  return toSnapshot(open, groups, marked);
}

/**
 * @param {readonly BrowserWindow[]} windows
 * @param {readonly Group[]} groups
 * @param {ReadonlyMap<number, string>} marks
 */
export function toSnapshot(windows, groups, marks) {
  const shown = windows.filter(isPublic);
  const ids = new Set(shown.map(({ id }) => id));
  return {
    type: 'snapshot',
    windows: shown.map(({ id, state, left, top, width, height, tabs }) => ({
      id,
      state,
      left,
      top,
      width,
      height,
      tabs: (tabs ?? []).filter(isPublic).map((tab) => toTab(tab, marks)),
    })),
    groups: groups
      .filter(({ windowId }) => ids.has(windowId))
      .map(({ id, title, color, collapsed }) => ({
        id,
        title: (title ?? '').slice(0, MAX_TITLE_LENGTH),
        color,
        collapsed,
      })),
  };
}

/** @param {{ incognito?: boolean }} shown */
function isPublic({ incognito }) {
  return incognito === false;
}

/**
 * @param {Tab} tab
 * @param {ReadonlyMap<number, string>} marks
 */
function toTab({ id, url, pendingUrl, title, pinned, active, groupId, lastAccessed }, marks) {
  return {
    id,
    mark: id === undefined ? undefined : marks.get(id),
    url: (url || pendingUrl || '').slice(0, MAX_URL_LENGTH),
    title: (title ?? '').slice(0, MAX_TITLE_LENGTH),
    pinned,
    active,
    groupId: groupId === undefined || groupId < 0 ? undefined : groupId,
    lastAccessed,
  };
}

/**
 * What counts as a change. Firefox says of a tab that is shown that it was shown just now, each time: that alone is no news.
 * @param {object} snapshot
 */
export function factsOf(snapshot) {
  return JSON.stringify(snapshot, (name, value) => (name === 'lastAccessed' ? undefined : value));
}

/**
 * Names for tabs that stay with them when Firefox starts anew: kept by Firefox in its own session file, in this extension's corner, where
 * Cairn finds them too when the extension is gone. Chromium's ids stand in its session file themselves, so it needs none.
 */
export class TabMarks {
  /** @type {WebExtensionApi} */
  #api;
  /** @type {Map<number, string>} */
  #known = new Map();

  /** @param {WebExtensionApi} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * The mark of each tab; new tabs get one.
   * @param {readonly Tab[]} tabs
   */
  async of(tabs) {
    const { sessions } = this.#api;
    if (sessions.setTabValue === undefined) return new Map();
    const ids = tabs.flatMap(({ id }) => (id === undefined ? [] : [id]));
    const known = new Map(ids.flatMap((id) => (this.#known.has(id) ? [[id, this.#known.get(id) ?? '']] : [])));
    const taken = new Set(known.values());
    const found = await Promise.all(
      ids.filter((id) => !known.has(id)).map(async (id) => ({ id, mark: await this.#read(id) })),
    );
    const writes = found.map(async ({ id, mark }) => {
      // A tab that was duplicated brings the mark of the other one along.
      const isOwn = mark !== null && !taken.has(mark);
      const own = isOwn ? mark : crypto.randomUUID();
      taken.add(own);
      known.set(id, own);
      if (!isOwn) await this.#write(id, own);
    });
    await Promise.all(writes);
    this.#known = known;
    return known;
  }
  /** @param {number} id */
  async #read(id) {
    try {
      const mark = await this.#api.sessions.getTabValue?.(id, MARK);
      return typeof mark === 'string' && UUID.test(mark) ? mark : null;
    } catch {
      return null; // closed in between
    }
  }

  /**
   * @param {number} id
   * @param {string} mark
   */
  async #write(id, mark) {
    try {
      await this.#api.sessions.setTabValue?.(id, MARK, mark);
    } catch {
      // Closed in between.
    }
  }
}
