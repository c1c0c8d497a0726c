// Which snapshots a vault had when its newest head was written. Records of snapshots that were forgotten or thinned out may still lie in
// a file; they authenticate, and must not come back. The time index says which are there, and the head how many.

import { BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { Head } from '../log/head.ts';
import { TimeIndex } from '../log/time-index.ts';
import type { BoxScan } from './scan/box-scan.ts';

export interface IndexBlock {
  readonly recordId: number;
  /** In order, at least one. */
  readonly sequences: readonly number[];
}

/** All blocks of the time index that lie anywhere in the file. */
export function readIndexBlocks(scan: BoxScan, keys: KeyTree): IndexBlock[] {
  const blocks = new Map<number, IndexBlock>();
  for (const found of scan.boxes) {
    if (found.kind !== BOX_KINDS.timeIndex || blocks.has(found.number)) continue;
    const box = scan.read(keys, found);
    const opened = box === null ? null : keys.open(found.kind, found.number, box);
    const sequences = opened === null ? [] : sequencesOf(opened.payload);
    if (sequences.length > 0) blocks.set(found.number, { recordId: found.number, sequences });
  }
  return [...blocks.values()];
}

/**
 * Tells of a sequence whether its snapshot is there; null where that cannot be proven. Blocks are always written anew from some sequence
 * on to the end, so those that are in force follow each other from the newest down; they are all of them, and no older one has slipped
 * in, where they hold as many snapshots as the head counts.
 */
export function proveLive(head: Head, blocks: readonly IndexBlock[]): ((sequence: number) => boolean) | null {
  const isYoung = (sequence: number): boolean => sequence > head.indexedThrough;
  const wanted = head.snapshots - (head.sequence - head.indexedThrough);
  const live = new Set<number>();
  let first = head.indexedThrough + 1;
  for (const { recordId, sequences } of blocks.toSorted((a, b) => b.recordId - a.recordId)) {
    if (live.size >= wanted) break;
    if (recordId >= head.nextRecordId || (sequences.at(-1) ?? first) >= first) continue;
    for (const sequence of sequences) live.add(sequence);
    first = sequences[0] ?? first;
  }
  return live.size === wanted ? (sequence) => isYoung(sequence) || live.has(sequence) : null;
}

function sequencesOf(payload: Buffer): number[] {
  const index = new TimeIndex();
  try {
    index.appendBlock(payload);
  } catch {
    return []; // authentic, and of a format that this version does not know
  }
  return Array.from({ length: index.count }, (_, at) => index.sequenceAt(at));
}
