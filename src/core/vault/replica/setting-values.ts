// Settings that make sense on every device, as the app last left them here: a sealed setting for each group, with what is shared and with
// what this device had made of it. What they mean, the app knows.

import type { JsonObject, JsonValue } from '../../../shared/model/json.ts';
import { SHARED_SETTINGS, sharedSettingOf } from '../../../shared/model/shared-settings.ts';
import { writeSetting } from '../log/checkpoints.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SharedThing } from './shared-thing.ts';

const PREFIX = 'settings:';

export function isSettingEntity(entity: string): boolean {
  return groupOf(entity) !== null;
}

export function listSettingValues(state: VaultState): SharedThing[] {
  return SHARED_SETTINGS.flatMap((group) => {
    const values = valuesOf(readGroup(state, group));
    return values === null ? [] : [{ entity: `${PREFIX}${group}`, values, isPlain: Object.keys(values).length === 0 }];
  });
}

/** Puts what is known over what is shared; what only this device has stays. */
export function applySettingValues(
  state: VaultState,
  entity: string,
  values: { readonly [field: string]: JsonValue },
): boolean {
  const group = groupOf(entity);
  const before = group === null ? null : readGroup(state, group);
  if (group === null || before === null) return false;
  const next = { ...valuesOf(before), ...values };
  if (JSON.stringify(next) !== JSON.stringify(valuesOf(before)))
    writeSetting(state, sharedSettingOf(group), { ...before, values: next });
  return true;
}

function groupOf(entity: string): (typeof SHARED_SETTINGS)[number] | null {
  return SHARED_SETTINGS.find((group) => entity === `${PREFIX}${group}`) ?? null;
}

function readGroup(state: VaultState, group: (typeof SHARED_SETTINGS)[number]): JsonObject | null {
  return state.records.findSetting(sharedSettingOf(group))?.value ?? null;
}

function valuesOf(stored: JsonObject | null): JsonObject | null {
  const values = stored?.['values'];
  // An object: the app writes no other.
  return typeof values === 'object' && values !== null && !Array.isArray(values) ? (values as JsonObject) : null;
}
