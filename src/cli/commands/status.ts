// `cairn status`: is the work safe, and what to do if not.

import type { Command } from 'commander';

import { readLeftOut } from '../../core/capture/left-out.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import { gapDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { toIso } from '../format/times.ts';
import { isCapturing, type RunningCaptures } from '../status/running-captures.ts';
import { renderStatus } from '../render/status.ts';
import { readRunner } from '../runner.ts';
import { planAdvice } from '../status/advice.ts';
import type { VaultStatus } from '../status/vault-status.ts';

export function setupStatus(command: Command, act: Act): void {
  command.action(() => act(runStatus));
}

export function runStatus(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const status = await readStatus(open, context);
    const view = { style: context.out.style, width: context.out.width, nowMs: context.nowMs() };
    context.out.result(statusDocument(status), () => renderStatus(status, view));
  });
}

/** Gathers what `status` tells. */
export async function readStatus(open: OpenCore, context: CommandContext): Promise<VaultStatus> {
  const { core } = context;
  const nowMs = context.nowMs();
  const settings = await core.readSettings();
  const { vault } = open;
  const statistics = await vault.statistics({ inactiveDays: settings.retention.inactiveDays, nowMs });
  const keys = await vault.keys(nowMs);
  const health = await vault.health();
  const [newest] = await vault.listSnapshots({ limit: 1 });
  const runner = await readRunner(vault);
  const gaps = newest === undefined || newest.gaps === 0 ? [] : (await vault.readSnapshot(newest.id)).gapList;
  const status = {
    nowMs,
    home: core.home,
    settings,
    statistics,
    keys,
    health,
    newest: newest ?? null,
    gaps,
    leftOut: (await readLeftOut(vault)).at(-1)?.leftOut ?? [],
    runner: runner !== null && context.isProcessAlive(runner.pid) ? runner : null,
    app: await core.readRunningCaptures(context.isProcessAlive),
  };
  return { ...status, advice: planAdvice(status) };
}

function statusDocument(status: VaultStatus): object {
  const { statistics, keys, newest, runner, app, health } = status;
  return {
    home: status.home,
    capturing: runner !== null || (app !== null && isCapturing(app)),
    runner:
      runner === null ? null : { pid: runner.pid, startedAt: toIso(runner.startedAtMs), intervalMs: runner.intervalMs },
    app: app === null ? null : appDocument(app),
    lastCapture:
      newest === null
        ? null
        : {
            id: newest.id,
            takenAt: toIso(newest.takenAtMs),
            items: newest.items,
            changed: newest.changed,
            gaps: newest.gaps,
          },
    gaps: status.gaps.map(gapDocument),
    leftOut: status.leftOut,
    sources: status.settings.enabledSources.map((source) => {
      const state = statistics.sources.find((other) => other.source === source);
      return {
        id: source,
        lastGoodAt: state === undefined ? null : toIso(state.lastGoodAtMs),
        active: state !== undefined && !state.isInactive,
      };
    }),
    vault: {
      snapshots: statistics.snapshots,
      checkpoints: statistics.checkpoints,
      fileBytes: statistics.fileBytes,
      walBytes: statistics.walBytes,
      waiting: statistics.inboxCount,
    },
    lastBackupAt: isoOrNull(statistics.lastBackupAtMs),
    lastVerifiedAt: isoOrNull(statistics.lastVerifiedAtMs),
    verification: {
      quickAt: isoOrNull(health.quickAtMs),
      deepAt: isoOrNull(health.deepAtMs),
      progress: health.pass,
      damage:
        health.damage === null ? null : { records: health.damage.records, foundAt: toIso(health.damage.foundAtMs) },
    },
    keys: { epoch: keys.epoch, rotationAdvised: keys.isRotationAdvised, rotation: keys.rotation },
    advice: status.advice,
  };
}

function isoOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : toIso(timeMs);
}

function appDocument({ shell, capture }: RunningCaptures): object {
  const { state, intervalSeconds, isLate, lastAt = null, pausedUntil = null, failure = null } = capture;
  return { shell, state, intervalMs: intervalSeconds * 1_000, isLate, lastAt, pausedUntil, failure };
}
