// One entry of a device's log (S2). It has a signed part, which stays for ever so that the chain can be verified, and a body (the ids it
// requires and the sealed payload), which is freed once the device has retired the entry. The signed part names the body by its hash.
//
// Frozen: entry v1, see test/shared/replication/entry.test.ts. All numbers are big-endian.
//
//   signed part  "CairnEntry" 10 | version 1 = 1 | kind 1 | vault 32 | device 32 | index 8 | previous hash 32 | epoch 4
//                | clock: ms since 1970 8, counter 2 | body hash 32 | ranges 4, then each: first 8, last 8
//   body         ids 4, then each 16 | payload bytes 4 | payload
//   entry hash   SHA-256 of the signed part          signature: Ed25519 over the signed part by the device's key
//   on the wire  signed bytes 4 | signed part | signature 64 | body bytes 4 (0 = freed) | body
//
// Hashing and signing need a cipher library, so they stand with the ciphers of each side; here is only what is hashed and signed.

import { ByteReader, ByteWriter, concatBytes, fromHex, toHex } from './bytes.ts';
import { HASH_BYTES, OBJECT_ID_BYTES, SIGNATURE_BYTES } from './ids.ts';
import type { DeviceId, EntryHash, ObjectId, VaultKeyId } from './ids.ts';
import { MAX_ENTRY_PAYLOAD_BYTES, MAX_REQUIRES_PER_ENTRY, MAX_RETIRED_RANGES_PER_ENTRY } from './limits.ts';

/**
 * What an entry is. `snapshot`: a snapshot or keyframe record. `operation`: metadata operations (S7), tombstones too. `epoch`: the keys of a
 * new epoch, wrapped for each device that may have them (S6). `retire`: nothing but retired ranges. The numbers are on the wire.
 */
export const ENTRY_KINDS = { snapshot: 1, operation: 2, epoch: 3, retire: 4 } as const;
export type EntryKind = keyof typeof ENTRY_KINDS;

/** A hybrid logical clock: wall time of the writer or the highest time it has seen, and a counter within the millisecond. */
export interface HybridClock {
  readonly wallMs: number;
  /** 0 to 65,535. */
  readonly counter: number;
}

/** Own entries from `first` to `last`, both included. */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

export interface SignedPart {
  readonly kind: EntryKind;
  readonly vaultId: VaultKeyId;
  readonly deviceId: DeviceId;
  /** From 1, without gaps. */
  readonly index: number;
  /** Hash of the entry before, `NO_ENTRY_HASH` for the first. */
  readonly previousHash: EntryHash;
  /** The epoch of the vault's keys under which the payload is sealed. */
  readonly epoch: number;
  readonly clock: HybridClock;
  /** SHA-256 of the body. */
  readonly bodyHash: string;
  /** Own earlier entries whose bodies nobody needs any more: ascending, apart from each other, below `index`. */
  readonly retires: ReadonlyArray<IndexRange>;
}

export interface EntryBody {
  /**
   * The objects without which the payload is of no use, ascending and each once. An entry that leans on another of the same device (a
   * snapshot on its keyframe) need not repeat that one's: its device keeps the other live for as long as this one is.
   */
  readonly requires: ReadonlyArray<ObjectId>;
  /** Sealed; at most `MAX_ENTRY_PAYLOAD_BYTES`. */
  readonly payload: Uint8Array;
}

/** An entry as it travels. The parts are the exact bytes that were hashed and signed. */
export interface WireEntry {
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** Null where the entry was retired and its body freed. */
  readonly bodyBytes: Uint8Array | null;
}

