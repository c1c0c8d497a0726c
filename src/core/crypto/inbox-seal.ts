// Write-only sealing (V5): anybody with the vault's public key can add, only the private key reads. Ephemeral X25519, HKDF-SHA256
// over the shared secret and both public keys, AES-256-GCM. Layout: "CRNi", version, ephemeral public key (32), sealed bytes.

import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { deriveBytes, openSealedBytes, sealBytes, type RandomBytes } from './cipher.ts';
import { SecretKey } from './secret-key.ts';

const MAGIC = Buffer.from('CRNi\u0001', 'latin1');
const PUBLIC_KEY_BYTES = 32;
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex'); // RFC 8410: X25519 SubjectPublicKeyInfo
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex'); // RFC 8410: X25519 PrivateKeyInfo

export interface InboxKeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: SecretKey;
}

export function createInboxKeyPair(): InboxKeyPair {
  const pair = generateKeyPairSync('x25519');
  return {
    publicKey: rawPublicKey(pair.publicKey),
    privateKey: new SecretKey(pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(PKCS8_PREFIX.length)),
  };
}

/** Seals bytes to the vault's public key. The deposit number is bound, so deposits cannot be swapped. */
export function sealToInbox(
  publicKey: Uint8Array,
  vaultId: Uint8Array,
  depositNumber: number,
  plain: Uint8Array,
  random: RandomBytes,
): Buffer {
  const ephemeral = generateKeyPairSync('x25519');
  const ephemeralPublic = rawPublicKey(ephemeral.publicKey);
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: toPublicKey(publicKey) });
  const key = inboxKey(shared, ephemeralPublic, publicKey);
  const sealed = sealBytes(key, plain, depositAad(vaultId, depositNumber), random);
  key.wipe();
  return Buffer.concat([MAGIC, ephemeralPublic, sealed]);
}

/** Opens a deposit; null where it does not authenticate. */
export function openInboxDeposit(
  pair: InboxKeyPair,
  vaultId: Uint8Array,
  depositNumber: number,
  deposit: Uint8Array,
): Buffer | null {
  if (deposit.length < MAGIC.length + PUBLIC_KEY_BYTES || !MAGIC.equals(deposit.subarray(0, MAGIC.length))) return null;
  const ephemeralPublic = deposit.subarray(MAGIC.length, MAGIC.length + PUBLIC_KEY_BYTES);
  const encoded = Buffer.concat([PKCS8_PREFIX, pair.privateKey.dangerouslyExportBytes()]);
  const privateKey = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  encoded.fill(0);
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey, publicKey: toPublicKey(ephemeralPublic) });
  } catch {
    return null; // a point of low order: nothing that `sealToInbox` makes
  }
  const key = inboxKey(shared, ephemeralPublic, pair.publicKey);
  const plain = openSealedBytes(
    key,
    deposit.subarray(MAGIC.length + PUBLIC_KEY_BYTES),
    depositAad(vaultId, depositNumber),
  );
  key.wipe();
  return plain;
}

function inboxKey(shared: Buffer, ephemeralPublic: Uint8Array, publicKey: Uint8Array): SecretKey {
  const secret = Buffer.concat([shared, ephemeralPublic, publicKey]);
  const key = new SecretKey(deriveBytes(secret, 'cairn inbox v1', 32));
  secret.fill(0);
  shared.fill(0);
  return key;
}

function depositAad(vaultId: Uint8Array, depositNumber: number): Buffer {
  return Buffer.concat([vaultId, Buffer.from(`deposit ${depositNumber}`, 'utf8')]);
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length);
}

function toPublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}
