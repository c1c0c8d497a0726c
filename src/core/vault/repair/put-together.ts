// Snapshots of which the list they change is lost. What changed since that list still authenticates in each of them; the rest is taken
// from the last whole snapshot before, and every item of it is marked as carried from there, since it may have changed in between.

import type { SnapshotId } from '../../../shared/model/ids.ts';
import type { ItemEntry, Manifest } from '../log/manifest.ts';
import { sealKeyframe } from '../log/save-snapshot.ts';
import { parseSnapshotPrefix } from '../log/snapshot-record.ts';
import type { VaultState } from '../log/vault-state.ts';
import { yieldToOthers } from '../upkeep/slices.ts';
import { orNull } from './read-rows.ts';
import type { RebuildWork } from './rebuild-work.ts';

/** Snapshots that were put together, and those of which nothing is left. */
export interface PutTogether {
  readonly snapshots: readonly PutTogetherSnapshot[];
  readonly hollow: readonly HollowSnapshot[];
}

export interface PutTogetherSnapshot {
  readonly id: SnapshotId;
  readonly takenAtMs: number;
  /** Items that it had and that nothing tells of. */
  readonly missingItems: number;
}

export interface HollowSnapshot {
  readonly sequence: number;
  readonly id: SnapshotId;
  readonly takenAtMs: number;
}

/** Writes a list in the place of each that is lost. Removes snapshots of which that leaves nothing. @throws AppError CANCELLED */
export async function putTogether(work: RebuildWork, state: VaultState): Promise<PutTogether> {
  const lost = new Map<number, Manifest>();
  const snapshots: PutTogetherSnapshot[] = [];
  const hollow: HollowSnapshot[] = [];
  let last: { readonly manifest: Manifest; readonly takenAtMs: number } | null = null;
  for (let at = 0; at < state.index.count; at += 1) {
    if (at % 64 === 0) await yieldToOthers(work.control.signal);
    const sequence = state.index.sequenceAt(at);
    const prefix = orNull(() => parseSnapshotPrefix(state.readSnapshotPayload(sequence)));
    if (prefix === null) continue;
    const isListLost = lost.has(prefix.keyframe) || orNull(() => state.readKeyframe(prefix.keyframe)) === null;
    if (isListLost && !lost.has(prefix.keyframe)) {
      const manifest = last === null ? new Map() : carried(last.manifest, last.takenAtMs);
      lost.set(prefix.keyframe, manifest);
      writeKeyframe(state, prefix.keyframe, manifest);
      work.largest = Math.max(work.largest, prefix.keyframe);
    }
    const read = orNull(() => state.readSnapshot(sequence));
    const { id, takenAtMs } = prefix;
    if (read === null || (isListLost && read.manifest.size === 0 && prefix.items > 0)) {
      state.write.snapshots.remove(sequence);
      hollow.push({ sequence, id, takenAtMs });
    } else if (isListLost) {
      snapshots.push({ id, takenAtMs, missingItems: Math.max(0, prefix.items - read.manifest.size) });
    } else last = { manifest: read.manifest, takenAtMs };
  }
  return { snapshots, hollow };
}

function writeKeyframe(state: VaultState, recordId: number, manifest: Manifest): void {
  const { box } = sealKeyframe(state, recordId, manifest);
  for (const table of [state.write.keyframes, state.write.keyframeCopies]) {
    table.remove(recordId);
    table.insert(recordId, box);
  }
}

function carried(manifest: Manifest, takenAtMs: number): Manifest {
  return new Map(
    [...manifest.values()].map((entry): [ItemEntry['key'], ItemEntry] => [
      entry.key,
      { ...entry, staleSinceMs: entry.staleSinceMs ?? takenAtMs },
    ]),
  );
}
