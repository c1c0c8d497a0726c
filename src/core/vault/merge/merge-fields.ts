// One field in two versions: which counts, by the strategy. Pure; whatever is taken, both are told.

import { PRIORITIES, type Checkpoint } from '../../../shared/model/checkpoint.ts';
import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';
import {
  choiceName,
  type MergeChoices,
  type MergeConflict,
  type MergeSide,
} from '../../../shared/merge/merge-choices.ts';
import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';

const MAX_SHOWN = 500;
const CHECKPOINT_FIELDS = ['name', 'description', 'tags', 'priority', 'pinned'] as const;

export interface MergeRules {
  /** `latest`: that of the later edit. `most-complete`: what both have together. `manual`: what was chosen, else the own. */
  readonly strategy: MergeStrategy;
  readonly choices: MergeChoices;
}

export interface Merged<Value> {
  readonly value: Value;
  readonly isChanged: boolean;
  readonly conflicts: readonly MergeConflict[];
}

/** The own checkpoint with what counts of the other's version of it. */
export function mergeCheckpoint(ours: Checkpoint, theirs: Checkpoint, rules: MergeRules): Merged<Checkpoint> {
  const conflicts: MergeConflict[] = [];
  const changes: Record<string, unknown> = {};
  for (const field of CHECKPOINT_FIELDS) {
    const [own, other] = [ours[field], theirs[field]];
    if (JSON.stringify(own) === JSON.stringify(other)) continue;
    const facts = { kind: 'checkpoint', id: ours.id, name: ours.name, field } as const;
    const taken = takes(facts, rules, theirs.updatedAtMs > ours.updatedAtMs, () => completer(field, ours, theirs));
    conflicts.push({ ...facts, ours: show(own), theirs: show(other), taken });
    if (taken === 'theirs') changes[field] = other;
    if (taken === 'both') changes[field] = [...new Set([...ours.tags, ...theirs.tags])];
  }
  const isChanged = Object.keys(changes).length > 0;
  const updatedAtMs = isChanged ? Math.max(ours.updatedAtMs, theirs.updatedAtMs) : ours.updatedAtMs;
  return { value: { ...ours, ...changes, updatedAtMs }, isChanged, conflicts };
}

/** The same for what is known of a session. */
export function mergeFacts(
  of: { readonly id: string; readonly name: string },
  ours: { readonly facts: JsonObject; readonly updatedAtMs: number },
  theirs: { readonly facts: JsonObject; readonly updatedAtMs: number },
  rules: MergeRules,
): Merged<JsonObject> {
  const conflicts: MergeConflict[] = [];
  const value: { [field: string]: JsonValue | undefined } = { ...ours.facts };
  let isChanged = false;
  for (const [field, other] of Object.entries(theirs.facts)) {
    const own = ours.facts[field];
    if (other === null || other === undefined || JSON.stringify(own) === JSON.stringify(other)) continue;
    // What is missing here takes nothing from anybody.
    if (own === undefined || own === null || own === '') {
      value[field] = other;
      isChanged = true;
      continue;
    }
    const facts = { kind: 'session', ...of, field } as const;
    const taken = takes(facts, rules, theirs.updatedAtMs > ours.updatedAtMs, () =>
      show(other).length > show(own).length ? 'theirs' : 'ours',
    );
    conflicts.push({ ...facts, ours: show(own), theirs: show(other), taken });
    if (taken !== 'theirs') continue;
    value[field] = other;
    isChanged = true;
  }
  return { value, isChanged, conflicts };
}

function takes(
  facts: Pick<MergeConflict, 'kind' | 'id' | 'field'>,
  { strategy, choices }: MergeRules,
  isTheirsLater: boolean,
  complete: () => MergeConflict['taken'],
): MergeConflict['taken'] {
  switch (strategy) {
    case 'latest':
      return isTheirsLater ? 'theirs' : 'ours';
    case 'most-complete':
      return complete();
    case 'manual':
      return choices[choiceName(facts)] ?? 'ours';
  }
}

function completer(
  field: (typeof CHECKPOINT_FIELDS)[number],
  ours: Checkpoint,
  theirs: Checkpoint,
): MergeSide | 'both' {
  switch (field) {
    case 'tags':
      return theirs.tags.every((tag) => ours.tags.includes(tag)) ? 'ours' : 'both';
    case 'priority':
      return PRIORITIES.indexOf(theirs.priority) > PRIORITIES.indexOf(ours.priority) ? 'theirs' : 'ours';
    case 'pinned':
      return theirs.pinned ? 'theirs' : 'ours';
    case 'name':
    case 'description':
      return theirs[field].length > ours[field].length ? 'theirs' : 'ours';
  }
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}
