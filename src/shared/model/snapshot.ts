// A snapshot as lists and reports see it.

import type { Checkpoint } from './checkpoint.ts';
import type { ItemKey, SnapshotId, SourceId } from './ids.ts';
import type { SnapshotItem } from './item.ts';

/** Why a snapshot was taken. Everything but `automatic` and `shutdown` was asked for by somebody. */
export const SNAPSHOT_KINDS = ['automatic', 'manual', 'checkpoint', 'before-restore', 'shutdown'] as const;
export type SnapshotKind = (typeof SNAPSHOT_KINDS)[number];

export const GAP_REASONS = [
  'timeout', // the source did not answer within its deadline
  'failed', // the source ended with an error
  'vanished', // there was something, now there is suddenly nothing
  'unreadable', // one thing of the source could not be read
  'too-large', // left out, or cut, because of a size limit
  'partial', // read, but not everything: what is missing follows at the next captures
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** What a snapshot lacks, and why. A gap never hides: lists count it, `show` prints it. */
export interface Gap {
  readonly source: SourceId;
  readonly reason: GapReason;
  /** A sentence for people. It is sealed with the snapshot, so it may name a path or a title. */
  readonly message: string;
  /** The item concerned, where it is one item. */
  readonly key?: ItemKey;
  /** Since when the gap lasts. */
  readonly sinceMs: number;
}

export interface SnapshotSummary {
  readonly id: SnapshotId;
  /** Milliseconds since the epoch, UTC. */
  readonly takenAtMs: number;
  readonly kind: SnapshotKind;
  /** All items, carried ones included. */
  readonly items: number;
  /** Items added, changed or gone since the snapshot before. */
  readonly changed: number;
  readonly gaps: number;
  readonly checkpoint?: Checkpoint;
}

/** A snapshot without the content of its streams. */
export interface Snapshot extends SnapshotSummary {
  readonly itemList: readonly SnapshotItem[];
  readonly gapList: readonly Gap[];
}
