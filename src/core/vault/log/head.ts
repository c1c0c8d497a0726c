// The head (V13): where the log stands. Two sealed slots are written in turn, so one whole head always exists.

import { z } from 'zod';

import { BOX_CODECS, BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';

const headSchema = z.strictObject({
  /** Grows with every commit. */
  counter: z.number(),
  /** Sequence of the newest snapshot ever; 0 before the first. */
  sequence: z.number(),
  /** The next record number; never used twice, in whatever table. */
  nextRecordId: z.number(),
  /** Live snapshots and records: what is missing is noticed. */
  snapshots: z.number(),
  records: z.number(),
  /** Stored sessions; since format 2. */
  sessions: z.number().default(0),
  /** Record id of the current keyframe, the sequence it began at, and whether its second copy is still to be written. */
  keyframe: z.number(),
  keyframeSequence: z.number(),
  isKeyframeCopied: z.boolean(),
  /** The hash chain over all snapshot records, in base64. */
  chain: z.base64(),
  /** Snapshots up to this sequence stand in the time index. */
  indexedThrough: z.number(),
  /** Chunks up to this record number were considered for parity. */
  parityThrough: z.number(),
  lastBackupAtMs: z.nullable(z.number()),
  lastVerifiedAtMs: z.nullable(z.number()),
});
export type Head = z.infer<typeof headSchema>;

export const FIRST_HEAD: Head = {
  counter: 1,
  sequence: 0,
  nextRecordId: 1,
  snapshots: 0,
  records: 0,
  sessions: 0,
  keyframe: 0,
  keyframeSequence: 0,
  isKeyframeCopied: true,
  chain: Buffer.alloc(32).toString('base64'),
  indexedThrough: 0,
  parityThrough: 0,
  lastBackupAtMs: null,
  lastVerifiedAtMs: null,
};

export function sealHead(keys: KeyTree, head: Head): Buffer {
  return keys.seal(BOX_KINDS.head, BOX_CODECS.raw, head.counter, Buffer.from(JSON.stringify(head), 'utf8'));
}

/** Opens one slot; null where it does not authenticate. */
export function openHead(keys: KeyTree, box: Uint8Array | null): Head | null {
  const opened = box === null ? null : keys.openAny(box);
  if (opened?.header.kind !== BOX_KINDS.head) return null;
  const parsed = headSchema.safeParse(JSON.parse(opened.payload.toString('utf8')));
  return parsed.success && parsed.data.counter === opened.header.recordId ? parsed.data : null;
}

/** The newest whole slot; null where neither opens. */
export function pickHead(
  keys: KeyTree,
  slots: readonly (Uint8Array | null)[],
): { readonly head: Head | null; readonly whole: number } {
  const heads = slots.map((slot) => openHead(keys, slot)).filter((head) => head !== null);
  const newest = heads.reduce<Head | null>(
    (best, head) => (best === null || head.counter > best.counter ? head : best),
    null,
  );
  return { head: newest, whole: heads.length };
}
