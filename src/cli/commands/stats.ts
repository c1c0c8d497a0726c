// `cairn stats`: the vault in numbers.

import type { Command } from 'commander';

import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import type { SearchStatistics } from '../../core/vault/vault.ts';
import { countOf, formatBytes, formatCount } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeTime, toIso } from '../format/times.ts';

export function setupStats(command: Command, act: Act): void {
  command.action(() => act(runStats));
}

export function runStats(context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { out } = context;
    const nowMs = context.nowMs();
    const { retention } = await context.core.readSettings();
    const statistics = await open.vault.statistics({ inactiveDays: retention.inactiveDays, nowMs });
    const { oldestAtMs, newestAtMs, lastBackupAtMs, lastVerifiedAtMs, sources, inboxCount, search, ...numbers } =
      statistics;
    const toTime = (timeMs: number | null): string | null => (timeMs === null ? null : toIso(timeMs));
    const document = {
      ...numbers,
      oldestAt: toTime(oldestAtMs),
      newestAt: toTime(newestAtMs),
      lastBackupAt: toTime(lastBackupAtMs),
      lastVerifiedAt: toTime(lastVerifiedAtMs),
      waiting: inboxCount,
      searchIndex: search,
      sources: sources.map(({ source, lastGoodAtMs, lastGoodSnapshot, isInactive }) => ({
        id: source,
        lastGoodAt: toIso(lastGoodAtMs),
        lastGoodSnapshot,
        active: !isInactive,
      })),
    };
    out.result(document, () => {
      const describe = (timeMs: number | null): string => (timeMs === null ? 'none' : describeTime(timeMs, nowMs));
      const rows: Array<readonly [string, string]> = [
        ['Snapshots', formatCount(statistics.snapshots)],
        ['Checkpoints', formatCount(statistics.checkpoints)],
        ['Oldest', describe(oldestAtMs)],
        ['Newest', describe(newestAtMs)],
        ['Content of the newest', formatBytes(statistics.newestBytes)],
        ['Chunks stored', formatCount(statistics.chunks)],
        ['Vault on disk', formatBytes(statistics.fileBytes)],
        ['Write-ahead log', formatBytes(statistics.walBytes)],
        ['Search index', searchWords(search)],
      ];
      const cells = rows.map(([name, words]): Cell[] => [{ text: name, paint: out.style.dim }, words]);
      return renderTable([{ title: '' }, { title: '' }], cells);
    });
  });
}

function searchWords({ storedBytes, memoryBytes, maxMemoryBytes, notIndexed }: SearchStatistics): string {
  const waiting = notIndexed === 0 ? '' : `, ${countOf(notIndexed, 'snapshot')} not in it yet`;
  const memory = `${formatBytes(memoryBytes)} in memory (at most ${formatBytes(maxMemoryBytes)})`;
  return `${formatBytes(storedBytes)}, ${memory}${waiting}`;
}
