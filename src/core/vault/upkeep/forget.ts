// Forgetting on demand: what was captured since a moment goes, with its content, as if it had never been captured. Checkpoints stay:
// the user named them. What sessions gained since goes too.

import type { SnapshotId } from '../../../shared/model/ids.ts';
import { forgetSessions } from '../log/sessions.ts';
import type { WorkControl } from './slices.ts';
import { removeAndSweep, type PruneDeps } from './prune.ts';

/** Removes the snapshots since then that are no checkpoint; gives how many. @throws AppError VAULT_DAMAGED: then nothing is removed */
export async function forgetSince(deps: PruneDeps, sinceMs: number, control: WorkControl): Promise<number> {
  const { state } = deps;
  let removed = 0;
  await removeAndSweep(
    deps,
    () => {
      const named = new Set(state.records.checkpoints().map((record) => record.checkpoint.snapshotId));
      const remove: SnapshotId[] = [];
      for (let at = state.index.count - 1; at >= 0; at -= 1) {
        const id = state.index.idAt(at);
        if (state.index.timeAt(at) >= sinceMs && !named.has(id)) remove.push(id);
      }
      removed = remove.length;
      return { remove, removeCheckpoints: [] };
    },
    control,
    { isForgetting: true },
  );
  await deps.withLock(() => forgetSessions(state, sinceMs));
  return removed;
}
