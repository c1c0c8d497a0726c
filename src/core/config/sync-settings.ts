// What leaves the machine as settings: the dotted keys `sync.*` beside those of config.json, but kept sealed in the vault, since they name
// projects.

import { z } from 'zod';

import { syncSelectionSchema, type SyncSelection } from '../../shared/contract/sync.ts';
import { MERGE_STRATEGIES } from '../../shared/merge/merge-fields.ts';
import { AppError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import { DEFAULT_SELECTION, readSelection, writeSelection } from '../sync/sync-records.ts';
import type { Vault } from '../vault/vault.ts';

type SyncField = keyof SyncSelection;

const PREFIX = 'sync.';
const FIELDS: Readonly<Record<SyncField, { readonly description: string; readonly expects: string }>> = {
  withoutSources: {
    description: 'Sources of which nothing leaves this device, such as firefox.',
    expects: 'names of sources',
  },
  withoutProjects: { description: 'Projects of which nothing leaves this device.', expects: 'names of projects' },
  onlyProjects: {
    description: 'Only these projects leave this device; none means all.',
    expects: 'names of projects',
  },
  sharesSettings: {
    description: 'Exclusion rules and retention are the same on all devices.',
    expects: 'on or off',
  },
  strategy: {
    description: 'What is shown where two devices changed the same; nothing is lost either way.',
    expects: `one of ${MERGE_STRATEGIES.join(', ')}`,
  },
  maxKilobytesPerSecond: {
    description: 'The most that sync sends and takes in a second; 0 for as fast as it goes.',
    expects: 'a whole number from 0 to 10000000',
  },
};
const FLAGS: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  off: false,
  false: false,
  no: false,
};
const LISTS = new Set<SyncField>(['withoutSources', 'withoutProjects', 'onlyProjects']);

type SettingsVault = Pick<Vault, 'readSetting' | 'writeSetting'>;

/** The dotted keys, in the order in which they are listed. */
export const SYNC_SETTING_KEYS: readonly string[] = Object.keys(FIELDS).map((field) => `${PREFIX}${field}`);

/** What of the selection a dotted key names, or null for other keys. */
export function syncFieldOf(key: string): SyncField | null {
  const field = key.slice(PREFIX.length);
  return SYNC_SETTING_KEYS.includes(key) ? (field as SyncField) : null; // one of the keys above
}

export async function listSyncSettings(vault: SettingsVault) {
  const selection = await readSelection(vault);
  return SYNC_SETTING_KEYS.map((key) => {
    const field = syncFieldOf(key) ?? 'strategy'; // each is a field's
    return {
      key,
      description: FIELDS[field].description,
      value: selection[field],
      defaultValue: DEFAULT_SELECTION[field],
    };
  });
}

/**
 * Changes one value as it was typed: lists are JSON, or separated by commas or lines; `none` or nothing for an empty one. It counts from
 * the next sync on; what has left already stays where it is. @throws AppError CONFIG_INVALID, and nothing is stored
 */
export async function writeSyncSetting(
  vault: SettingsVault,
  field: SyncField,
  text: string,
  sourceIds: readonly SourceId[],
): Promise<SyncSelection> {
  const value = LISTS.has(field) ? parseList(field, text) : parseOne(field, text);
  const parsed = syncSelectionSchema.safeParse({ ...(await readSelection(vault)), [field]: value });
  if (!parsed.success) throw refuse(field);
  const stranger = parsed.data.withoutSources.find((id) => !sourceIds.some((known) => known === id));
  if (field === 'withoutSources' && stranger !== undefined)
    throw new AppError('CONFIG_INVALID', `${PREFIX}${field} cannot be that: there is no such source.`, {
      hint: `There are ${sourceIds.join(', ')}.`,
    });
  await writeSelection(vault, parsed.data);
  return parsed.data;
}

function parseOne(field: SyncField, text: string): unknown {
  const trimmed = text.trim();
  if (field === 'sharesSettings') return FLAGS[trimmed.toLowerCase()] ?? trimmed;
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}

function parseList(field: SyncField, text: string): readonly string[] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'none') return [];
  const entries = trimmed.startsWith('[') ? parseJsonList(trimmed) : trimmed.split(/[\n,]/);
  if (entries === null) throw refuse(field);
  return [...new Set(entries.map((entry) => entry.trim()).filter((entry) => entry !== ''))];
}

function parseJsonList(text: string): string[] | null {
  try {
    return z.array(z.string()).safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // no JSON: the caller says what it may be
  }
}

function refuse(field: SyncField): AppError {
  return new AppError('CONFIG_INVALID', `${PREFIX}${field} cannot be that.`, {
    hint: `It may be ${FIELDS[field].expects}.`,
  });
}
