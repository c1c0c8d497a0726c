// A box (V7): a sealed record that says what it is. 32-byte header, AES-256-GCM ciphertext, 16-byte tag. The associated data are
// the vault id and the header without the nonce, so a box that was moved, retyped or taken from another vault does not open.
// Frozen: format v1, see test/core/crypto/box.test.ts and docs/vault-format.md.

import { createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto';

import { release } from '../../shared/memory/release.ts';

import { NONCE_BYTES, TAG_BYTES, type RandomBytes } from './cipher.ts';
import type { SecretKey } from './secret-key.ts';

export const BOX_MAGIC = 0x624e5243; // "CRNb" read as a little-endian number
export const BOX_HEADER_BYTES = 32;
export const BOX_OVERHEAD_BYTES = BOX_HEADER_BYTES + TAG_BYTES;

/** What a box holds. Each kind has a subkey of its own in every epoch. */
export const BOX_KINDS = {
  chunk: 1,
  keyframe: 2,
  snapshot: 3,
  timeIndex: 4,
  head: 5,
  record: 6,
  parity: 7,
  headerSecrets: 8,
  searchSegment: 9,
  searchPage: 10,
  /** What an entry of a replica log says (V29). */
  replicaEntry: 11,
  /** An own entry as it was signed. */
  replicaLog: 12,
} as const;
export type BoxKind = (typeof BOX_KINDS)[keyof typeof BOX_KINDS];

/** How the payload is encoded. */
export const BOX_CODECS = { raw: 0, zstd: 1 } as const;
export type BoxCodec = (typeof BOX_CODECS)[keyof typeof BOX_CODECS];

export interface BoxHeader {
  readonly kind: BoxKind;
  readonly codec: BoxCodec;
  readonly epoch: number;
  /** Unique within its kind, never used again for other content. */
  readonly recordId: number;
}

const VERSION = 1;
/** What is deciphered at a time where only the tag counts: stays in the processor's cache. */
const PIECE_BYTES = 64 * 1024;
const AAD_HEADER_BYTES = 20; // everything before the nonce
/** Where the nonce stands in a box. */
export const NONCE_AT = AAD_HEADER_BYTES;
const LENGTH_BYTES = 4;

/** The size to which a payload is padded, by Padmé (Nikitin et al., PURBs, 2019): at most 12 % more, 2 to 3 % on average. */
export function paddedSize(sizeBytes: number): number {
  if (sizeBytes < 2) return 2;
  const exponent = 31 - Math.clz32(sizeBytes);
  const keptBits = 32 - Math.clz32(exponent);
  const mask = 2 ** (exponent - keptBits) - 1;
  return sizeBytes + ((-sizeBytes & mask) >>> 0);
}

/** Seals a payload into a box. */
export function sealBox(
  key: SecretKey,
  vaultId: Uint8Array,
  header: BoxHeader,
  payload: Uint8Array,
  random: RandomBytes,
): Buffer {
  const plainBytes = paddedSize(LENGTH_BYTES + payload.length);
  const box = Buffer.allocUnsafeSlow(BOX_HEADER_BYTES + plainBytes + TAG_BYTES);
  writeHeader(box, header);
  const nonce = random(NONCE_BYTES);
  box.set(nonce, AAD_HEADER_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.toHandle(), nonce);
  cipher.setAAD(associatedData(vaultId, box));
  // Length and padding apart from the payload, which then need not be copied beside them.
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt32LE(payload.length, 0);
  const body = BOX_HEADER_BYTES + LENGTH_BYTES;
  box.set(cipher.update(length), BOX_HEADER_BYTES);
  box.set(cipher.update(payload), body);
  const paddingBytes = plainBytes - LENGTH_BYTES - payload.length;
  if (paddingBytes > 0) box.set(cipher.update(Buffer.alloc(paddingBytes)), body + payload.length);
  cipher.final();
  box.set(cipher.getAuthTag(), BOX_HEADER_BYTES + plainBytes);
  return box;
}

/** Reads the header; null where the bytes are no box of this version. Nothing is authenticated yet. */
export function parseBoxHeader(box: Uint8Array): BoxHeader | null {
  // A damaged page may give anything for a column, also nothing.
  if (!(box instanceof Uint8Array) || box.length < BOX_OVERHEAD_BYTES + 2) return null;
  const view = new DataView(box.buffer, box.byteOffset, BOX_HEADER_BYTES);
  if (view.getUint32(0, true) !== BOX_MAGIC || view.getUint8(4) !== VERSION || view.getUint8(7) !== 0) return null;
  const kind = view.getUint8(5);
  const codec = view.getUint8(6);
  if (kind < 1 || kind > 12 || codec > 1) return null;
  const high = view.getUint32(16, true);
  if (high >= 0x20_0000) return null; // record ids stay below 2^53
  return {
    kind: kind as BoxKind, // range checked above
    codec: codec as BoxCodec, // range checked above
    epoch: view.getUint32(8, true),
    recordId: view.getUint32(12, true) + high * 2 ** 32,
  };
}

/** Opens a box and gives its payload; null where it does not authenticate under this key, vault id and header. */
export function openBox(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): Buffer | null {
  if (box.length < BOX_OVERHEAD_BYTES + 2) return null;
  const decipher = startOpening(key, vaultId, box);
  const plain = decipher.update(box.subarray(BOX_HEADER_BYTES, box.length - TAG_BYTES));
  if (!isAuthentic(decipher)) return null;
  const payloadBytes = plain.readUInt32LE(0);
  if (payloadBytes > plain.length - LENGTH_BYTES) return null;
  return plain.subarray(LENGTH_BYTES, LENGTH_BYTES + payloadBytes);
}

/** Whether `openBox` would open it, for less: the payload is never in memory as a whole. */
export function isBoxWhole(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): boolean {
  if (box.length < BOX_OVERHEAD_BYTES + 2) return false;
  const decipher = startOpening(key, vaultId, box);
  const end = box.length - TAG_BYTES;
  let payloadBytes = 0;
  for (let at = BOX_HEADER_BYTES; at < end; at += PIECE_BYTES) {
    const plain = decipher.update(box.subarray(at, Math.min(end, at + PIECE_BYTES)));
    // Not authenticated yet: it may be too short for a length.
    if (at === BOX_HEADER_BYTES && plain.length >= LENGTH_BYTES) payloadBytes = plain.readUInt32LE(0);
    release(plain);
  }
  return isAuthentic(decipher) && payloadBytes <= end - BOX_HEADER_BYTES - LENGTH_BYTES;
}

function startOpening(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): DecipherGCM {
  const nonce = box.subarray(AAD_HEADER_BYTES, BOX_HEADER_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.toHandle(), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(vaultId, box));
  decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
  return decipher;
}

function isAuthentic(decipher: DecipherGCM): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false; // the tag does not match: the one expected failure
  }
}

/** Writes all of a header but the nonce. */
export function writeHeader(box: Buffer, header: BoxHeader): void {
  box.writeUInt32LE(BOX_MAGIC, 0);
  box.writeUInt8(VERSION, 4);
  box.writeUInt8(header.kind, 5);
  box.writeUInt8(header.codec, 6);
  box.writeUInt8(0, 7);
  box.writeUInt32LE(header.epoch, 8);
  box.writeUInt32LE(header.recordId % 2 ** 32, 12);
  box.writeUInt32LE(Math.floor(header.recordId / 2 ** 32), 16);
}

/** What the tag covers beside the ciphertext. */
export function associatedData(vaultId: Uint8Array, box: Uint8Array): Buffer {
  const aad = Buffer.allocUnsafe(vaultId.length + AAD_HEADER_BYTES);
  aad.set(vaultId, 0);
  aad.set(box.subarray(0, AAD_HEADER_BYTES), vaultId.length);
  return aad;
}
