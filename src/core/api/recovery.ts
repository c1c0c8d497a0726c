// Recovery: what is damaged, a repair, the way back to a backup, and what another vault has to bring. What mends a vault works where it
// cannot be opened, too.

import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';

import type { MergeInput, RecoveryReport } from '../../shared/contract/recovery.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { findOtherVault } from '../config/find-other-vault.ts';
import { exportVault } from '../export/export-vault.ts';
import { readOnlyReason } from '../session/status.ts';
import { toIso } from '../timeline/views.ts';
import { startMerge, type MergeOptions } from '../vault/merge/merge-client.ts';
import type { MergeReport } from '../vault/merge/merge-report.ts';
import { backupsToSearch, listBackupFiles, restoreBackup } from '../vault/repair/backups.ts';
import { startRepair } from '../vault/repair/repair-client.ts';
import type { VaultSecret } from '../vault/vault-client.ts';
import type { VerifyReport } from '../vault/vault.ts';
import type { ApiDeps } from './api-deps.ts';
import { os, tellWork } from './handlers.ts';
import { viewMerge } from './view-merge.ts';
import { viewRepair } from './view-repair.ts';

const MAX_UNREADABLE = 200;

type SecretInput = { readonly password: string } | { readonly recoveryKey: string };

export function recoveryHandlers({ session }: ApiDeps) {
  const { app } = session;
  return {
    report: os.recovery.report.handler(({ signal }) => report(signal)),
    plan: os.recovery.plan.handler(({ input, signal }) =>
      tellWork(
        async (options) => viewRepair(await startRepair({ ...repairOptions(input), ...options, isDryRun: true })),
        signal,
      ),
    ),
    repair: os.recovery.repair.handler(({ input, signal }) =>
      tellWork(async (options) => {
        const asked = repairOptions(input);
        const repaired = await session.whileClosed(asked.secret, () => startRepair({ ...asked, ...options }));
        const lost = repaired.lostSnapshots === 0 ? 'none is lost' : `${repaired.lostSnapshots} could not be saved`;
        session.emit({
          type: 'notice',
          text:
            repaired.keptAs === null
              ? 'The vault is whole: there was nothing to repair.'
              : `The vault was repaired: ${repaired.snapshots} snapshots are there, ${lost}. The damaged file is kept as ${repaired.keptAs}.`,
        });
        return viewRepair(repaired);
      }, signal),
    ),
    mergePlan: os.recovery.mergePlan.handler(({ input, signal }) =>
      tellWork(async (options) => {
        const asked = await mergeOptions(input);
        const look = { ...asked, ...options, isDryRun: true };
        return viewMerge(await app.attempt(asked.secret, () => startMerge(look)));
      }, signal),
    ),
    merge: os.recovery.merge.handler(({ input, signal }) =>
      tellWork(async (options) => {
        const asked = await mergeOptions(input);
        const merge = { ...asked, ...options, isDryRun: false };
        const report = await session.whileClosed(asked.secret, () => startMerge(merge));
        tellMerged(report);
        return viewMerge(report);
      }, signal),
    ),
    exportPlace: os.recovery.exportPlace.handler(async () => ({ folder: exportPlace() })),
    export: os.recovery.export.handler(({ input, signal }) => {
      const { vault } = session.unlocked().app;
      const deps = { vault, sources: app.sources, home: app.folder.path, nowMs: () => app.clock.nowMs() };
      return tellWork(async (options) => {
        const { unreadable, ...written } = await exportVault(deps, { ...options, ...input });
        const listed = unreadable.slice(0, MAX_UNREADABLE).map((part) => ({ ...part }));
        return { ...written, unreadableCount: unreadable.length, unreadable: listed };
      }, signal);
    }),
    restoreBackup: os.recovery.restoreBackup.handler(async ({ input, signal }) => {
      const secret = secretOf(input.secret);
      const options = { path: app.folder.vault, folder: backupFolder(), name: input.name, secret };
      const { keptAs } = await session.whileClosed(secret, () =>
        restoreBackup({
          ...options,
          nowMs: app.clock.nowMs(),
          onProgress: ({ done, total }) => session.emit({ type: 'backup-restore.progress', done, total }),
          ...(signal === undefined ? {} : { signal }),
        }),
      );
      session.emit({ type: 'notice', text: `The backup is in place. What was there is kept as ${keptAs}.` });
      return { keptAs, status: session.status() };
    }),
  };

  function exportPlace(): string {
    const day = toIso(app.clock.nowMs()).slice(0, 10);
    for (let count = 1; ; count += 1) {
      const folder = join(app.host.homeDir, `cairn-export-${day}${count === 1 ? '' : `-${count}`}`);
      if (!existsSync(folder)) return folder;
    }
  }

  function repairOptions(input: SecretInput) {
    const backups = backupsToSearch(backupFolder());
    return { path: app.folder.vault, secret: secretOf(input), backups, nowMs: app.clock.nowMs() };
  }

  async function mergeOptions(input: MergeInput): Promise<Omit<MergeOptions, 'isDryRun'>> {
    const { other, secret, otherSecret, strategy, choices } = input;
    const named = other.startsWith('~/') ? join(app.host.homeDir, other.slice(2)) : other;
    if (!isAbsolute(named) && named !== basename(named))
      throw new AppError('USAGE_INVALID', 'The other vault has to be named with its full path.', {
        hint: 'Such as /home/you/old/vault.db, or ~/old; a backup in the backup folder by its name alone.',
      });
    return {
      ...{ path: app.folder.vault, nowMs: app.clock.nowMs(), strategy, choices },
      secret: secretOf(secret),
      other: await findOtherVault(named, backupFolder),
      otherSecret: otherSecret === undefined ? null : secretOf(otherSecret),
    };
  }

  function tellMerged({ snapshots, keptAs }: MergeReport): void {
    if (keptAs === null) return;
    session.emit({
      type: 'notice',
      text: `The other vault is merged: ${snapshots === 1 ? '1 snapshot' : `${snapshots} snapshots`} came in. The vault as it was is kept as ${keptAs}.`,
    });
    // What is listed anywhere is to be read anew.
    for (const type of ['snapshots.removed', 'checkpoints.changed', 'sessions.changed'] as const)
      session.emit({ type });
  }

  function backupFolder(): string {
    try {
      return app.readConfig().backup.folder ?? app.folder.backups;
    } catch {
      return app.folder.backups; // a configuration that cannot be read is told by the status
    }
  }

  async function report(signal: AbortSignal | undefined): Promise<RecoveryReport> {
    const folder = backupFolder();
    const backups = {
      folder,
      list: listBackupFiles(folder).map(({ madeAtMs, ...file }) => ({ ...file, madeAt: toIso(madeAtMs) })),
    };
    const { vault, problem } = session.status();
    if (vault !== 'unlocked') {
      const isUnreadable = vault === 'damaged';
      return {
        state: isUnreadable ? 'unreadable' : vault,
        isWhole: isUnreadable ? false : null,
        ...(problem === undefined ? {} : { problem }),
        checked: 0,
        damaged: isUnreadable && problem !== undefined ? [{ what: 'file', detail: problem.message, snapshots: 0 }] : [],
        snapshots: { whole: 0, affected: 0, list: [] },
        repair: { isAdvised: isUnreadable, steps: vault === 'missing' ? [] : repairSteps(backups.list.length) },
        backups,
      };
    }
    const open = session.unlocked().app;
    const nowMs = app.clock.nowMs();
    const verified = await open.vault.verify({ isDeep: true, nowMs, ...(signal === undefined ? {} : { signal }) });
    await session.refreshHealth();
    const { snapshots } = await open.vault.statistics({ inactiveDays: 7, nowMs });
    const readOnly = readOnlyReason(open.vault);
    const damaged = [
      ...(readOnly === null || verified.damaged.some(({ what }) => what === 'log')
        ? []
        : [{ what: 'file', detail: readOnly, snapshots: 0 }]),
      ...verified.damaged.map((finding) => ({ ...finding })),
    ];
    return {
      state: readOnly === null ? 'open' : 'read-only',
      isWhole: damaged.length === 0,
      checked: verified.checked,
      damaged,
      snapshots: countSnapshots(snapshots, verified),
      repair: { isAdvised: damaged.length > 0, steps: damaged.length > 0 ? repairSteps(backups.list.length) : [] },
      backups,
    };
  }
}

function countSnapshots(listed: number, { affected }: VerifyReport): RecoveryReport['snapshots'] {
  const list = (affected?.list ?? []).map(({ id, takenAtMs, items, isReadable }) => ({
    id,
    takenAt: takenAtMs === null ? null : toIso(takenAtMs),
    items: items.map((item) => ({ ...item })),
    isReadable,
  }));
  return { whole: affected?.whole ?? listed, affected: affected?.count ?? 0, list };
}

function repairSteps(backups: number): string[] {
  const places = backups === 0 ? 'the key file' : 'the key file, and your newest backups';
  return [
    'Everything that is whole is copied into a new file beside the vault.',
    `What is damaged is looked for in its second copies, in ${places}.`,
    'The new file is checked, and only then takes the place of the damaged one, which is kept under another name.',
    'What nobody has whole is left out and counted; until the last step nothing is changed.',
  ];
}

function secretOf(input: SecretInput): VaultSecret {
  return 'password' in input
    ? { type: 'password', text: input.password }
    : { type: 'recovery', text: input.recoveryKey };
}
