// Thins old snapshots and makes backups by itself while Cairn runs. Looked at after each capture, never at the same time as
// another long work, and never in the way of a capture: the vault does such work in slices.

import { toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { RetentionLimits } from '../../shared/model/retention.ts';
import type { Clock } from '../clock.ts';
import type { Vault } from '../vault/vault.ts';
import { noteRetentionTime, readRetentionTime } from './retention-time.ts';

/** Snapshots are thinned by the hour at the finest, so looking more often finds little. */
const PRUNE_EVERY_MS = 6 * 3_600_000;
/** A start is followed by a restore more often than by anything else: nothing is removed before that had its time. */
const FIRST_PRUNE_AFTER_MS = 15 * 60_000;
const RETRY_AFTER_MS = 3_600_000;

export interface MaintenanceSettings {
  readonly retention: RetentionLimits;
  readonly backup: { readonly folder: string; readonly keep: number; readonly everyMs: number };
}

export interface MaintenanceDeps {
  readonly vault: Pick<Vault, 'prune' | 'backup' | 'statistics' | 'readSetting' | 'writeSetting'>;
  readonly clock: Clock;
  readonly settings: () => MaintenanceSettings;
  /** Lets go of sessions that are too many or too old, where that is set. */
  readonly cleanUpSessions: () => Promise<unknown>;
  readonly onFailed: (work: 'prune' | 'backup', error: PlainError) => void;
}

export class Maintenance {
  readonly #deps: MaintenanceDeps;
  readonly #end = new AbortController();
  #pruneAtMs: number;
  #backupAtMs: number;
  #working: Promise<void> | null = null;

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps;
    this.#pruneAtMs = deps.clock.monotonicMs() + FIRST_PRUNE_AFTER_MS;
    this.#backupAtMs = deps.clock.monotonicMs();
  }

  /** Begins what is due, if nothing of it runs already. Returns at once. */
  consider(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#end.signal.aborted || this.#working !== null || Math.min(this.#pruneAtMs, this.#backupAtMs) > nowMs)
      return;
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
    // The backup first: what a prune removes is then in it.
    if (this.#backupAtMs <= nowMs) this.#backupAtMs = nowMs + (await this.#attempt('backup', () => this.#backup()));
    if (this.#pruneAtMs <= nowMs && !this.#end.signal.aborted)
      this.#pruneAtMs = nowMs + (await this.#attempt('prune', () => this.#prune()));
  }

  async #attempt(name: 'prune' | 'backup', work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      if (!this.#end.signal.aborted) this.#deps.onFailed(name, toPlainError(error));
      return RETRY_AFTER_MS;
    }
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
