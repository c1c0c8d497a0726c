// Upkeep: numbers, verification, thinning, backups, the proof, and facts for somebody who helps.

import type { Statistics } from '../../shared/contract/statistics.ts';
import { toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import { dayOf, readGrowth, type DayOfGrowth } from '../timeline/growth.ts';
import { toIso } from '../timeline/views.ts';
import type { ApiDeps } from './api-deps.ts';
import { crossing, EventQueue, os, tellWork } from './handlers.ts';
import { viewPrune } from './settings.ts';

const WEEK_MS = 7 * 86_400_000;

export function upkeepHandlers({ session, proveRestore }: ApiDeps) {
  const nowMs = (): number => session.app.clock.nowMs();
  const started = process.cpuUsage();
  const startedMs = session.app.clock.monotonicMs();
  return {
    statistics: os.upkeep.statistics.handler(() => statistics()),
    proveRestore: os.upkeep.proveRestore.handler(async function* ({ signal }) {
      const queue = new EventQueue<string>();
      const end = new AbortController();
      const cancel = (): void => end.abort();
      signal?.addEventListener('abort', cancel, { once: true });
      const proving = proveRestore((line) => queue.push(line), end.signal).finally(() => queue.end());
      proving.catch(() => undefined); // told below, once the lines are read
      try {
        for await (const line of queue.events(undefined)) yield { type: 'line' as const, line };
        yield { type: 'done' as const, isProven: await proving };
      } catch (error) {
        throw crossing(error);
      } finally {
        signal?.removeEventListener('abort', cancel);
        end.abort();
      }
    }),
    verify: os.upkeep.verify.handler(({ input, signal }) => {
      const { vault } = session.unlocked().app;
      return tellWork(async (options) => {
        const { ok, checked, damaged } = await vault.verify({ ...options, isDeep: input.deep, nowMs: nowMs() });
        await session.refreshHealth();
        return { ok, checked, damaged: damaged.map((damage) => ({ ...damage })) };
      }, signal);
    }),
    prune: os.upkeep.prune.handler(({ signal }) => {
      const { app } = session.unlocked();
      return tellWork(async (options) => {
        const report = await app.vault.prune(app.config().retention, nowMs(), { ...options, isDryRun: false });
        session.emit({ type: 'snapshots.removed' });
        return viewPrune(report);
      }, signal);
    }),
    backup: os.upkeep.backup.handler(({ signal }) => {
      const { app } = session.unlocked();
      return tellWork(async (options) => {
        const { keep } = app.config().backup;
        const made = await app.vault.backup({ ...options, folder: app.backupFolder(), keep, nowMs: nowMs() });
        await session.refreshHealth();
        return { name: made.name, sizeBytes: made.sizeBytes, checked: made.checked };
      }, signal);
    }),
    diagnostics: os.upkeep.diagnostics.handler(async () => {
      const problems: PlainError[] = [];
      const status = session.status();
      if (status.problem !== undefined) problems.push(status.problem);
      if (status.capture.failure !== undefined) problems.push(status.capture.failure);
      return { text: await diagnosticText(problems), problems };
    }),
  };

  async function statistics(): Promise<Statistics> {
    const { app } = session.unlocked();
    const numbers = await app.vault.statistics({
      inactiveDays: app.config().retention.inactiveDays,
      nowMs: nowMs(),
    });
    const [newest] = await app.vault.listSnapshots({ limit: 1 });
    const items = newest === undefined ? [] : (await app.vault.readSnapshot(newest.id)).itemList;
    const bySource = Map.groupBy(items, ({ source }) => source);
    const at = (name: string, timeMs: number | null) => (timeMs === null ? {} : { [name]: toIso(timeMs) });
    const growth = await readGrowth(app.vault);
    const before = growthBefore(growth, nowMs());
    const { user, system } = process.cpuUsage(started);
    const runMs = Math.max(1, session.app.clock.monotonicMs() - startedMs);
    return {
      snapshots: numbers.snapshots,
      checkpoints: numbers.checkpoints,
      chunks: numbers.chunks,
      fileBytes: numbers.fileBytes,
      walBytes: numbers.walBytes,
      newestBytes: numbers.newestBytes,
      ...at('oldestAt', numbers.oldestAtMs),
      ...at('newestAt', numbers.newestAtMs),
      ...at('lastBackupAt', numbers.lastBackupAtMs),
      ...at('lastVerifiedAt', numbers.lastVerifiedAtMs),
      growth: growth.map(({ day, fileBytes }) => ({ day, fileBytes })),
      ownCpuPercent: ((user + system) / 1e3 / runMs) * 100,
      ownMemoryBytes: process.memoryUsage.rss(),
      bySource: [...bySource].map(([source, list]) => {
        const state = numbers.sources.find((other) => other.source === source);
        return {
          source,
          items: list.length,
          bytes: list.flatMap(({ streams }) => streams).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          ...at('lastGoodAt', state?.lastGoodAtMs ?? null),
          ...(before?.bySource[source] === undefined ? {} : { bytesBefore: before.bySource[source] }),
          isInactive: state?.isInactive ?? false,
        };
      }),
    };
  }

  /** Versions, numbers and codes: no word that was captured, no path, no name. */
  async function diagnosticText(problems: PlainError[]): Promise<string> {
    const { version, shell, vault, capture, sources, notices } = session.status();
    const lines = [
      `Cairn ${version} (${shell}) on ${process.platform} ${process.arch}, Node ${process.versions.node}`,
      `Vault: ${vault}. Capture: ${capture.state}, every ${capture.intervalSeconds} s, last ${capture.lastAt ?? 'never'}.`,
      `Sources on: ${
        sources
          .filter(({ isEnabled }) => isEnabled)
          .map(({ id }) => id)
          .join(', ') || 'none'
      }.`,
      `Notices at opening: ${notices.length}, of damage: ${notices.filter(({ isDamage }) => isDamage).length}.`,
    ];
    if (vault === 'unlocked') {
      try {
        const numbers = await statistics();
        const { snapshots, checkpoints, fileBytes, chunks, lastVerifiedAt, lastBackupAt } = numbers;
        lines.push(
          `Snapshots: ${snapshots}. Checkpoints: ${checkpoints}. Chunks: ${chunks}. File: ${fileBytes} bytes.`,
          `Verified: ${lastVerifiedAt ?? 'never'}. Backup: ${lastBackupAt ?? 'never'}.`,
          `Memory: ${Math.round(numbers.ownMemoryBytes / 1_048_576)} MB. CPU: ${numbers.ownCpuPercent.toFixed(1)} %.`,
        );
      } catch (error) {
        problems.push(toPlainError(error));
      }
    }
    // Messages may name what was captured; codes cannot.
    lines.push(`Problems: ${problems.map(({ code }) => code).join(', ') || 'none'}.`);
    return lines.join('\n');
  }
}

/** The last look a week ago, else the first one since; null where today's is the only one. */
function growthBefore(growth: readonly DayOfGrowth[], nowMs: number): DayOfGrowth | null {
  const weekAgo = dayOf(nowMs - WEEK_MS);
  const earlier = growth.filter(({ day }) => day < dayOf(nowMs));
  return earlier.findLast(({ day }) => day <= weekAgo) ?? earlier[0] ?? null;
}
