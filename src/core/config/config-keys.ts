// Every setting by its dotted key: what it means, what it may be, what it is unless set. config.json, `cairn config` and the
// documentation all come from this list. Exclusion rules are not here: they are secret and live in the vault.

import { z } from 'zod';

import type { SourceId } from '../../shared/model/ids.ts';
import { THEMES } from '../../shared/model/theme.ts';
import { DEFAULT_RETENTION } from '../../shared/model/retention.ts';

export type ConfigValue = string | number | boolean | null;

export interface ConfigKey {
  readonly key: string;
  /** A sentence; also what `config list` and the documentation print. */
  readonly description: string;
  readonly defaultValue: ConfigValue;
  /** What it may be, in words for errors: `a number from 5 to 3600`. */
  readonly expects: string;
  readonly schema: z.ZodType<ConfigValue>;
  /** Reads what a user typed; gives what the schema then judges. */
  parseText(text: string): unknown;
}

const WORDS_FOR_TRUE = new Set(['true', 'on', 'yes', '1']);
const WORDS_FOR_FALSE = new Set(['false', 'off', 'no', '0']);
const MAX_DAYS = 36_500;

/** What a setting is called by the code, next to its key. */
export const CONFIG_KEYS = {
  captureIntervalSeconds: number('captureIntervalSeconds', 'Seconds between two captures.', 30, 5, 3_600),
  scrollbackLines: number(
    'scrollbackLines',
    'Lines of scrollback kept of each terminal; 0 keeps none.',
    10_000,
    0,
    10_000,
  ),
  redaction: flag(
    'redaction',
    'Take well-known secrets out of command lines and scrollback before they are stored.',
    true,
  ),
  allHours: number(
    'retention.allHours',
    'Hours for which every automatic snapshot stays.',
    DEFAULT_RETENTION.allHours,
    1,
    MAX_DAYS,
  ),
  hourlyDays: number(
    'retention.hourlyDays',
    'Days for which one snapshot an hour stays.',
    DEFAULT_RETENTION.hourlyDays,
    0,
    MAX_DAYS,
  ),
  dailyDays: number(
    'retention.dailyDays',
    'Days for which one snapshot a day stays; older ones go.',
    DEFAULT_RETENTION.dailyDays,
    1,
    MAX_DAYS,
  ),
  checkpointDays: number(
    'retention.checkpointDays',
    'Days for which checkpoints stay that are not pinned.',
    DEFAULT_RETENTION.checkpointDays,
    1,
    MAX_DAYS,
  ),
  inactiveDays: number(
    'retention.inactiveDays',
    'Days of silence after which a source counts as inactive.',
    DEFAULT_RETENTION.inactiveDays,
    1,
    MAX_DAYS,
  ),
  maxMegabytes: number(
    'snapshot.maxMegabytes',
    'The most that one snapshot may take, compressed, in MB.',
    50,
    1,
    1_024,
  ),
  maxSessions: number(
    'sessions.maxSessions',
    'The most sessions that stay beside those that sources capture; 0 for any number.',
    100,
    0,
    1_000_000,
  ),
  sessionRetentionDays: number(
    'sessions.retentionDays',
    'Days after its last change that such a session stays; 0 for ever.',
    90,
    0,
    MAX_DAYS,
  ),
  sessionAutoCleanup: flag(
    'sessions.autoCleanup',
    'Let go of such sessions by itself; pinned ones and only copies stay.',
    true,
  ),
  backupFolder: folder(
    'backup.folder',
    'An absolute folder for backups, best on another disk; none means backups/ beside the vault.',
  ),
  backupKeep: number('backup.keep', 'How many backups are kept.', 3, 1, 100),
  backupEveryHours: number(
    'backup.everyHours',
    'Hours between two backups while `cairn run` runs; 0 makes none by itself.',
    24,
    0,
    8_760,
  ),
  verifyEveryDays: number(
    'verify.everyDays',
    'Days from one look through the whole vault, in idle time, to the next; 0 looks at the newest only.',
    30,
    0,
    3_650,
  ),
  captureWhileLocked: flag(
    'lock.captureGoesOn',
    'Capture while the vault is locked: write-only, readable after the next unlock.',
    true,
  ),
  lockAfterIdleMinutes: number(
    'lock.afterIdleMinutes',
    'Lock after so many minutes without any input; 0 never does.',
    0,
    0,
    1_440,
  ),
  lockOnScreenLock: flag('lock.onScreenLock', 'Lock when the screen locks.', false),
  lockOnSleep: flag('lock.onSleep', 'Lock when the machine goes to sleep.', false),
  startAtLogin: flag('app.startAtLogin', 'Start the desktop app at login, hidden.', false),
  checkpointShortcut: text(
    'app.checkpointShortcut',
    'The global shortcut for a checkpoint, in the words of Electron; none turns it off.',
    'CommandOrControl+Shift+K',
  ),
  updateChannel: choice('app.updateChannel', 'Which updates the desktop app looks for.', 'stable', [
    'stable',
    'beta',
    'none',
  ]),
  mcpAllowed: flag(
    'mcp.allowed',
    'Let agents read what was captured over `cairn mcp`: without secrets, while unlocked, each question noted.',
    false,
  ),
  theme: choice('app.theme', 'How the window looks.', 'system', THEMES),
  restorePrompt: choice('app.restorePrompt', 'Whether a start asks to restore when something was lost.', 'ask', [
    'ask',
    'never',
  ]),
} as const satisfies Readonly<Record<string, ConfigKey>>;

