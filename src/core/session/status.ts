// How things stand, in the shape that every shell shows.

import type { PlainError } from '../../shared/model/app-error.ts';
import type { Status } from '../../shared/contract/schemas.ts';
import type { App, OpenApp } from '../app.ts';
import { tellDamage } from '../capture/maintenance-words.ts';
import type { Vault, VaultHealth } from '../vault/vault.ts';
import { toIso } from '../timeline/views.ts';

export type SessionState = 'missing' | 'locked' | 'unlocked' | 'damaged';

export interface CaptureState {
  /** Undefined while not paused, null until resumed. */
  readonly pausedUntilMs: number | null | undefined;
  readonly locked: 'off' | 'writing' | 'failing';
  readonly lastAtMs: number | null;
}

export interface StatusFacts {
  readonly app: App;
  readonly shell: Status['shell'];
  readonly version: string;
  readonly state: SessionState;
  readonly problem: PlainError | null;
  readonly open: OpenApp | null;
  readonly capture: CaptureState;
  readonly desktop: Status['desktop'];
  readonly health: VaultHealth | null;
}

/** Never throws: a configuration that cannot be read is told, and everything else with it. */
export function describeStatus(facts: StatusFacts): Status {
  const { app, shell, version, state, open } = facts;
  const settings = readSettings(facts);
  const problem = facts.problem ?? settings.problem;
  const readOnly = open === null ? null : readOnlyReason(open.vault);
  const gaps = open?.scheduler.state().lastCapture?.outcome.gaps ?? [];
  return {
    version,
    shell,
    vault: state,
    theme: settings.theme,
    ...(problem === null ? {} : { problem }),
    ...(readOnly === null ? {} : { readOnly }),
    capture: describeCapture(facts, settings),
    sources: app.sources.map(({ id, title }) => {
      const gap = gaps.find(({ source, key }) => source === id && key === undefined);
      return {
        id,
        title,
        isEnabled: settings.enabled.includes(id),
        ...(gap === undefined ? {} : { problem: gap.message }),
      };
    }),
    ...(facts.desktop === undefined ? {} : { desktop: facts.desktop }),
    ...(facts.health === null ? {} : { health: viewHealth(facts.health) }),
    notices: (open?.vault.notices ?? []).map(({ code, message }) => ({
      message,
      isDamage: ['opened-read-only', 'truncated', 'rolled-back', 'index-mended', 'head-slot-mended'].includes(code),
    })),
  };
}

function viewHealth(health: VaultHealth): NonNullable<Status['health']> {
  const { quickAtMs, deepAtMs, provenBackupAtMs, pass, damage } = health;
  return {
    ...(quickAtMs === null ? {} : { quickAt: toIso(quickAtMs) }),
    ...(deepAtMs === null ? {} : { deepAt: toIso(deepAtMs) }),
    ...(provenBackupAtMs === null ? {} : { provenBackupAt: toIso(provenBackupAtMs) }),
    ...(pass === null ? {} : { pass }),
    ...(damage === null
      ? {}
      : { damage: { text: tellDamage(damage), records: damage.records, foundAt: toIso(damage.foundAtMs) } }),
  };
}

/** Why nothing is written into an open vault because of damage, as a sentence; null where it is whole. */
export function readOnlyReason({ notices }: Pick<Vault, 'notices'>): string | null {
  return notices.find(({ code }) => code === 'opened-read-only')?.message ?? null;
}

interface Settings {
  readonly intervalMs: number;
  readonly theme: Status['theme'];
  readonly enabled: readonly string[];
  readonly problem: PlainError | null;
}

function readSettings({ app, open }: StatusFacts): Settings {
  if (open !== null) {
    const { captureIntervalMs, enabledSources, theme } = open.config();
    return { intervalMs: captureIntervalMs, enabled: enabledSources, theme, problem: open.configError() };
  }
  try {
    const { captureIntervalMs, enabledSources, theme } = app.readConfig();
    return { intervalMs: captureIntervalMs, enabled: enabledSources, theme, problem: null };
  } catch {
    return { intervalMs: 30_000, enabled: [], theme: 'system', problem: null }; // told when the vault is opened
  }
}

function describeCapture({ state, open, capture }: StatusFacts, settings: Settings): Status['capture'] {
  const scheduler = open?.scheduler.state();
  const failure = scheduler?.lastFailure?.error;
  const lastSnapshotId = scheduler?.lastCapture?.outcome.summary.id;
  const lastAtMs = scheduler?.lastCapture?.outcome.summary.takenAtMs ?? capture.lastAtMs;
  return {
    // Whatever is turned on or paused: nothing goes into a vault that is only read.
    state: open !== null && readOnlyReason(open.vault) !== null ? 'off' : stateOf(state, capture, settings, scheduler),
    intervalSeconds: settings.intervalMs / 1_000,
    ...(lastAtMs === null ? {} : { lastAt: toIso(lastAtMs) }),
    ...(lastSnapshotId === undefined ? {} : { lastSnapshotId }),
    ...(typeof capture.pausedUntilMs === 'number' ? { pausedUntil: toIso(capture.pausedUntilMs) } : {}),
    ...(failure === undefined ? {} : { failure }),
    isLate: scheduler?.isLate ?? false,
  };
}

function stateOf(
  state: SessionState,
  capture: CaptureState,
  { enabled }: Settings,
  scheduler: ReturnType<OpenApp['scheduler']['state']> | undefined,
): Status['capture']['state'] {
  if (capture.pausedUntilMs !== undefined) return 'paused';
  if (state !== 'unlocked' || scheduler === undefined) {
    if (capture.locked === 'off') return 'off';
    return capture.locked === 'failing' ? 'failing' : 'locked-writing';
  }
  if (enabled.length === 0) return 'off';
  if (scheduler.lastFailure !== null) return 'failing';
  return scheduler.isCapturing ? 'capturing' : 'waiting';
}
