// What a repair says, to the item: what is lost, since when and why.

import type { ItemKey, SnapshotId } from '../../../shared/model/ids.ts';
import type { ItemEntry } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import { yieldToOthers, type WorkControl } from '../upkeep/slices.ts';
import { orNull } from './read-rows.ts';

const MAX_LISTED = 200;

/** An item of which some content is gone in every copy. */
export interface LostItem {
  readonly key: ItemKey;
  readonly title: string;
  readonly source: string;
  /** How many snapshots hold it so, and when the first and the last of them were taken. */
  readonly snapshots: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Bytes of its content that cannot be read, in the snapshot where they are the most. */
  readonly lostBytes: number;
  readonly totalBytes: number;
}

export interface ItemLosses {
  /** Snapshots in which some item is damaged. */
  readonly snapshots: number;
  readonly items: number;
  /** The most recent first, not all where there are many. */
  readonly list: readonly LostItem[];
  /** The newest snapshot of which nothing is damaged. */
  readonly newestWhole: { readonly id: SnapshotId; readonly takenAtMs: number } | null;
}

/** @param bad the chunks that are damaged or missing */
export async function findItemLosses(
  state: VaultState,
  bad: ReadonlySet<number>,
  control: WorkControl,
): Promise<ItemLosses> {
  const items = new Map<ItemKey, LostItem>();
  const judged = new WeakMap<ItemEntry, number>();
  let snapshots = 0;
  let newestWhole: ItemLosses['newestWhole'] = null;
  for (let at = 0; at < state.index.count; at += 1) {
    if (at % 64 === 0) await yieldToOthers(control.signal);
    const takenAtMs = state.index.timeAt(at);
    const read = bad.size === 0 ? null : orNull(() => state.readSnapshot(state.index.sequenceAt(at)));
    let isDamaged = false;
    for (const entry of read?.manifest.values() ?? []) {
      const lostBytes = judged.get(entry) ?? countLost(entry, bad);
      judged.set(entry, lostBytes);
      if (lostBytes === 0) continue;
      isDamaged = true;
      noteItem(items, entry, takenAtMs, lostBytes);
    }
    if (isDamaged) snapshots += 1;
    else newestWhole = { id: state.index.idAt(at), takenAtMs };
  }
  const list = [...items.values()].toSorted((a, b) => b.toMs - a.toMs);
  return { snapshots, items: list.length, list: list.slice(0, MAX_LISTED), newestWhole };
}

function noteItem(items: Map<ItemKey, LostItem>, entry: ItemEntry, takenAtMs: number, lostBytes: number): void {
  const before = items.get(entry.key);
  const isMost = before === undefined || lostBytes > before.lostBytes;
  items.set(entry.key, {
    key: entry.key,
    title: entry.title,
    source: entry.source,
    snapshots: (before?.snapshots ?? 0) + 1,
    fromMs: Math.min(before?.fromMs ?? takenAtMs, takenAtMs),
    toMs: Math.max(before?.toMs ?? takenAtMs, takenAtMs),
    lostBytes: isMost ? lostBytes : before.lostBytes,
    totalBytes: isMost ? entry.streams.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : before.totalBytes,
  });
}

function countLost(entry: ItemEntry, bad: ReadonlySet<number>): number {
  let lost = 0;
  for (const { parts } of entry.streams)
    for (const { recordId, length } of parts) if (bad.has(recordId)) lost += length;
  return lost;
}
