// Settings that all devices have (S7): exclusion rules and retention. Before a round, what was changed here is left for the others; after it,
// what they changed is set here. Between the two lies a sealed setting for each group: what is shared, and what this device had when it was
// last in step, so that each side's changes can be told from the other's.

import { z } from 'zod';

import { SHARED_SETTINGS, sharedSettingOf, type SharedSettings } from '../../shared/model/shared-settings.ts';
import type { JsonObject, JsonValue } from '../../shared/model/json.ts';
import type { Vault } from '../vault/vault.ts';

/** Fields by name; null where one is as it comes. */
export type SettingValues = { readonly [field: string]: JsonValue };

/** The settings of this device, as the app has them. */
export interface SettingsPort {
  /** What was set here; what is as it comes is left out. Null where it cannot be read now. */
  read(group: SharedSettings): Promise<SettingValues | null>;
  /**
   * Sets values here; what makes no sense on this device is left out.
   * @throws AppError SYNC_ASKS where much would be deleted for it and nobody has agreed: then nothing is set
   */
  apply(group: SharedSettings, values: SettingValues, options: { readonly mayDelete: boolean }): Promise<void>;
}

const storedSchema = z.object({
  values: z.record(z.string(), z.json()),
  applied: z.record(z.string(), z.json()),
});
interface Stored {
  readonly values: SettingValues;
  readonly applied: SettingValues;
}
type SettingVault = Pick<Vault, 'readSetting' | 'writeSetting'>;

/** Leaves for the others what was changed here. */
export async function leaveSettings(vault: SettingVault, port: SettingsPort): Promise<void> {
  for (const group of SHARED_SETTINGS) {
    const local = await port.read(group);
    if (local === null) continue;
    const { values, applied } = await readStored(vault, group);
    const changed = Object.fromEntries(
      fieldsOf(local, applied)
        .filter((field) => !isSame(local[field], applied[field]))
        .map((field) => [field, local[field] ?? null]),
    );
    await writeStored(vault, group, { values: { ...values, ...changed }, applied: { ...local } });
  }
}

/** Sets here what the others changed. @throws as `SettingsPort.apply` */
export async function takeSettings(
  vault: SettingVault,
  port: SettingsPort,
  options: { readonly mayDelete: boolean },
): Promise<void> {
  for (const group of SHARED_SETTINGS) {
    const local = await port.read(group);
    const { values, applied } = await readStored(vault, group);
    if (local === null) continue;
    const wanted = Object.fromEntries(Object.entries(values).filter(([field, value]) => !isSame(local[field], value)));
    // What was changed here in the meantime goes first, with the next round.
    const isInStep = fieldsOf(local, applied).every((field) => isSame(local[field], applied[field]));
    if (!isInStep || Object.keys(wanted).length === 0) continue;
    await port.apply(group, wanted, options);
    const after = await port.read(group);
    if (after !== null) await writeStored(vault, group, { values, applied: { ...after } });
  }
}

async function readStored(vault: SettingVault, group: SharedSettings): Promise<Stored> {
  const parsed = storedSchema.safeParse(await vault.readSetting(sharedSettingOf(group)));
  return parsed.success ? parsed.data : { values: {}, applied: {} };
}

async function writeStored(vault: SettingVault, group: SharedSettings, stored: Stored): Promise<void> {
  const before = await vault.readSetting(sharedSettingOf(group));
  const next: JsonObject = { values: stored.values, applied: stored.applied };
  if (JSON.stringify(before) !== JSON.stringify(next)) await vault.writeSetting(sharedSettingOf(group), next);
}

function fieldsOf(one: SettingValues, other: SettingValues): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

function isSame(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
