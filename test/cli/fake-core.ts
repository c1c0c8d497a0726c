// The application behind the CLI's port, on the fake vault: tests say what is captured, found and restored.

import type {
  CaptureOutcome,
  CaptureRequest,
  CliSettings,
  ConfigEntry,
  Core,
  FoundSource,
  OpenCore,
  RestoreProgress,
  RestoreRequest,
  RunOptions,
  SyncControl,
} from '../../src/cli/core.ts';
import { exportVault, type ExportReport, type ExportRequest } from '../../src/core/export/export-vault.ts';
import type { RunningCaptures } from '../../src/cli/status/running-captures.ts';
import { SessionDesk } from '../../src/core/sessions/session-desk.ts';
import { SessionStore } from '../../src/core/sessions/session-store.ts';
import { PublishingDesk } from '../../src/core/sync/publishing/publishing-desk.ts';
import type { HookPlace } from '../../src/core/sessions/hooks/hook-files.ts';
import type { Host, Source } from '../../src/core/sources/source.ts';
import type { BrowserSetup } from '../../src/core/browser-setup/browser-setup.ts';
import type { MergeReport } from '../../src/core/vault/merge/merge-report.ts';
import type { RepairReport } from '../../src/core/vault/repair/repair-vault.ts';
import type { VaultSecret } from '../../src/core/vault/vault-client.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import type { SourceId } from '../../src/shared/model/ids.ts';
import type { CapturedItem } from '../../src/shared/model/item.ts';
import type { JsonValue } from '../../src/shared/model/json.ts';
import type { PlannedStep, RestorePlan, RestoreReport, RestoreStep } from '../../src/shared/model/restore.ts';
import { DEFAULT_RETENTION } from '../../src/shared/model/retention.ts';
import type { Gap } from '../../src/shared/model/snapshot.ts';
import { aCapture, aTerminal, CLAUDE, TMUX } from '../support/captures.ts';
import { fakeHost } from '../support/fake-source.ts';
import { FakePublishingServer } from '../support/fake-publishing.ts';
import { FakeVault } from '../support/fake-vault.ts';
import { TEST_NOW_MS, TEST_PASSWORD } from '../support/test-vault.ts';

export const TEST_RECOVERY_KEY = 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH-JJJJ';

/** Of a vault of ten snapshots of which nothing is lost. */
export function aRepairReport(changes: Partial<RepairReport> = {}): RepairReport {
  return {
    snapshots: 10,
    lostSnapshots: 0,
    healed: 2,
    lost: 0,
    unproven: 0,
    isWhole: false,
    tier: 'full',
    tiers: [{ name: 'full', wins: 10, loses: 0, sentence: 'Snapshots that are whole.' }],
    together: [],
    losses: { snapshots: 0, items: 0, newestWhole: null, list: [] },
    causes: [],
    keptAs: 'vault.db.damaged-20261120T120000000Z',
    ...changes,
  };
}

/** Of an old backup with four snapshots that are not here. */
export function aMergeReport(changes: Partial<MergeReport> = {}): MergeReport {
  return {
    isSameVault: true,
    snapshots: 4,
    inBoth: 6,
    unreadable: 0,
    newerLeftOut: 0,
    itemsLeftOut: 0,
    checkpointsAdded: 1,
    checkpointsChanged: 0,
    sessionsAdded: 0,
    sessionsChanged: 0,
    sessionsDeletedHere: 0,
    conflicts: [],
    isNothingNew: false,
    isShared: false,
    incoming: { fromMs: TEST_NOW_MS - 7_200_000, toMs: TEST_NOW_MS - 3_600_000 },
    keptAs: 'vault.db.before-merge-20261120T120000000Z',
    ...changes,
  };
}

