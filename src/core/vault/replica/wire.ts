// Entries as they travel: made and signed here, and checked against what is known of their device (S4). What does not hold is named, and
// nothing of it is applied.

import { createHash } from 'node:crypto';

import { AppError } from '../../../shared/model/app-error.ts';
import { fromHex } from '../../../shared/replication/bytes.ts';
import {
  encodeBody,
  encodeSignedPart,
  parseBody,
  parseSignedPart,
  type EntryBody,
  type SignedPart,
  type WireEntry,
} from '../../../shared/replication/entry.ts';
import type { DeviceId, EntryHash, VaultKeyId } from '../../../shared/replication/ids.ts';
import { deviceIdOf, isSignatureOf, signBytes } from '../../crypto/device-keys.ts';

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function hashOf(entry: WireEntry): EntryHash {
  return sha256Hex(entry.signedBytes) as EntryHash; // as the hash is defined
}

export function signEntry(
  part: Omit<SignedPart, 'bodyHash'>,
  body: EntryBody,
  signingKey: Uint8Array,
): { readonly entry: WireEntry; readonly hash: EntryHash } {
  const bodyBytes = encodeBody(body);
  const signedBytes = encodeSignedPart({ ...part, bodyHash: sha256Hex(bodyBytes) });
  const entry = { signedBytes, signature: signBytes(signingKey, signedBytes), bodyBytes };
  return { entry, hash: hashOf(entry) };
}

/** The signed part alone; a copy, since the parts of an entry lie in one buffer with its body. */
export function withoutBody({ signedBytes, signature }: WireEntry): WireEntry {
  return { signedBytes: Uint8Array.from(signedBytes), signature: Uint8Array.from(signature), bodyBytes: null };
}

/** What is known of a device before its next entries are looked at. */
export interface KnownDevice {
  readonly vaultId: VaultKeyId;
  readonly deviceId: DeviceId;
  /** Hexadecimal; it must be the one that the device is named by. */
  readonly signingKey: string;
  readonly index: number;
  readonly hash: EntryHash;
}

export interface CheckedEntry {
  readonly part: SignedPart;
  readonly hash: EntryHash;
  /** Null where its device has retired it. */
  readonly body: EntryBody | null;
}

/** Checks that entries follow what is known, without a gap, signed and whole. @throws AppError SYNC_TAMPERED */
export function checkEntries(entries: readonly WireEntry[], known: KnownDevice): CheckedEntry[] {
  const key = fromHex(known.signingKey);
  if (key === null || deviceIdOf(key) !== known.deviceId)
    throw tampered("it names a device by a key that is not the device's");
  let { index, hash } = known;
  return entries.map((entry) => {
    const part = parseSignedPart(entry.signedBytes);
    if (part === null) throw tampered('it sent an entry that makes no sense');
    if (part.vaultId !== known.vaultId || part.deviceId !== known.deviceId)
      throw tampered('it sent an entry of another vault or device');
    if (part.index !== index + 1) throw tampered(`after entry ${index} it sent entry ${part.index}`);
    if (part.previousHash !== hash) throw tampered(`entry ${part.index} does not follow the one before it`);
    if (!isSignatureOf(key, entry.signedBytes, entry.signature))
      throw tampered(`the signature of entry ${part.index} is not its device's`);
    if (entry.bodyBytes !== null && sha256Hex(entry.bodyBytes) !== part.bodyHash)
      throw tampered(`entry ${part.index} says something else than was signed`);
    const body = entry.bodyBytes === null ? null : parseBody(entry.bodyBytes);
    if (entry.bodyBytes !== null && body === null) throw tampered(`entry ${part.index} makes no sense`);
    index = part.index;
    hash = hashOf(entry);
    return { part, hash, body };
  });
}

/** Something that only a server (or somebody between) that changes, drops or mixes up entries can bring about. */
export function tampered(what: string): AppError {
  return new AppError('SYNC_TAMPERED', `The server's answer does not hold: ${what}. Nothing of it was taken.`, {
    hint: 'Nothing here was changed. If the server was restored from a backup, its operator has to say so to it; else do not trust it.',
  });
}
