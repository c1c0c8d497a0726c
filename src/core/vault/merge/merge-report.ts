// What a merge of two vaults is asked for, and what it did or would do.

/** Which of two versions of one field counts. */
export const MERGE_STRATEGIES = [
  'latest', // that of the later edit
  'most-complete', // what both have together: the longer text, all tags, the higher priority
  'manual', // the one that was chosen; the own one where none was
] as const;
export type MergeStrategy = (typeof MERGE_STRATEGIES)[number];

export type MergeSide = 'ours' | 'theirs';

/** A field that says one thing here and another there. */
export interface MergeConflict {
  readonly kind: 'checkpoint' | 'session';
  readonly id: string;
  /** What it is called here. */
  readonly name: string;
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
  readonly taken: MergeSide | 'both';
}

export interface MergeReport {
  /** The other file is an older or another state of this vault, and not a vault of its own. */
  readonly isSameVault: boolean;
  /** Snapshots that came in, those that both had, and those that cannot be read there. */
  readonly snapshots: number;
  readonly inBoth: number;
  readonly unreadable: number;
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

/** Choices of `manual`, by `<kind>.<id>.<field>`. */
export type MergeChoices = Readonly<Record<string, MergeSide>>;

export function choiceName({ kind, id, field }: Pick<MergeConflict, 'kind' | 'id' | 'field'>): string {
  return `${kind}.${id}.${field}`;
}
