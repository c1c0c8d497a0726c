// The configuration as the services use it, and config.json, where it lies: only what the user set is written there, so that
// everything else follows the defaults of the version that runs. A file that cannot be understood is an error that names the key,
// and is never written over.

import { readFileSync, statSync } from 'node:fs';

import { AppError } from '../../shared/model/app-error.ts';
import type { SourceId } from '../../shared/model/ids.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import { THEMES, type Theme } from '../../shared/model/theme.ts';
import type { RetentionLimits } from '../../shared/model/retention.ts';
import { CONFIG_KEYS, listConfigKeys, sourceKey, type ConfigKey, type ConfigValue } from './config-keys.ts';
import { findConfigKey, unknownKey } from './find-config-key.ts';
import { writePrivateFileSync } from './write-private-file.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_DEPTH = 8;

export interface Config {
  readonly captureIntervalMs: number;
  readonly scrollbackLines: number;
  readonly isRedactionOn: boolean;
  /** The sources that the user turned on; none unless so. */
  readonly enabledSources: readonly SourceId[];
  readonly retention: RetentionLimits;
  readonly maxSnapshotBytes: number;
  readonly sessions: SessionLimits;
  /** `folder` is null for the one beside the vault; `everyMs` is 0 where none are made by themselves. */
  readonly lock: {
    readonly doesCaptureGoOn: boolean;
    /** Zero for never. */
    readonly afterIdleMs: number;
    readonly onScreenLock: boolean;
    readonly onSleep: boolean;
  };
  /** What only the desktop app uses. */
  readonly desktop: {
    readonly startsAtLogin: boolean;
    /** Empty for none. */
    readonly checkpointShortcut: string;
    readonly updateChannel: string;
  };
  readonly asksToRestore: boolean;
  readonly theme: Theme;
  readonly backup: { readonly folder: string | null; readonly keep: number; readonly everyMs: number };
  /** From one look through the whole vault to the next; 0 for never. */
  readonly verifyEveryMs: number;
}

/** Which sessions stay beside those that sources capture. */
export interface SessionLimits {
  /** Zero for any number. */
  readonly maxSessions: number;
  /** Zero for ever. */
  readonly retentionDays: number;
  readonly isCleanupAutomatic: boolean;
}

export interface ConfigEntry {
  readonly key: string;
  readonly description: string;
  readonly value: ConfigValue;
  readonly defaultValue: ConfigValue;
}

/** Where the configuration lies and which sources there are to configure. */
export interface ConfigPlace {
  readonly path: string;
  readonly sourceIds: readonly SourceId[];
}

type SetValues = ReadonlyMap<string, ConfigValue>;

/**
 * Reads the configuration; a missing file means defaults.
 * @throws AppError CONFIG_UNREADABLE, CONFIG_UNKNOWN_KEY, CONFIG_INVALID
 */
export function readConfigSync(place: ConfigPlace): Config {
  const set = readSetValues(place);
  const get = <Value extends ConfigValue>({ key, defaultValue }: ConfigKey & { readonly defaultValue: Value }): Value =>
    // Every value that was set has passed its key's schema, which has the type of its default.
    (set.get(key) ?? defaultValue) as Value;
  const folder = set.get(CONFIG_KEYS.backupFolder.key);
  return {
    captureIntervalMs: get(CONFIG_KEYS.captureIntervalSeconds) * 1_000,
    scrollbackLines: get(CONFIG_KEYS.scrollbackLines),
    isRedactionOn: get(CONFIG_KEYS.redaction),
    enabledSources: place.sourceIds.filter((id) => set.get(sourceKey(id).key) === true),
    retention: {
      allHours: get(CONFIG_KEYS.allHours),
      hourlyDays: get(CONFIG_KEYS.hourlyDays),
      dailyDays: get(CONFIG_KEYS.dailyDays),
      checkpointDays: get(CONFIG_KEYS.checkpointDays),
      inactiveDays: get(CONFIG_KEYS.inactiveDays),
    },
    maxSnapshotBytes: get(CONFIG_KEYS.maxMegabytes) * 1024 * 1024,
    sessions: {
      maxSessions: get(CONFIG_KEYS.maxSessions),
      retentionDays: get(CONFIG_KEYS.sessionRetentionDays),
      isCleanupAutomatic: get(CONFIG_KEYS.sessionAutoCleanup),
    },
    lock: {
      doesCaptureGoOn: get(CONFIG_KEYS.captureWhileLocked),
      afterIdleMs: get(CONFIG_KEYS.lockAfterIdleMinutes) * 60_000,
      onScreenLock: get(CONFIG_KEYS.lockOnScreenLock),
      onSleep: get(CONFIG_KEYS.lockOnSleep),
    },
    desktop: {
      startsAtLogin: get(CONFIG_KEYS.startAtLogin),
      checkpointShortcut: get(CONFIG_KEYS.checkpointShortcut),
      updateChannel: get(CONFIG_KEYS.updateChannel),
    },
    asksToRestore: get(CONFIG_KEYS.restorePrompt) === 'ask',
    theme: THEMES.find((name) => name === get(CONFIG_KEYS.theme)) ?? 'system',
    backup: {
      folder: typeof folder === 'string' ? folder : null,
      keep: get(CONFIG_KEYS.backupKeep),
      everyMs: get(CONFIG_KEYS.backupEveryHours) * 3_600_000,
    },
    verifyEveryMs: get(CONFIG_KEYS.verifyEveryDays) * 86_400_000,
  };
}

