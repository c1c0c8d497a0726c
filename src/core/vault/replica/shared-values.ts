// What a user says of things that several devices have (S7): names and pins of sessions, settings. A device tells what differs from what is
// known; what others said is written where the thing is. A thing that comes here new, by a restore or by joining, first takes what is known
// of it: only what is in step may say something else.

import type { JsonValue } from '../../../shared/model/json.ts';
import { isSameValue, viewField, type FieldState, type MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { FieldChange, ReplicaSelection } from '../vault-replica.ts';
import { changeOf, type Stamper } from './checkpoint-fields.ts';
import type { FieldStore } from './field-store.ts';
import type { SharedThing } from './shared-thing.ts';
import { applySessionValues, listSessionValues } from './session-values.ts';
import { applySettingValues, isSettingEntity, listSettingValues } from './setting-values.ts';

/** Things of this device that others may have too, as far as they are let out. */
export function listShared(state: VaultState, selection: ReplicaSelection): SharedThing[] {
  return [...listSettingValues(state), ...listSessionValues(state, selection)];
}

/** What was said here since it was last told, and the things that are in step once that is. */
export function sharedChanges(
  state: VaultState,
  fields: FieldStore,
  inStep: readonly string[],
  stamper: Stamper,
  { strategy, selection }: { readonly strategy: MergeStrategy; readonly selection: ReplicaSelection },
): { readonly changes: FieldChange[]; readonly inStep: readonly string[] } {
  const level = new Set(inStep);
  const changes: FieldChange[] = [];
  for (const { entity, values, isPlain } of listShared(state, selection)) {
    const known = fields.fieldsOf(entity);
    if (!level.has(entity) && (isPlain || known.size > 0)) continue;
    level.add(entity);
    for (const [field, value] of Object.entries(values)) {
      const view = viewField(known.get(field) ?? [], strategy);
      if (value === undefined || (view !== null && isSameValue(view.current.value, value))) continue;
      changes.push(changeOf(entity, field, value, known, stamper));
    }
  }
  return { changes, inStep: level.size === inStep.length ? inStep : [...level] };
}

/** Things that came here after others had said something of them. */
export function findNewcomers(
  state: VaultState,
  fields: FieldStore,
  inStep: readonly string[],
  selection: ReplicaSelection,
): string[] {
  const level = new Set(inStep);
  return listShared(state, selection)
    .filter(({ entity }) => !level.has(entity) && fields.fieldsOf(entity).size > 0)
    .map(({ entity }) => entity);
}

/**
 * Writes what is known where the thing is; false where it is not here. In commits of its own, before what is known is written: after a kill
 * in between it is said once more.
 */
export function applyShared(
  state: VaultState,
  entity: string,
  known: ReadonlyMap<string, FieldState>,
  { strategy, nowMs }: { readonly strategy: MergeStrategy; readonly nowMs: number },
): boolean {
  const values: { [field: string]: JsonValue } = {};
  for (const [field, versions] of known) {
    const view = viewField(versions, strategy);
    if (view !== null) values[field] = view.current.value;
  }
  return isSettingEntity(entity)
    ? applySettingValues(state, entity, values)
    : applySessionValues(state, entity, values, nowMs);
}
