// The header (V6): everything needed to get from a secret to the data keys. It exists four times (three tables, the sidecar);
// any whole copy suffices. A checksum tells a torn copy before unlocking, the MAC a forged one after.
// Layout: "CRNh", version u8, three zero bytes, JSON length u32, JSON, SHA-256 of all before, HMAC of all before.

import { createHash, timingSafeEqual } from 'node:crypto';

import { z } from 'zod';

import { keySlotSchema } from '../../crypto/key-slot.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';

const MAGIC = Buffer.from('CRNh\u0001\u0000\u0000\u0000', 'latin1');
const PREFIX_BYTES = MAGIC.length + 4;
const CHECKSUM_BYTES = 32;
const MAC_BYTES = 32;
const MAX_JSON_BYTES = 1024 * 1024;

const headerSchema = z.strictObject({
  vaultId: z.base64(),
  /** Grows with every change; the highest whole copy wins. */
  counter: z.int().min(1),
  slots: z.array(keySlotSchema).min(1).max(32),
  epochs: z
    .array(z.strictObject({ epoch: z.int().min(1), wrappedKey: z.base64() }))
    .min(1)
    .max(1024),
  /** X25519 public key of the inbox (V5). */
  publicKey: z.base64(),
  /** A box of kind `headerSecrets`: private key, creation times, the journal of a rotation. */
  secrets: z.base64(),
});
export type Header = z.infer<typeof headerSchema>;

const secretsSchema = z.strictObject({
  privateKey: z.base64(),
  createdAtMs: z.number(),
  epochCreatedAtMs: z.record(z.string(), z.number()),
  slotCreatedAtMs: z.record(z.string(), z.number()),
  rotation: z.nullable(z.strictObject({ toEpoch: z.int(), total: z.int() })),
});
/** The part of the header that only an open vault reads. */
export type HeaderSecrets = z.infer<typeof secretsSchema>;

export interface HeaderCopy {
  readonly header: Header;
  readonly bytes: Buffer;
  /** False where the checksum does not fit: some field was damaged, others may still serve. */
  readonly isWhole: boolean;
}

/** Writes a header with its checksum and MAC. */
export function encodeHeader(header: Header, keys: KeyTree): Buffer {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.set(MAGIC, 0);
  prefix.writeUInt32LE(json.length, MAGIC.length);
  const body = Buffer.concat([prefix, json]);
  const checksum = createHash('sha256').update(body).digest();
  const mac = keys.headerMac(Buffer.concat([body, checksum]));
  return Buffer.concat([body, checksum, mac]);
}

/** Reads a header copy without any key; null where it is no header. Bytes after its end are ignored. */
export function parseHeader(bytes: Uint8Array): HeaderCopy | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < PREFIX_BYTES || !MAGIC.equals(buffer.subarray(0, MAGIC.length))) return null;
  const jsonBytes = buffer.readUInt32LE(MAGIC.length);
  const end = PREFIX_BYTES + jsonBytes + CHECKSUM_BYTES + MAC_BYTES;
  if (jsonBytes > MAX_JSON_BYTES || buffer.length < end) return null;
  const body = buffer.subarray(0, PREFIX_BYTES + jsonBytes);
  const checksum = buffer.subarray(body.length, body.length + CHECKSUM_BYTES);
  const isWhole = createHash('sha256').update(body).digest().equals(checksum);
  const json = parseJson(body.subarray(PREFIX_BYTES).toString('utf8'));
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success || Buffer.from(parsed.data.vaultId, 'base64').length !== 16) return null;
  return { header: parsed.data, bytes: Buffer.from(buffer.subarray(0, end)), isWhole };
}

/** True where the copy was written by somebody who holds the vault key. */
export function isHeaderAuthentic(copy: HeaderCopy, keys: KeyTree): boolean {
  const macStart = copy.bytes.length - MAC_BYTES;
  return timingSafeEqual(keys.headerMac(copy.bytes.subarray(0, macStart)), copy.bytes.subarray(macStart));
}

/** The sealed part of the header; null where it does not authenticate. */
export function openHeaderSecrets(header: Header, keys: KeyTree): HeaderSecrets | null {
  const opened = keys.openAny(Buffer.from(header.secrets, 'base64'));
  if (opened === null) return null;
  const parsed = secretsSchema.safeParse(parseJson(opened.payload.toString('utf8')));
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the schema refuses it
  }
}