/** Lists all keys with their values. @throws AppError as `readConfigSync` */
export function listConfigSync(place: ConfigPlace): readonly ConfigEntry[] {
  const set = readSetValues(place);
  return listConfigKeys(place.sourceIds).map(({ key, description, defaultValue }) => ({
    key,
    description,
    value: set.get(key) ?? defaultValue,
    defaultValue,
  }));
}

/** The value of one key. @throws AppError as `readConfigSync` */
export function getConfigValueSync(place: ConfigPlace, key: string): ConfigValue {
  const { key: known, defaultValue } = findConfigKey(place.sourceIds, key);
  return readSetValues(place).get(known) ?? defaultValue;
}

/**
 * Sets one key to what a user typed, and gives the value. Nothing is written where key, text or the file itself is refused.
 * @throws AppError as `readConfigSync`; VAULT_READ_ONLY, VAULT_DISK_FULL where the file cannot be written
 */
export function setConfigValueSync(place: ConfigPlace, key: string, text: string): ConfigValue {
  const known = findConfigKey(place.sourceIds, key);
  const value = checkValue(known, known.parseText(text));
  writeValues(place, new Map([...readSetValues(place), [known.key, value]]));
  return value;
}

/** Turns these sources on and all others off, in one write. @throws AppError as `setConfigValueSync` */
export function enableSourcesSync(place: ConfigPlace, ids: readonly SourceId[]): void {
  const switches = place.sourceIds.map((id): [string, ConfigValue] => [sourceKey(id).key, ids.includes(id)]);
  writeValues(place, new Map([...readSetValues(place), ...switches]));
}

function checkValue(known: ConfigKey, value: unknown): ConfigValue {
  const result = known.schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError('CONFIG_INVALID', `${known.key} must be ${known.expects}.`, {
    hint: `Set it with \`cairn config set ${known.key} ...\`; it is ${String(known.defaultValue ?? 'none')} unless set.`,
  });
}

function readSetValues(place: ConfigPlace): SetValues {
  const text = readText(place.path);
  if (text === null) return new Map();
  const values = new Map<string, ConfigValue>();
  const byKey = new Map(listConfigKeys(place.sourceIds).map((known) => [known.key, known]));
  for (const [key, value] of flatten(parseJson(text))) {
    const known = byKey.get(key);
    if (isEmptyObject(value) && [...byKey.keys()].some((other) => other.startsWith(`${key}.`))) continue;
    if (known === undefined) throw unknownKey(place.sourceIds, key, 'config.json');
    values.set(key, checkValue(known, value));
  }
  return values;
}

function readText(path: string): string | null {
  try {
    const stats = statSync(path);
    // Reading a pipe could wait for ever, reading a device never end.
    if (!stats.isFile()) throw unreadable('it is no file');
    if (stats.size > MAX_FILE_BYTES) throw unreadable('it is far too large');
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    if (code === 'ENOENT') return null;
    throw unreadable(`it cannot be read (${code})`, error);
  }
}

function parseJson(text: string): { readonly [key: string]: JsonValue } {
  const value = tryParse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable('it holds no JSON object');
  return value as { readonly [key: string]: JsonValue }; // from JSON.parse, and an object
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable('it holds no JSON', error);
  }
}

/** Nested members as dotted keys; lists and whatever lies too deep stay values, which no schema takes. */
function flatten(object: { readonly [key: string]: JsonValue }, prefix = '', depth = 1): [string, JsonValue][] {
  return Object.entries(object).flatMap(([name, value]): [string, JsonValue][] => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject || isEmptyObject(value) || depth >= MAX_DEPTH) return [[`${prefix}${name}`, value]];
    return flatten(value as { readonly [key: string]: JsonValue }, `${prefix}${name}.`, depth + 1); // no list, checked above
  });
}

/** An area without settings. */
function isEmptyObject(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function writeValues(place: ConfigPlace, values: SetValues): void {
  const nested: Record<string, ConfigValue | Record<string, ConfigValue>> = {};
  for (const [key, value] of values) {
    const dot = key.indexOf('.');
    const area = dot < 0 ? undefined : nested[key.slice(0, dot)];
    if (dot < 0) nested[key] = value;
    else nested[key.slice(0, dot)] = { ...(typeof area === 'object' ? area : null), [key.slice(dot + 1)]: value };
  }
  try {
    writePrivateFileSync(place.path, `${JSON.stringify(nested, null, 2)}\n`);
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    throw isFull
      ? new AppError('VAULT_DISK_FULL', 'config.json could not be written: the disk is full.', {
          hint: 'The old settings stay. Free some space or run `cairn prune`, then try again.',
          isRetryable: true,
          cause: error,
        })
      : new AppError('VAULT_READ_ONLY', 'config.json could not be written.', {
          hint: 'Check the permissions of the data folder.',
          cause: error,
        });
  }
}

function unreadable(reason: string, cause?: unknown): AppError {
  return new AppError('CONFIG_UNREADABLE', `config.json is of no use: ${reason}.`, {
    hint: 'Mend the file, or move it away to go back to the defaults. Cairn does not write over it.',
    cause,
  });
}
