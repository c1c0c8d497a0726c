// Unknown keys are refused by name, with the nearest one there is: a setting that is silently ignored is worse than an error.

import { AppError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import { EXCLUSION_KINDS } from '../capture/rules/exclusion-rules.ts';
import { SYNC_SETTING_KEYS } from './sync-settings.ts';
import { listConfigKeys, type ConfigKey } from './config-keys.ts';

const MAX_SHOWN_CHARACTERS = 60;
/** Farther apart, two keys have nothing to do with each other. */
const MAX_EDITS = 8;

/** Finds a key by its exact name. @throws AppError CONFIG_UNKNOWN_KEY */
export function findConfigKey(sourceIds: readonly SourceId[], key: string): ConfigKey {
  const found = listConfigKeys(sourceIds).find((known) => known.key === key);
  if (found === undefined) throw unknownKey(sourceIds, key);
  return found;
}

/** The refusal of a key. `place` is the file it stands in, if it does. */
export function unknownKey(sourceIds: readonly SourceId[], key: string, place?: string): AppError {
  const shown = shownKey(key);
  const sealed = /^exclude(\.|$)/.test(key) ? 'exclusion rules are' : 'what leaves this device is';
  if (/^(exclude|sync)(\.|$)/.test(key) && place !== undefined) {
    return new AppError('CONFIG_UNKNOWN_KEY', `${place} holds "${shown}", but ${sealed} sealed in the vault.`, {
      hint: 'Take it out there and set it with `cairn config set`.',
    });
  }
  const keys = [
    ...listConfigKeys(sourceIds).map((known) => known.key),
    ...EXCLUSION_KINDS.map((kind) => `exclude.${kind}`),
    ...SYNC_SETTING_KEYS,
  ];
  const first = keys.find((known) => known.startsWith(`${key}.`));
  if (first !== undefined) {
    const where = place === undefined ? '' : `${place}: `;
    return new AppError('CONFIG_UNKNOWN_KEY', `${where}"${shown}" has no value of its own.`, {
      hint: `Name one of its keys, such as ${first}.`,
    });
  }
  const areas = [...new Set(keys.map((known) => known.split('.')[0] ?? known))];
  const nearest = findNearest(key, key.includes('.') ? keys : [...keys, ...areas]);
  const hint = nearest === null ? 'See all keys with `cairn config list`.' : `Did you mean ${nearest}?`;
  const message = place === undefined ? `There is no key "${shown}".` : `${place} holds the unknown key "${shown}".`;
  return new AppError('CONFIG_UNKNOWN_KEY', message, { hint });
}

/** The name that takes the fewest edits, or null where none is near. */
export function findNearest(name: string, candidates: readonly string[]): string | null {
  if (name.length > MAX_SHOWN_CHARACTERS) return null;
  let nearest: { readonly candidate: string; readonly edits: number } | null = null;
  for (const candidate of candidates) {
    const edits = countEdits(name.toLowerCase(), candidate.toLowerCase());
    const limit = Math.min(MAX_EDITS, Math.ceil(candidate.length / 2));
    if (edits <= limit && (nearest === null || edits < nearest.edits)) nearest = { candidate, edits };
  }
  return nearest?.candidate ?? null;
}

/** A key as errors may repeat it: the file may hold anything. */
export function shownKey(key: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  return key.slice(0, MAX_SHOWN_CHARACTERS).replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

/** The edit distance of two short texts. */
function countEdits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