export class FakeCore implements Core {
  readonly home = '/home/dev/.local/share/cairn';
  readonly vault = new FakeVault();
  nowMs = TEST_NOW_MS;
  isThere = true;
  password = TEST_PASSWORD;
  items: readonly CapturedItem[] = [aTerminal('a')];
  gaps: readonly Gap[] = [];
  sources: readonly Source[] = [];
  host: Host = fakeHost();
  enabled: readonly SourceId[] = [TMUX];
  found: readonly FoundSource[] = [
    { id: TMUX, title: 'tmux', isPresent: true, summary: '1 server, 2 sessions' },
    { id: CLAUDE, title: 'Claude Code', isPresent: false, summary: 'no conversations' },
  ];
  config = new Map<string, JsonValue>([['retention.dailyDays', 30]]);
  plan: readonly PlannedStep[] = [];
  requests: RestoreRequest[] = [];
  failingKeys: readonly string[] = [];
  /** Called before a restore is planned, and before each of its steps: a signal may come then. */
  beforePlan: () => void = () => undefined;
  beforeStep: (key: string) => void = () => undefined;
  opened: VaultSecret[] = [];
  waitMs = 0;
  /** What an app beside this command says. */
  running: RunningCaptures | null = null;
  createdWith: string | null = null;
  readonly publishingServer = new FakePublishingServer();
  repairs: boolean[] = [];
  repairReport: RepairReport = aRepairReport();
  merges: Parameters<Core['merge']>[1][] = [];
  mergeReport: MergeReport = aMergeReport();
  otherPassword: string | null = null;
  /** Other devices and what they captured; null where the vault does not sync. */
  others: { devices: SyncControl['devices']; history: NonNullable<OpenCore['history']> } | null = null;
  browsers: BrowserSetup = {
    extensionFolder: '/opt/cairn/resources/browser-extension',
    hostProgram: '/opt/cairn/bin/cairn-browser-host',
    install: () => [],
    uninstall: () => [],
    status: async () => [],
  };

  hasVault(): boolean {
    return this.isThere;
  }

  unlockWaitMs(): number {
    return this.waitMs;
  }

  async assessPassword(password: string): Promise<string> {
    if (password.length < 12) {
      throw new AppError('VAULT_WEAK_PASSWORD', 'This password is too weak.', { hint: 'Take a longer one.' });
    }
    return 'Strength: good.';
  }

  async readSettings(): Promise<CliSettings> {
    return {
      intervalMs: 30_000,
      enabledSources: this.enabled,
      retention: DEFAULT_RETENTION,
      backup: { folder: `${this.home}/backups`, keep: 3 },
    };
  }

  async detectSources(): Promise<readonly FoundSource[]> {
    return this.found;
  }

  async enableSources(ids: readonly SourceId[]): Promise<void> {
    this.enabled = ids;
  }

  async createVault(password: string): Promise<{ readonly recoveryKey: string; readonly open: OpenCore }> {
    this.createdWith = password;
    this.password = password;
    this.isThere = true;
    return { recoveryKey: TEST_RECOVERY_KEY, open: new FakeOpenCore(this) };
  }

  async repair(secret: VaultSecret, options: { readonly isDryRun: boolean }): Promise<RepairReport> {
    this.repairs.push(options.isDryRun);
    if (secret.type !== 'keychain' && secret.text !== this.password)
      throw new AppError('VAULT_WRONG_PASSWORD', 'Wrong password.', { hint: 'Try again.' });
    return { ...this.repairReport, keptAs: options.isDryRun ? null : this.repairReport.keptAs };
  }

  async merge(secret: VaultSecret, options: Parameters<Core['merge']>[1]): Promise<MergeReport> {
    if (secret.type !== 'keychain' && secret.text !== this.password)
      throw new AppError('VAULT_WRONG_PASSWORD', 'Wrong password.', { hint: 'Try again.' });
    this.merges.push(options);
    if (this.otherPassword !== null && options.otherSecret === null)
      throw new AppError('VAULT_LOCKED', 'The other file is a vault of its own.', { hint: 'Give its password.' });
    const { otherSecret } = options;
    if (this.otherPassword !== null && otherSecret?.type === 'password' && otherSecret.text !== this.otherPassword)
      throw new AppError('VAULT_WRONG_OTHER_PASSWORD', 'This does not open the other vault.', { hint: 'Try again.' });
    return { ...this.mergeReport, keptAs: options.isDryRun ? null : this.mergeReport.keptAs };
  }

  async connect(): Promise<OpenCore | null> {
    return null;
  }

  async readRunningCaptures(): Promise<RunningCaptures | null> {
    return this.running;
  }

  async serve(): Promise<never> {
    throw new AppError('EXEC_FAILED', 'The window of Cairn has not been built.');
  }

  async open(secret: VaultSecret): Promise<OpenCore> {
    this.opened.push(secret);
    const text = secret.type === 'keychain' ? '' : secret.text;
    if (text !== this.password && text !== TEST_RECOVERY_KEY) {
      throw new AppError('VAULT_WRONG_PASSWORD', 'Wrong password.', { hint: 'Try again.' });
    }
    return new FakeOpenCore(this);
  }

