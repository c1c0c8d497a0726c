import { beforeEach, describe, expect, it } from 'vitest';

import { Maintenance, type MaintenanceSettings } from '../../../src/core/capture/maintenance.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import type { HealReport, VaultHealth, VaultStatistics } from '../../../src/core/vault/vault.ts';
import { FakeVault } from '../../support/fake-vault.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const HOUR_MS = 3_600_000;

class BusyVault extends FakeVault {
  readonly works: string[] = [];
  readonly prunedAtMs: number[] = [];
  lastBackupAtMs: number | null = null;
  snapshots = 1;
  failure: Error | null = null;
  signal: AbortSignal | undefined;
  hang: Promise<void> | null = null;
  readonly slices: number[] = [];
  healing: HealReport = { healed: 0, left: 0 };

  override async verifySlice(options?: { readonly everyMs: number }) {
    this.slices.push(options?.everyMs ?? -1);
    return this.health();
  }

  override async heal(options?: { readonly backups: readonly string[] }) {
    this.works.push(`heal from ${options?.backups.join(' ')}`);
    this.damage(this.healing.left);
    return this.healing;
  }

  damage(records: number): void {
    this.healthNow = { ...this.healthNow, damage: { foundAtMs: 0, records, contents: records, snapshots: 0 } };
  }

  override async statistics(options: {
    readonly inactiveDays: number;
    readonly nowMs: number;
  }): Promise<VaultStatistics> {
    return { ...(await super.statistics(options)), lastBackupAtMs: this.lastBackupAtMs, snapshots: this.snapshots };
  }

  override async backup(options?: { readonly nowMs: number; readonly signal?: AbortSignal }) {
    this.signal = options?.signal;
    await this.hang;
    if (this.failure !== null) throw this.failure;
    this.works.push('backup');
    this.lastBackupAtMs = options?.nowMs ?? 0;
    return super.backup();
  }

  override async prune(...values: Parameters<FakeVault['prune']>) {
    this.works.push(values[2].isDryRun ? 'dry run' : 'prune');
    this.prunedAtMs.push(values[1]);
    return super.prune(...values);
  }
}

let vault: BusyVault;
let clock: ManualClock;
let settings: MaintenanceSettings;
let failures: string[];
let cleanups: number;
let healths: VaultHealth[];
let healed: HealReport[];
let maintenance: Maintenance;

beforeEach(() => {
  vault = new BusyVault();
  clock = new ManualClock();
  failures = [];
  cleanups = 0;
  healths = [];
  healed = [];
  settings = {
    retention: DEFAULT_RETENTION,
    backup: { folder: '/b', keep: 3, everyMs: 24 * HOUR_MS },
    verifyEveryMs: 0,
  };
  maintenance = new Maintenance({
    vault,
    clock,
    settings: () => settings,
    cleanUpSessions: async () => {
      cleanups += 1;
    },
    onFailed: (work, { code }) => failures.push(`${work} ${code}`),
    backupsToSearch: () => ['/b/newest.db'],
    onHealth: (health) => healths.push(health),
    onHealed: (report) => healed.push(report),
  });
});

/** As the captures do: looks every half a minute. */
async function runFor(durationMs: number): Promise<void> {
  for (let passed = 0; passed <= durationMs; passed += 30_000) {
    maintenance.consider();
    await clock.advance(30_000);
  }
}

describe('Maintenance', () => {
  it('backs up at first, thins a little later, and then each in its own time', async () => {
    await runFor(10 * 60_000);
    expect(vault.works).toEqual(['backup']);

    await runFor(10 * 60_000);
    expect(vault.works).toEqual(['backup', 'prune']);
    expect(cleanups).toBe(1);

    await runFor(24 * HOUR_MS);
    expect(vault.works.filter((work) => work === 'backup')).toHaveLength(2);
    expect(vault.works.filter((work) => work === 'prune')).toHaveLength(5);
  });

  it('makes no backup of its own where another process made one, nor of an empty vault, nor where it is off', async () => {
    vault.lastBackupAtMs = clock.nowMs() - HOUR_MS;
    await runFor(2 * 60_000);
    vault.lastBackupAtMs = null;
    vault.snapshots = 0;
    await runFor(2 * HOUR_MS);
    settings = { ...settings, backup: { ...settings.backup, everyMs: 0 } };
    vault.snapshots = 1;
    await runFor(2 * HOUR_MS);

    expect(vault.works).not.toContain('backup');
  });

  it('tells of a failure and tries again in an hour', async () => {
    vault.failure = new AppError('VAULT_DISK_FULL', 'full');
    await runFor(5 * 60_000);
    expect(failures).toEqual(['backup VAULT_DISK_FULL']);
    vault.failure = null;
    await runFor(HOUR_MS);

    expect(vault.works).toContain('backup');
  });

  it('thins by a clock that jumps a day at most, and follows one that is set back', async () => {
    await runFor(HOUR_MS);
    const [first = 0] = vault.prunedAtMs;
    clock.jumpWall(10 * 365 * 24 * HOUR_MS);
    await runFor(13 * HOUR_MS);
    expect(vault.prunedAtMs.slice(1)).toEqual([first + 24 * HOUR_MS, first + 48 * HOUR_MS]);

    clock.jumpWall(-10 * 365 * 24 * HOUR_MS);
    await runFor(6 * HOUR_MS);
    expect(vault.prunedAtMs.at(-1)).toBeLessThan(first + 24 * HOUR_MS);
  });

  it('makes backups again after one that a wrong clock dated into the future', async () => {
    vault.lastBackupAtMs = clock.nowMs() + 10 * 365 * 24 * HOUR_MS;
    await runFor(HOUR_MS);

    expect(vault.works).toContain('backup');
  });

  it('looks whether the vault is whole after each capture, and tells', async () => {
    settings = { ...settings, verifyEveryMs: 30 * 24 * HOUR_MS };
    await runFor(60_000);

    expect(vault.slices).toEqual([30, 30, 30].map((days) => days * 24 * HOUR_MS));
    expect(healths).toHaveLength(3);
    expect(vault.works).toEqual(['backup']);
  });

  it('has what is damaged put right from backups, at once and then each hour', async () => {
    settings = { ...settings, backup: { ...settings.backup, everyMs: 0 } };
    vault.damage(2);
    vault.healing = { healed: 1, left: 1 };
    await runFor(10 * 60_000);
    expect(vault.works).toEqual(['heal from /b/newest.db']);
    expect(healed).toEqual([{ healed: 1, left: 1 }]);
    vault.healing = { healed: 0, left: 1 };
    vault.works.length = 0;
    await runFor(2 * HOUR_MS);

    expect(vault.works.filter((work) => work.startsWith('heal'))).toHaveLength(2);
    expect(healed).toHaveLength(1);
  });

  it('never does two things at once, and cancels what runs when it is stopped', async () => {
    const hang = Promise.withResolvers<void>();
    vault.hang = hang.promise;
    await runFor(HOUR_MS);
    expect(vault.works).toEqual([]);

    const stopping = maintenance.stop();
    expect(vault.signal?.aborted).toBe(true);
    vault.failure = new AppError('CANCELLED', 'cancelled');
    hang.resolve();
    await stopping;
    await runFor(HOUR_MS);

    expect([failures, vault.works]).toEqual([[], []]);
  });
});
