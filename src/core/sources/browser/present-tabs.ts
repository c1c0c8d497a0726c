// The tabs that are open now, taken one by one as a plan finds them there: an address that is open once stands for one captured tab only.

import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { TabFacts } from './tab-facts.ts';

interface OpenTab {
  readonly key: string;
  readonly windowIndex: number | null;
}

export class PresentTabs {
  readonly #open = new Map<string, OpenTab[]>();
  /** By captured window: how many of its tabs were found in which open window. */
  readonly #found = new Map<string, Map<number, number>>();

  constructor(source: SourceId, present: readonly SnapshotItem[]) {
    for (const item of present) {
      if (item.source !== source || item.stale || item.attributes['isRunning'] !== true) continue;
      const { profileDir, url, window } = item.attributes;
      if (typeof profileDir !== 'string' || typeof url !== 'string') continue;
      const index = typeof window === 'object' && window !== null && 'index' in window ? window['index'] : null;
      const name = `${profileDir}\n${url}`;
      const tab = { key: item.key, windowIndex: typeof index === 'number' ? index : null };
      this.#open.set(name, [...(this.#open.get(name) ?? []), tab]);
    }
  }

  /** True where the tab is open; it counts no second time. */
  take(key: string, { profileDir, url, window }: TabFacts): boolean {
    const same = this.#open.get(`${profileDir}\n${url}`) ?? [];
    const own = same.findIndex((tab) => tab.key === key);
    const [tab] = same.splice(Math.max(0, own), 1);
    if (tab === undefined) return false;
    if (tab.windowIndex === null) return true;
    const name = `${profileDir}\n${window.id}`;
    const found = this.#found.get(name) ?? new Map<number, number>();
    found.set(tab.windowIndex, (found.get(tab.windowIndex) ?? 0) + 1);
    this.#found.set(name, found);
    return true;
  }

  /** The open window that holds most of the captured window's tabs; null where none of them is open. */
  windowOf({ profileDir, window }: TabFacts): number | null {
    const found = [...(this.#found.get(`${profileDir}\n${window.id}`) ?? [])];
    return found.toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? null;
  }
}
