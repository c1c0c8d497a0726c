// The settings that devices share, as this app has them: retention in config.json, exclusion rules sealed in the vault.

import { DEFAULT_RETENTION, type RetentionLimits } from '../shared/model/retention.ts';
import type { SharedSettings } from '../shared/model/shared-settings.ts';
import { AppError } from '../shared/model/app-error.ts';
import type { App, OpenApp } from './app.ts';
import { EXCLUSION_KINDS, type ExclusionKind } from './capture/rules/exclusion-rules.ts';
import { readRetentionTime } from './capture/retention-time.ts';
import { setConfigValueSync } from './config/config.ts';
import { readExclusionRules, writeExclusionRules } from './config/exclusion-settings.ts';
import type { SettingsPort, SettingValues } from './sync/shared-settings.ts';
import { isBraked } from './vault/replica/deletion-brake.ts';
import { sha256Hex } from './vault/replica/wire.ts';

type PortApp = Pick<App, 'clock' | 'configPlace' | 'exclusionEnvironment' | 'readConfig' | 'prepareFolder'>;
type PortVault = Pick<OpenApp, 'vault' | 'loadCaptureSettings'>;

/** Characters of a rule's hash: a rule is a field of its own, so that rules added on two devices are all kept. */
const HASH_CHARACTERS = 32;

export function createSettingsPort(app: PortApp, opened: PortVault, onChanged: () => void): SettingsPort {
  // What was asked about is not counted anew with each round.
  let asked: { readonly values: string; readonly error: AppError } | null = null;
  const read = async (group: SharedSettings): Promise<SettingValues | null> => {
    try {
      return group === 'retention' ? readRetention(app) : await readExclusions(opened);
    } catch (error) {
      // A configuration that cannot be read is told where it is used; here nothing is changed on its account.
      if (error instanceof AppError && error.code.startsWith('CONFIG_')) return null;
      throw error;
    }
  };
  const applyLimits = async (values: SettingValues, mayDelete: boolean): Promise<void> => {
    const wanted = wantedLimits(app, values);
    const key = JSON.stringify(wanted);
    if (!mayDelete && asked?.values === key) throw asked.error;
    const error = mayDelete ? null : await asksForLess(app, opened, wanted);
    asked = error === null ? null : { values: key, error };
    if (error !== null) throw error;
    app.prepareFolder();
    for (const [name, value] of wanted)
      await ifFitting(async () => setConfigValueSync(app.configPlace, `retention.${name}`, String(value)));
  };
  return {
    read,
    apply: async (group, values, { mayDelete }) => {
      const before = JSON.stringify(await read(group));
      if (group === 'retention') await applyLimits(values, mayDelete);
      else await applyExclusions(app, opened, values);
      if (JSON.stringify(await read(group)) === before) return;
      await opened.loadCaptureSettings();
      onChanged();
    },
  };
}

function readRetention(app: PortApp): SettingValues {
  const { retention } = app.readConfig();
  return Object.fromEntries(
    limitNames().flatMap((name) => (retention[name] === DEFAULT_RETENTION[name] ? [] : [[name, retention[name]]])),
  );
}

type Limit = readonly [keyof RetentionLimits, number];

function wantedLimits(app: PortApp, values: SettingValues): readonly Limit[] {
  const { retention } = app.readConfig();
  return limitNames().flatMap((name): Limit[] => {
    if (!(name in values)) return [];
    const value = values[name] ?? DEFAULT_RETENTION[name];
    return typeof value === 'number' && value !== retention[name] ? [[name, value]] : [];
  });
}

/** Shorter limits delete: where that is much, the question; null where it is not (S8). */
async function asksForLess(app: PortApp, { vault }: PortVault, wanted: readonly Limit[]): Promise<AppError | null> {
  const before = app.readConfig().retention;
  if (wanted.every(([name, value]) => value >= before[name])) return null;
  const nowMs = await readRetentionTime(vault, app.clock.nowMs());
  const removedBy = async (limits: RetentionLimits): Promise<number> =>
    (await vault.prune(limits, nowMs, { isDryRun: true })).removedSnapshots;
  const count = (await removedBy({ ...before, ...Object.fromEntries(wanted) })) - (await removedBy(before));
  const { snapshots } = await vault.statistics({ inactiveDays: before.inactiveDays, nowMs });
  if (!isBraked(count, snapshots)) return null;
  return new AppError(
    'SYNC_ASKS',
    `Another device keeps snapshots for a shorter time: by its rules ${count} of ${snapshots} would go here. They were not taken over.`,
    {
      hint: '`cairn sync now --accept-deletions` takes them over; a retention set here counts for all devices, and sync.sharesSettings off leaves each its own.',
    },
  );
}

async function readExclusions({ vault }: PortVault): Promise<SettingValues> {
  const rules = await readExclusionRules(vault);
  return Object.fromEntries(EXCLUSION_KINDS.flatMap((kind) => rules[kind].map((rule) => [fieldOf(kind, rule), rule])));
}

async function applyExclusions(app: PortApp, { vault }: PortVault, values: SettingValues): Promise<void> {
  const context = { environment: app.exclusionEnvironment, sourceIds: app.configPlace.sourceIds };
  for (const [field, value] of Object.entries(values)) {
    const kind = EXCLUSION_KINDS.find((known) => field.startsWith(`${known}/`));
    if (kind === undefined) continue;
    const there = (await readExclusionRules(vault))[kind];
    const others = there.filter((rule) => fieldOf(kind, rule) !== field);
    const rules = typeof value === 'string' ? [...others, value] : others;
    // A rule that this platform or version does not know stays with the others.
    await ifFitting(() => writeExclusionRules(vault, { kind, rules }, context));
  }
}

function fieldOf(kind: ExclusionKind, rule: string): string {
  return `${kind}/${sha256Hex(Buffer.from(rule, 'utf8')).slice(0, HASH_CHARACTERS)}`;
}

function limitNames(): readonly (keyof RetentionLimits)[] {
  return Object.keys(DEFAULT_RETENTION) as (keyof RetentionLimits)[]; // its own keys
}

/** What makes no sense on this device is left out. */
async function ifFitting(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFIG_INVALID') throw error;
  }
}
