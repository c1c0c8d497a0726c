// The sealed blocks of the time index on disk (V12), written anew where a prune or damage changed what they say.

import { BOX_CODECS, BOX_KINDS } from '../../crypto/box.ts';
import { BLOCK_ENTRIES, type TimeIndex } from './time-index.ts';
import type { VaultState } from './vault-state.ts';

interface IndexBlock {
  readonly firstSequence: number;
  readonly recordId: number;
  readonly box: Buffer;
}

/** The blocks of all entries from a sequence on, numbered from the head's next record number on unless told otherwise. */
export function sealIndexBlocks(
  state: VaultState,
  index: TimeIndex,
  fromSequence: number,
  firstRecordId = state.head.nextRecordId,
): IndexBlock[] {
  const blocks: IndexBlock[] = [];
  let first = 0;
  while (first < index.count && index.sequenceAt(first) < fromSequence) first += 1;
  for (let start = first; start < index.count; start += BLOCK_ENTRIES) {
    const recordId = firstRecordId + blocks.length;
    const payload = index.encodeBlock(start, Math.min(index.count, start + BLOCK_ENTRIES));
    const box = state.keys.seal(BOX_KINDS.timeIndex, BOX_CODECS.raw, recordId, payload);
    blocks.push({ firstSequence: index.sequenceAt(start), recordId, box });
  }
  return blocks;
}

/** Writes all blocks anew, after the index was made anew from the snapshots. Call with the writer's lock held. */
export function mendTimeIndex(state: VaultState): void {
  const blocks = sealIndexBlocks(state, state.index, 0);
  const changes = { nextRecordId: state.head.nextRecordId + blocks.length, indexedThrough: state.head.sequence };
  state.commit('Mending the time index', changes, () => {
    state.write.timeIndex.removeFrom(0);
    for (const block of blocks) state.write.timeIndex.insert(block);
  });
  state.noteIndexMended();
}
