// Thins old snapshots, makes backups and looks whether the vault is whole, by itself, while Cairn runs. Looked at after each capture, never at
// the same time as another long work, and never in the way of a capture: the vault does such work in slices.

import { toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { RetentionLimits } from '../../shared/model/retention.ts';
import type { Clock } from '../clock.ts';
import type { HealReport, Vault, VaultHealth } from '../vault/vault.ts';
import { noteRetentionTime, readRetentionTime } from './retention-time.ts';

/** Snapshots are thinned by the hour at the finest, so looking more often finds little. */
const PRUNE_EVERY_MS = 6 * 3_600_000;
/** A start is followed by a restore more often than by anything else: nothing is removed before that had its time. */
const FIRST_PRUNE_AFTER_MS = 15 * 60_000;
const RETRY_AFTER_MS = 3_600_000;
/** How long the vault is looked through after a capture: a sixth of a percent of the time, at captures of every half a minute. */
const VERIFY_BUDGET_MS = 50;

export interface MaintenanceSettings {
  readonly retention: RetentionLimits;
  readonly backup: { readonly folder: string; readonly keep: number; readonly everyMs: number };
  /** From one look through the whole vault to the next; 0 for never. */
  readonly verifyEveryMs: number;
}

export type MaintenanceWork = 'prune' | 'backup' | 'verification' | 'healing';

export interface MaintenanceDeps {
  readonly vault: Pick<
    Vault,
    'prune' | 'backup' | 'statistics' | 'readSetting' | 'writeSetting' | 'verifySlice' | 'heal'
  >;
  readonly clock: Clock;
  readonly settings: () => MaintenanceSettings;
  /** Lets go of sessions that are too many or too old, where that is set. */
  readonly cleanUpSessions: () => Promise<unknown>;
  readonly onFailed: (work: MaintenanceWork, error: PlainError) => void;
  /** Backups in which a damaged record may stand whole, the newest first. */
  readonly backupsToSearch: () => readonly string[];
  /** How the vault is, after each look. */
  readonly onHealth: (health: VaultHealth) => void;
  readonly onHealed: (report: HealReport) => void;
}

export class Maintenance {
  readonly #deps: MaintenanceDeps;
  readonly #end = new AbortController();
  #pruneAtMs: number;
  #backupAtMs: number;
  #verifyAtMs = Number.NEGATIVE_INFINITY;
  /** Damage for which healing was tried already, and when. */
  #tried = { records: 0, atMs: Number.NEGATIVE_INFINITY };
  #working: Promise<void> | null = null;

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps;
    this.#pruneAtMs = deps.clock.monotonicMs() + FIRST_PRUNE_AFTER_MS;
    this.#backupAtMs = deps.clock.monotonicMs();
  }

  /** Begins what is due, if nothing of it runs already. Returns at once. */
  consider(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#end.signal.aborted || this.#working !== null) return;
    this.#working = this.#work(nowMs).finally(() => {
      this.#working = null;
    });
  }

  /** Cancels what runs and waits for its end. Idempotent. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#working;
  }

  /** Never rejects. */
  async #work(nowMs: number): Promise<void> {
    if (this.#verifyAtMs <= nowMs)
      this.#verifyAtMs = nowMs + (await this.#attempt('verification', () => this.#verify(nowMs)));
    if (this.#end.signal.aborted) return;
    // The backup first: what a prune removes is then in it.
    if (this.#backupAtMs <= nowMs) this.#backupAtMs = nowMs + (await this.#attempt('backup', () => this.#backup()));
    if (this.#pruneAtMs <= nowMs && !this.#end.signal.aborted)
      this.#pruneAtMs = nowMs + (await this.#attempt('prune', () => this.#prune()));
  }

  async #attempt(name: MaintenanceWork, work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      if (!this.#end.signal.aborted) this.#deps.onFailed(name, toPlainError(error));
      return RETRY_AFTER_MS;
    }
  }

  /** A slice after each capture. */
  async #verify(nowMs: number): Promise<number> {
    const { vault, clock, settings, onHealth } = this.#deps;
    const everyMs = settings().verifyEveryMs;
    const { signal } = this.#end;
    const health = await vault.verifySlice({ budgetMs: VERIFY_BUDGET_MS, nowMs: clock.nowMs(), everyMs, signal });
    onHealth(health);
    const records = health.damage?.records ?? 0;
    const isNew = records > this.#tried.records || nowMs - this.#tried.atMs >= RETRY_AFTER_MS;
    this.#tried = { records, atMs: records === 0 ? Number.NEGATIVE_INFINITY : this.#tried.atMs };
    if (records > 0 && isNew) {
      this.#tried = { records, atMs: nowMs };
      await this.#attempt('healing', () => this.#heal());
    }
    return 0;
  }

  /** What stays damaged is tried again later: a backup may lie on a disk that is not there now, and live content comes again. */
  async #heal(): Promise<number> {
    const { vault, backupsToSearch, onHealed } = this.#deps;
    const report = await vault.heal({ backups: backupsToSearch(), signal: this.#end.signal });
    this.#tried = { ...this.#tried, records: report.left };
    if (report.healed > 0) onHealed(report);
    return 0;
  }

  /** Gives how long nothing needs to be looked at. */
  async #backup(): Promise<number> {
    const { backup, retention } = this.#deps.settings();
    // Turned on later, it must not wait for the next start.
    if (backup.everyMs === 0) return RETRY_AFTER_MS;
    const nowMs = this.#deps.clock.nowMs();
    const { lastBackupAtMs, snapshots } = await this.#deps.vault.statistics({
      inactiveDays: retention.inactiveDays,
      nowMs,
    });
    // One of the future was made while the clock was wrong: waiting for that time could take years.
    const lastMs = lastBackupAtMs === null || lastBackupAtMs > nowMs ? Number.NEGATIVE_INFINITY : lastBackupAtMs;
    const restMs = lastMs + backup.everyMs - nowMs;
    if (snapshots === 0) return RETRY_AFTER_MS;
    if (restMs > 0) return Math.min(restMs, RETRY_AFTER_MS);
    await this.#deps.vault.backup({ folder: backup.folder, keep: backup.keep, nowMs, signal: this.#end.signal });
    return Math.min(backup.everyMs, RETRY_AFTER_MS);
  }

  async #prune(): Promise<number> {
    const { vault, clock, settings, cleanUpSessions } = this.#deps;
    const wallMs = clock.nowMs();
    const nowMs = await readRetentionTime(vault, wallMs);
    await vault.prune(settings().retention, nowMs, { isDryRun: false, signal: this.#end.signal });
    // They are old by the wall clock: not while that one runs ahead.
    if (nowMs === wallMs) await cleanUpSessions();
    // Last: what failed is tried again with the same time.
    await noteRetentionTime(vault, nowMs);
    return PRUNE_EVERY_MS;
  }
}
