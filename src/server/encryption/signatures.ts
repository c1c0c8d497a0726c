// Hashes and signatures of devices. The server only ever verifies: it holds no key of the replica.

import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';

import { DEVICE_ID_PREFIX, KEY_BYTES, SIGNATURE_BYTES, type DeviceId } from '../../shared/replication/ids.ts';

/** What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410). */
const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export function sha256(...parts: ReadonlyArray<Uint8Array | string>): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The id of the device that has this Ed25519 key (S2). */
export function deviceIdOf(signingKey: Uint8Array): DeviceId {
  return sha256(DEVICE_ID_PREFIX, signingKey).toString('hex') as DeviceId; // a SHA-256
}

/** Tells of many messages whether the key signed them. Keys and signatures of any form are answered, never thrown at. */
export function createVerifier(signingKey: Uint8Array): (message: Uint8Array, signature: Uint8Array) => boolean {
  const key = readPublicKey(signingKey);
  return (message, signature) =>
    key !== null && signature.length === SIGNATURE_BYTES && verify(null, message, key, signature);
}

/** The same for one message. */
export function isSignedBy(signingKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return createVerifier(signingKey)(message, signature);
}

function readPublicKey(signingKey: Uint8Array): KeyObject | null {
  if (signingKey.length !== KEY_BYTES) return null;
  try {
    return createPublicKey({ key: Buffer.concat([ED25519_DER_PREFIX, signingKey]), format: 'der', type: 'spki' });
  } catch {
    return null; // 32 bytes that are no key
  }
}
