// What rules would hide of items that were captured already, so that a user can see what a rule does before it counts.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { Exclusion } from './exclusion.ts';

export interface ExclusionPreview {
  /** Items that would not be captured any more. */
  readonly hidden: readonly ItemKey[];
  /** Items that would be captured without some of their parts. */
  readonly trimmed: readonly ItemKey[];
}

/** Says which of the items the rules hide as a whole and which in part; pure. */
export function previewExclusion(exclusion: Exclusion, items: readonly SnapshotItem[]): ExclusionPreview {
  const hidden: ItemKey[] = [];
  const trimmed: ItemKey[] = [];
  for (const item of items) {
    const kept = exclusion.apply(item);
    if (kept === null) hidden.push(item.key);
    else if (kept !== item) trimmed.push(item.key);
  }
  return { hidden, trimmed };
}
