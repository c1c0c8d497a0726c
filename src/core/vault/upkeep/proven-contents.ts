// Which content was decoded once and found to be what its id says. It is remembered by a digest for each range of records: over their numbers and
// ids, and the headers and tags of their boxes. Where that is as it was and every box authenticates, the content is as it was too, and a deep look
// does not decode it again. Whatever touches a range, a prune, a rotation or a damaged id, changes its digest, and then it is decoded.

import { createHash } from 'node:crypto';

import { z } from 'zod';

import { BOX_HEADER_BYTES } from '../../crypto/box.ts';
import { TAG_BYTES } from '../../crypto/cipher.ts';
import { writeSetting } from '../log/checkpoints.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { ChunkRow } from '../tables/chunks.ts';

const SETTING = 'proven-contents';
/** Record numbers of one range: some 20 MB of content. */
const RANGE_RECORDS = 256;
const DIGEST_BYTES = 16;

const settingSchema = z.object({ ranges: z.record(z.string(), z.string()).catch({}) });

/** Digests by the number of their range. */
export type ProvenRanges = ReadonlyMap<number, string>;

export function rangeOf(recordId: number): number {
  return Math.floor(recordId / RANGE_RECORDS);
}

/** The last number before a range. */
export function lastBefore(range: number): number {
  return range * RANGE_RECORDS - 1;
}

/** Whether records may still come into a range: then it is proven later. */
export function isOpenRange(range: number, nextRecordId: number): boolean {
  return (range + 1) * RANGE_RECORDS > nextRecordId;
}

/** What is remembered; total: what makes no sense is as if nothing was. */
export function readProvenRanges(state: VaultState): ProvenRanges {
  const parsed = settingSchema.safeParse(state.records.findSetting(SETTING)?.value);
  return new Map(Object.entries(parsed.data?.ranges ?? {}).map(([range, digest]) => [Number(range), digest]));
}

/** Call with the writer's lock held. */
export function noteProvenRanges(state: VaultState, ranges: ProvenRanges): void {
  const before = readProvenRanges(state);
  const isSame = before.size === ranges.size && [...ranges].every(([range, digest]) => before.get(range) === digest);
  if (!isSame) writeSetting(state, SETTING, { ranges: Object.fromEntries(ranges) });
}

/** The digest of one range, row by row in their order. */
export class RangeDigest {
  readonly #hash = createHash('sha256');

  /** Reads of the box only its ends. */
  add({ recordId, contentId, box }: ChunkRow): void {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(recordId));
    this.#hash.update(number).update(contentId);
    this.#hash.update(box.subarray(0, BOX_HEADER_BYTES)).update(box.subarray(-TAG_BYTES));
  }

  done(): string {
    return this.#hash.digest().subarray(0, DIGEST_BYTES).toString('base64');
  }
}

/** Proves ranges on a walk through all chunks that may begin anywhere, and be somebody else's in between. */
export class RangeProver {
  readonly #found = new Map<number, string>();
  #open: { readonly range: number; readonly digest: RangeDigest; last: number; isWhole: boolean } | null = null;

  /** A row, before its bytes are gone. @param after the number of the row before it in the walk, whoever looked at that; 0 for none */
  add(row: ChunkRow, after: number): void {
    const range = rangeOf(row.recordId);
    if (this.#open?.range !== range || this.#open.last !== after) {
      if (this.#open?.last !== after) this.giveUp(); // what lies between was looked at elsewhere
      this.#close();
      const isFirst = after === 0 || rangeOf(after) < range;
      this.#open = { range, digest: new RangeDigest(), last: after, isWhole: isFirst };
    }
    this.#open.digest.add(row);
    this.#open.last = row.recordId;
  }

  /** That the range of the row which was added last is not proven. */
  giveUp(): void {
    if (this.#open !== null) this.#open.isWhole = false;
  }

  /** At the end of the walk: what was proven on it. @param nextRecordId no range that may still grow is */
  end(nextRecordId: number): ProvenRanges {
    this.#close();
    const found = new Map([...this.#found].filter(([range]) => !isOpenRange(range, nextRecordId)));
    this.#found.clear();
    return found;
  }

  #close(): void {
    if (this.#open?.isWhole === true) this.#found.set(this.#open.range, this.#open.digest.done());
    this.#open = null;
  }
}
