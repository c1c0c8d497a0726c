// What a merge of two vaults did or would do.

import type { MergeConflict } from '../../../shared/merge/merge-choices.ts';

export interface MergeReport {
  /** The other file is an older or another state of this vault, and not a vault of its own. */
  readonly isSameVault: boolean;
  /** Snapshots that came in, those that both had, and those that cannot be read there. */
  readonly snapshots: number;
  readonly inBoth: number;
  readonly unreadable: number;
  /** Snapshots that stay out, since they are newer than the newest one here: after the next capture another merge brings them. */
  readonly newerLeftOut: number;
  /** When the first and the last of those that came in were taken; null where none was. */
  readonly incoming: { readonly fromMs: number; readonly toMs: number } | null;
  /** Items of them that were left out, each a gap of its snapshot, since their content is damaged there; 0 in a dry run. */
  readonly itemsLeftOut: number;
  readonly checkpointsAdded: number;
  readonly checkpointsChanged: number;
  readonly sessionsAdded: number;
  readonly sessionsChanged: number;
  /** Sessions that are there and were deleted here: they stay deleted. */
  readonly sessionsDeletedHere: number;
  readonly conflicts: readonly MergeConflict[];
  /** True where the other vault brings nothing: then nothing was changed. */
  readonly isNothingNew: boolean;
  /** Other devices have this vault too: for them it is a new device after the merge, and logs in once more. */
  readonly isShared: boolean;
  /** The name of the file as it was, in the same folder; null where nothing was changed. */
  readonly keptAs: string | null;
}