/** The switch of one source. Nothing is captured before it is turned on. */
export function sourceKey(id: SourceId): ConfigKey {
  return flag(`sources.${id}`, `Capture ${id}.`, false);
}

/** All keys, in the order in which they are listed. */
export function listConfigKeys(sourceIds: readonly SourceId[]): readonly ConfigKey[] {
  return [...Object.values(CONFIG_KEYS), ...sourceIds.map(sourceKey)];
}

function number(
  key: string,
  description: string,
  defaultValue: number,
  min: number,
  max: number,
): ConfigKey & { readonly defaultValue: number } {
  return {
    key,
    description,
    defaultValue,
    expects: `a whole number from ${min} to ${max}`,
    schema: z.int().min(min).max(max),
    parseText: (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : text),
  };
}

function flag(key: string, description: string, defaultValue: boolean): ConfigKey & { readonly defaultValue: boolean } {
  return {
    key,
    description,
    defaultValue,
    expects: 'on or off',
    schema: z.boolean(),
    parseText: (text) => {
      const word = text.trim().toLowerCase();
      if (WORDS_FOR_TRUE.has(word)) return true;
      return WORDS_FOR_FALSE.has(word) ? false : text;
    },
  };
}

function choice(
  key: string,
  description: string,
  defaultValue: string,
  choices: readonly string[],
): ConfigKey & { readonly defaultValue: string } {
  return {
    key,
    description,
    defaultValue,
    expects: `one of ${choices.join(', ')}`,
    schema: z.enum(choices),
    parseText: (text) => text.trim().toLowerCase(),
  };
}

/** A short line; `none` is the empty one. */
function text(key: string, description: string, defaultValue: string): ConfigKey & { readonly defaultValue: string } {
  return {
    key,
    description,
    defaultValue,
    expects: 'a line of at most 60 characters, or none',
    schema: z
      .string()
      .max(60)
      .regex(/^[\x20-\x7e]*$/),
    parseText: (typed) => (typed.trim() === 'none' ? '' : typed.trim()),
  };
}

function folder(key: string, description: string): ConfigKey & { readonly defaultValue: null } {
  const path = z
    .string()
    .max(4_096)
    .regex(/^(?:\/|[A-Za-z]:[\\/])[^\0]*$/);
  return {
    key,
    description,
    defaultValue: null,
    expects: 'an absolute folder, or none',
    schema: path.nullable(),
    parseText: (text) => (['', 'none', 'null'].includes(text.trim()) ? null : text.trim()),
  };
}