const MAGIC = new Uint8Array([0x43, 0x61, 0x69, 0x72, 0x6e, 0x45, 0x6e, 0x74, 0x72, 0x79]); // CairnEntry
const VERSION = 1;
const FIXED_BYTES = MAGIC.length + 1 + 1 + HASH_BYTES * 2 + 8 + HASH_BYTES + 4 + 8 + 2 + HASH_BYTES + 4;
const RANGE_BYTES = 16;
const MAX_COUNTER = 0xffff;
const MAX_UINT32 = 0xffff_ffff;
const MAX_SIGNED_BYTES = FIXED_BYTES + MAX_RETIRED_RANGES_PER_ENTRY * RANGE_BYTES;
const MAX_BODY_BYTES = 4 + MAX_REQUIRES_PER_ENTRY * OBJECT_ID_BYTES + 4 + MAX_ENTRY_PAYLOAD_BYTES;
/** The bytes that are hashed and signed. Equal parts have equal bytes. @throws RangeError where a field is out of its bounds */
export function encodeSignedPart(part: SignedPart): Uint8Array {
  const { retires, clock } = part;
  assertWhole(part.index >= 1 && Number.isSafeInteger(part.index), 'index');
  assertWhole(isUint(part.epoch, MAX_UINT32), 'epoch');
  assertWhole(isUint(clock.wallMs, Number.MAX_SAFE_INTEGER) && isUint(clock.counter, MAX_COUNTER), 'clock');
  assertWhole(retires.length <= MAX_RETIRED_RANGES_PER_ENTRY && areRanges(retires, part.index), 'retires');
  const writer = new ByteWriter(FIXED_BYTES + retires.length * RANGE_BYTES);
  writer.raw(MAGIC);
  writer.uint8(VERSION);
  writer.uint8(ENTRY_KINDS[part.kind]);
  writer.raw(bytesOf(part.vaultId, HASH_BYTES));
  writer.raw(bytesOf(part.deviceId, HASH_BYTES));
  writer.uint64(part.index);
  writer.raw(bytesOf(part.previousHash, HASH_BYTES));
  writer.uint32(part.epoch);
  writer.uint64(clock.wallMs);
  writer.uint16(clock.counter);
  writer.raw(bytesOf(part.bodyHash, HASH_BYTES));
  writer.uint32(retires.length);
  for (const { first, last } of retires) {
    writer.uint64(first);
    writer.uint64(last);
  }
  return writer.bytes;
}

/** Reads a signed part; null for anything that `encodeSignedPart` would not have written. */
export function parseSignedPart(bytes: Uint8Array): SignedPart | null {
  const reader = new ByteReader(bytes);
  if (toHex(reader.raw(MAGIC.length)) !== toHex(MAGIC) || reader.uint8() !== VERSION) return null;
  const kind = kindOf(reader.uint8());
  const vaultId = toHex(reader.raw(HASH_BYTES)) as VaultKeyId; // of the right length, or the reader is not whole
  const deviceId = toHex(reader.raw(HASH_BYTES)) as DeviceId; // as above
  const index = reader.uint64();
  const previousHash = toHex(reader.raw(HASH_BYTES)) as EntryHash; // as above
  const epoch = reader.uint32();
  const clock = { wallMs: reader.uint64(), counter: reader.uint16() };
  const bodyHash = toHex(reader.raw(HASH_BYTES));
  const rangeCount = reader.uint32();
  if (rangeCount > MAX_RETIRED_RANGES_PER_ENTRY || reader.leftBytes !== rangeCount * RANGE_BYTES) return null;
  const retires: IndexRange[] = [];
  for (let at = 0; at < rangeCount; at += 1) retires.push({ first: reader.uint64(), last: reader.uint64() });
  if (!reader.isWhole || kind === null || index < 1 || !areRanges(retires, index)) return null;
  return { kind, vaultId, deviceId, index, previousHash, epoch, clock, bodyHash, retires };
}

