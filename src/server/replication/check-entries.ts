// Whether entries are what their device made: everything that can be said without the database. Pure.

import {
  parseBody,
  parseSignedPart,
  type EntryBody,
  type SignedPart,
  type WireEntry,
} from '../../shared/replication/entry.ts';
import type { DeviceId, VaultKeyId } from '../../shared/replication/ids.ts';
import { createVerifier, sha256 } from '../encryption/signatures.ts';
import { badRequest, Refusal } from '../http/refusal.ts';

export interface CheckedEntry {
  readonly wire: WireEntry;
  readonly part: SignedPart;
  /** Null of an entry that its device had retired before it could send it, or sends again to a server that was restored. */
  readonly body: EntryBody | null;
  readonly hash: Buffer;
}

export interface EntryOrigin {
  readonly vaultId: VaultKeyId;
  readonly deviceId: DeviceId;
  readonly signingKey: Uint8Array;
}

/** @throws Refusal `bad-request`, `forbidden` for the first that is not whole, not of this device or not signed by it */
export function checkEntries(entries: ReadonlyArray<WireEntry>, origin: EntryOrigin): CheckedEntry[] {
  const isSigned = createVerifier(origin.signingKey);
  return entries.map((wire): CheckedEntry => {
    const part = parseSignedPart(wire.signedBytes);
    if (part === null) throw badRequest('An entry makes no sense.');
    if (part.vaultId !== origin.vaultId || part.deviceId !== origin.deviceId)
      throw new Refusal('forbidden', 'An entry is of another vault or device.', 'A device sends its own entries only.');
    if (!isSigned(wire.signedBytes, wire.signature))
      throw new Refusal('forbidden', 'An entry is not signed by its device.', 'Check the key of this device.');
    const { bodyBytes } = wire;
    const body = bodyBytes === null ? null : parseBody(bodyBytes);
    if (bodyBytes !== null && (body === null || sha256(bodyBytes).toString('hex') !== part.bodyHash))
      throw badRequest('The body of an entry is not the one that was signed.');
    return { wire: { ...wire, bodyBytes }, part, body, hash: sha256(wire.signedBytes) };
  });
}