  async proveRestore(say: (line: string) => void): Promise<boolean> {
    say('A scratch session was captured, killed and restored.');
    return true;
  }

  async shellIntegration(): Promise<never> {
    throw new AppError('EXEC_FAILED', 'The scripts of the shell integration are missing.');
  }

  async browserSetup(): Promise<BrowserSetup> {
    return this.browsers;
  }

  hookPlace(): HookPlace {
    return { host: this.host, home: this.home, node: process.execPath };
  }

  isSealedConfigKey(key: string): boolean {
    return key.startsWith('exclude.');
  }

  async listConfig(): Promise<readonly ConfigEntry[]> {
    return [...this.config].map(([key, value]) => ({ key, value, defaultValue: 30, description: 'How long.' }));
  }

  async readConfig(key: string): Promise<JsonValue> {
    const value = this.config.get(key);
    if (value === undefined) {
      throw new AppError('CONFIG_UNKNOWN_KEY', 'There is no such setting.', { hint: 'See `cairn config list`.' });
    }
    return value;
  }

  async writeConfig(key: string, text: string): Promise<JsonValue> {
    await this.readConfig(key);
    this.config.set(key, Number(text));
    return Number(text);
  }
}

class FakeOpenCore implements OpenCore {
  readonly sync?: SyncControl;
  readonly history?: NonNullable<OpenCore['history']>;
  readonly #core: FakeCore;

  constructor(core: FakeCore) {
    this.#core = core;
    core.vault.isClosed = false;
    if (core.others === null) return;
    this.sync = { devices: core.others.devices } as SyncControl; // all that is asked of it
    this.history = core.others.history;
  }

  get vault(): FakeVault {
    return this.#core.vault;
  }

  get sessions(): SessionDesk {
    const { vault, nowMs, sources } = this.#core;
    return new SessionDesk({
      store: new SessionStore({ vault, sources, nowMs: () => nowMs }),
      vault,
      host: fakeHost(),
      sources,
      limits: () => ({ maxSessions: 100, retentionDays: 90, isCleanupAutomatic: true }),
      loadExclusion: async () => ({ path: () => false, source: () => false }),
      lookNow: async () => [],
      findTerminal: async () => undefined,
    });
  }

  get publishing(): PublishingDesk {
    return new PublishingDesk({
      store: this.sessions.store,
      link: this.#core.publishingServer,
      isExcluded: async () => false,
    });
  }

  async capture(request: CaptureRequest): Promise<CaptureOutcome> {
    const { items, gaps, nowMs, vault } = this.#core;
    const { summary } = await vault.save(aCapture(items, { ...request, gaps, takenAtMs: nowMs }));
    return { summary, gaps, durationMs: 12.4 };
  }

  async run(options: RunOptions): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (options.signal.aborted) resolve();
      options.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    options.onCaptured(await this.capture({ kind: 'automatic' }));
    await stopped;
    options.onCaptured(await this.capture({ kind: 'shutdown' }));
  }

  async planRestore(request: RestoreRequest): Promise<RestorePlan> {
    this.#core.requests.push(request);
    this.#core.beforePlan();
    const { takenAtMs } = await this.vault.readSnapshot(request.snapshotId);
    return { snapshotId: request.snapshotId, takenAtMs, steps: this.#core.plan };
  }

  async applyRestore(plan: RestorePlan, _request: RestoreRequest, progress: RestoreProgress): Promise<RestoreReport> {
    const { summary } = await this.capture({ kind: 'before-restore' });
    const steps = plan.steps.map(({ key, action, status, detail }): RestoreStep => {
      if (status === 'planned') this.#core.beforeStep(key);
      const after = this.#core.failingKeys.includes(key) ? 'failed' : 'done';
      return { key, action, detail, status: status === 'skipped' || progress.signal.aborted ? 'skipped' : after };
    });
    for (const step of steps) progress.onStep(step);
    return { steps, undo: summary.id };
  }

  exportTo(request: ExportRequest): Promise<ExportReport> {
    const { vault, sources, home } = this.#core;
    return exportVault({ vault, sources, home, nowMs: () => this.#core.nowMs }, request);
  }

  async undoRestore(): Promise<RestoreReport> {
    throw new AppError('RESTORE_NOTHING_TO_UNDO', 'There is no restore to take back.');
  }

  close(): Promise<void> {
    return this.vault.close();
  }
}
