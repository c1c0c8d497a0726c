// The payload of a snapshot's box: a fixed prefix that lists need, then the body, compressed. Reading a summary costs one seal
// and no parsing. Frozen: format v1, see test/core/vault/log/snapshot-record.test.ts.

import { SNAPSHOT_KINDS, type SnapshotKind } from '../../../shared/model/snapshot.ts';
import type { SnapshotId } from '../../../shared/model/ids.ts';
import { BOX_CODECS, type BoxCodec } from '../../crypto/box.ts';
import { decodeContent, encodeContent } from '../content/codec.ts';
import { decodeBody, encodeBody, type SnapshotBody } from './manifest.ts';

const VERSION = 1;
/** What stands before the body. */
export const SNAPSHOT_PREFIX_BYTES = 80;
const MAX_BODY_BYTES = 256 * 1024 * 1024;

export interface SnapshotPrefix {
  readonly kind: SnapshotKind;
  readonly items: number;
  readonly changed: number;
  readonly gaps: number;
  readonly takenAtMs: number;
  readonly id: SnapshotId;
  /** Record id of the keyframe that the body changes. */
  readonly keyframe: number;
  /** The chain's value before this snapshot (V13). */
  readonly previousChain: Buffer;
}

/** The body ready for storing; the same for all snapshots between which nothing changes. */
export type EncodedBody = Buffer;

export function encodeSnapshotBody(body: SnapshotBody): EncodedBody {
  const plain = encodeBody(body);
  const { codec, payload } = encodeContent(plain);
  const head = Buffer.alloc(5);
  head.writeUInt8(codec, 0);
  head.writeUInt32LE(plain.length, 1);
  return Buffer.concat([head, payload]);
}

export function encodeSnapshot(prefix: SnapshotPrefix, body: EncodedBody): Buffer {
  const bytes = Buffer.alloc(SNAPSHOT_PREFIX_BYTES);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt8(SNAPSHOT_KINDS.indexOf(prefix.kind), 1);
  bytes.writeUInt32LE(prefix.items, 4);
  bytes.writeUInt32LE(prefix.changed, 8);
  bytes.writeUInt32LE(prefix.gaps, 12);
  bytes.writeDoubleLE(prefix.takenAtMs, 16);
  bytes.write(prefix.id, 24, 8, 'hex');
  bytes.writeDoubleLE(prefix.keyframe, 32);
  bytes.set(prefix.previousChain, 40);
  return Buffer.concat([bytes, body]);
}

/** @throws RangeError where the payload is no snapshot of this version */
export function parseSnapshotPrefix(payload: Buffer): SnapshotPrefix {
  const kind = SNAPSHOT_KINDS[payload.length < SNAPSHOT_PREFIX_BYTES ? -1 : payload.readUInt8(1)];
  if (kind === undefined || payload.readUInt8(0) !== VERSION) throw new RangeError('not a snapshot record');
  return {
    kind,
    items: payload.readUInt32LE(4),
    changed: payload.readUInt32LE(8),
    gaps: payload.readUInt32LE(12),
    takenAtMs: payload.readDoubleLE(16),
    id: payload.toString('hex', 24, 32) as SnapshotId, // 8 bytes are 16 digits
    keyframe: payload.readDoubleLE(32),
    previousChain: payload.subarray(40, 72),
  };
}

/** @throws RangeError where the payload is no snapshot of this version */
export function parseSnapshotBody(payload: Buffer): SnapshotBody {
  const codec = payload.length < SNAPSHOT_PREFIX_BYTES + 5 ? -1 : payload.readUInt8(SNAPSHOT_PREFIX_BYTES);
  if (codec !== BOX_CODECS.raw && codec !== BOX_CODECS.zstd) throw new RangeError('not a snapshot record');
  const sizeBytes = payload.readUInt32LE(SNAPSHOT_PREFIX_BYTES + 1);
  if (sizeBytes > MAX_BODY_BYTES) throw new RangeError('not a snapshot record');
  return decodeBody(decodeBodyContent(codec, payload.subarray(SNAPSHOT_PREFIX_BYTES + 5), sizeBytes));
}

function decodeBodyContent(codec: BoxCodec, content: Buffer, sizeBytes: number): Buffer {
  try {
    return decodeContent(codec, content, sizeBytes);
  } catch {
    throw new RangeError('not a snapshot record'); // it does not decompress
  }
}