/** The bytes of a body, whose hash the signed part names. @throws RangeError where it is too large or its ids are out of order */
export function encodeBody({ requires, payload }: EntryBody): Uint8Array {
  assertWhole(requires.length <= MAX_REQUIRES_PER_ENTRY && areAscending(requires), 'requires');
  assertWhole(payload.length <= MAX_ENTRY_PAYLOAD_BYTES, 'payload');
  const writer = new ByteWriter(4 + requires.length * OBJECT_ID_BYTES + 4 + payload.length);
  writer.uint32(requires.length);
  for (const id of requires) writer.raw(bytesOf(id, OBJECT_ID_BYTES));
  writer.uint32(payload.length);
  writer.raw(payload);
  return writer.bytes;
}

/** Reads a body; null for anything that `encodeBody` would not have written. The payload is a view on the bytes given. */
export function parseBody(bytes: Uint8Array): EntryBody | null {
  const reader = new ByteReader(bytes);
  const count = reader.uint32();
  if (count > MAX_REQUIRES_PER_ENTRY || reader.leftBytes < count * OBJECT_ID_BYTES) return null;
  const requires: ObjectId[] = [];
  for (let at = 0; at < count; at += 1) requires.push(toHex(reader.raw(OBJECT_ID_BYTES)) as ObjectId); // of its length
  const sizeBytes = reader.uint32();
  if (sizeBytes > MAX_ENTRY_PAYLOAD_BYTES || reader.leftBytes !== sizeBytes) return null;
  const payload = reader.raw(sizeBytes);
  return reader.isWhole && areAscending(requires) ? { requires, payload } : null;
}

/** Entries one after the other, as a push sends and a pull answers them. */
export function encodeWireEntries(entries: ReadonlyArray<WireEntry>): Uint8Array {
  return concatBytes(
    entries.flatMap(({ signedBytes, signature, bodyBytes }) => [
      uint32(signedBytes.length),
      signedBytes,
      signature,
      uint32(bodyBytes?.length ?? 0),
      bodyBytes ?? new Uint8Array(0),
    ]),
  );
}

/** Splits what `encodeWireEntries` made, without looking into the parts; null where it breaks off or a part is larger than any may be. */
export function parseWireEntries(bytes: Uint8Array): WireEntry[] | null {
  const reader = new ByteReader(bytes);
  const entries: WireEntry[] = [];
  while (reader.leftBytes > 0) {
    const signedBytes = reader.raw(reader.uint32());
    const signature = reader.raw(SIGNATURE_BYTES);
    const body = reader.raw(reader.uint32());
    if (!reader.isWhole || signedBytes.length > MAX_SIGNED_BYTES || body.length > MAX_BODY_BYTES) return null;
    entries.push({ signedBytes, signature, bodyBytes: body.length === 0 ? null : body });
  }
  return entries;
}

function kindOf(code: number): EntryKind | null {
  const kinds = Object.keys(ENTRY_KINDS) as EntryKind[]; // its own keys
  return kinds.find((kind) => ENTRY_KINDS[kind] === code) ?? null;
}

function areRanges(ranges: ReadonlyArray<IndexRange>, below: number): boolean {
  return ranges.every(({ first, last }, at) => {
    // Ranges that touch would be one: the same retired entries have one encoding.
    const lowest = at === 0 ? 1 : (ranges[at - 1]?.last ?? 0) + 2;
    return Number.isSafeInteger(first) && first >= lowest && last >= first && last < below;
  });
}

function areAscending(ids: ReadonlyArray<string>): boolean {
  return ids.every((id, at) => at === 0 || (ids[at - 1] ?? '') < id);
}

function isUint(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max;
}

function bytesOf(hex: string, sizeBytes: number): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes?.length !== sizeBytes) throw new RangeError(`an id that is not ${sizeBytes} bytes`);
  return bytes;
}

function uint32(value: number): Uint8Array {
  const writer = new ByteWriter(4);
  writer.uint32(value);
  return writer.bytes;
}

function assertWhole(isWhole: boolean, field: string): void {
  if (!isWhole) throw new RangeError(`entry: ${field} out of bounds`);
}
