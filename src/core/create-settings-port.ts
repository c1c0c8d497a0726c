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
  const apply: Record<
    SharedSettings,
    (values: SettingValues, options: { readonly mayDelete: boolean }) => Promise<void>
  > = {
    exclusions: (values) => applyExclusions(app, opened, values),
    retention: (values, options) => applyRetention(app, opened, values, options),
  };
  return {
    read: async (group) => {
      try {
        return group === 'retention' ? readRetention(app) : await readExclusions(opened);
      } catch (error) {
        // A configuration that cannot be read is told where it is used; here nothing is changed on its account.
        if (error instanceof AppError && error.code.startsWith('CONFIG_')) return null;
        throw error;
      }
    },
    apply: async (group, values, options) => {
      await apply[group](values, options);
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

/** Shorter limits delete: much of that is asked about first (S8). */
async function applyRetention(
  app: PortApp,
  { vault }: PortVault,
  values: SettingValues,
  { mayDelete }: { readonly mayDelete: boolean },
): Promise<void> {
  const before = app.readConfig().retention;
  const wanted = limitNames().flatMap((name) => {
    if (!(name in values)) return [];
    const value = values[name] ?? DEFAULT_RETENTION[name];
    return typeof value === 'number' && value !== before[name] ? [[name, value] as const] : [];
  });
  if (wanted.some(([name, value]) => value < before[name]) && !mayDelete) {
    const nowMs = await readRetentionTime(vault, app.clock.nowMs());
    const removedBy = async (limits: RetentionLimits): Promise<number> =>
      (await vault.prune(limits, nowMs, { isDryRun: true })).removedSnapshots;
    const after = { ...before, ...Object.fromEntries(wanted) };
    const count = (await removedBy(after)) - (await removedBy(before));
    const { snapshots } = await vault.statistics({ inactiveDays: before.inactiveDays, nowMs });
    if (isBraked(count, snapshots)) throw asksForLess(count, snapshots);
  }
  app.prepareFolder();
  for (const [name, value] of wanted)
    await ifFitting(async () => setConfigValueSync(app.configPlace, `retention.${name}`, String(value)));
}

function asksForLess(count: number, of: number): AppError {
  return new AppError(
    'SYNC_ASKS',
    `Another device keeps snapshots for a shorter time: by its rules ${count} of ${of} would go here. They were not taken over.`,
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
