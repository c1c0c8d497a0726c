// Joins the small chunks of the newest snapshot's streams (V10). The new chunks are committed at once; the newest manifest names them
// in memory from then on, and on disk with the next snapshot. Until then nothing on disk depends on them: what a crash leaves over,
// the next prune sweeps.

import { ChunkBatch } from '../content/chunk-store.ts';
import { joinSmallParts, MAX_SMALL_CHUNKS } from '../content/join-parts.ts';
import type { ItemEntry, StreamEntry } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';

/** Joins until `end`, by `performance.now()`. Call with the writer's lock held and the state refreshed. */
export async function joinStreams(state: VaultState, end: number): Promise<void> {
  const batch = new ChunkBatch(state.keys, state.store, state.helper, state.head.nextRecordId);
  const changed: ItemEntry[] = [];
  for (const entry of state.latest.manifest.values()) {
    const joined = joinEntry(state, batch, entry);
    if (joined !== entry) changed.push(joined);
    if (performance.now() > end) break;
  }
  if (changed.length === 0) return;
  await batch.settle();
  state.commit('Joining small chunks', { nextRecordId: batch.nextRecordId }, () =>
    batch.insertInto(state.write.chunks),
  );
  batch.rememberIn(state.store);
  const manifest = new Map(state.latest.manifest);
  for (const entry of changed) manifest.set(entry.key, withStoredBytes(state, entry));
  state.latest = { ...state.latest, manifest };
}

function joinEntry(state: VaultState, batch: ChunkBatch, entry: ItemEntry): ItemEntry {
  let isJoined = false;
  const streams = entry.streams.map((stream): StreamEntry => {
    const parts = joinSmallParts(state.store, batch, stream.parts, MAX_SMALL_CHUNKS, null);
    isJoined ||= parts !== stream.parts;
    return parts === stream.parts ? stream : { ...stream, parts };
  });
  return isJoined ? { ...entry, streams } : entry;
}

function withStoredBytes(state: VaultState, entry: ItemEntry): ItemEntry {
  return {
    ...entry,
    streams: entry.streams.map((stream) => {
      const chunks = new Set(stream.parts.map((part) => part.recordId));
      return { ...stream, storedBytes: [...chunks].reduce((sum, id) => sum + state.store.storedBytes(id), 0) };
    }),
  };
}
