// Numbers about a vault, for `status` and `stats`.

import { readFileSizes } from '../database.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { VaultFiles } from '../vault-files.ts';
import type { VaultStatistics } from '../vault.ts';

export function readStatistics(
  state: VaultState,
  files: VaultFiles,
  inactiveAfterMs: number,
  nowMs: number,
): Omit<VaultStatistics, 'search'> {
  const { index, head, latest } = state;
  let newestBytes = 0;
  for (const entry of latest.manifest.values()) for (const stream of entry.streams) newestBytes += stream.sizeBytes;
  const chunks: unknown = state.readDb.prepare('SELECT count(*) FROM chunks').pluck().get();
  const inboxCount: unknown = state.readDb.prepare('SELECT count(*) FROM inbox').pluck().get();
  return {
    snapshots: index.count,
    checkpoints: state.records.checkpoints().length,
    ...readFileSizes(files.database),
    newestBytes,
    chunks: Number(chunks),
    oldestAtMs: index.count === 0 ? null : index.timeAt(0),
    newestAtMs: index.count === 0 ? null : index.timeAt(index.count - 1),
    lastBackupAtMs: head.lastBackupAtMs,
    lastVerifiedAtMs: head.lastVerifiedAtMs,
    sources: [...latest.marks].map(([source, mark]) => ({
      source,
      lastGoodAtMs: mark.atMs,
      lastGoodSnapshot: mark.snapshot,
      isInactive: nowMs - mark.atMs > inactiveAfterMs,
    })),
    inboxCount: Number(inboxCount),
  };
}
