// Where two vaults that are merged say two things of one field, and which was taken or chosen.

export const MERGE_SIDES = ['ours', 'theirs'] as const;
export type MergeSide = (typeof MERGE_SIDES)[number];

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

/** Choices of `manual`, by the name of the conflict. */
export type MergeChoices = Readonly<Record<string, MergeSide>>;

/** `<kind>.<id>.<field>` */
export const CHOICE_NAME = /^(?:checkpoint|session)\.[0-9a-f]{16}\.[A-Za-z]{1,64}$/;

export function choiceName({ kind, id, field }: Pick<MergeConflict, 'kind' | 'id' | 'field'>): string {
  return `${kind}.${id}.${field}`;
}
