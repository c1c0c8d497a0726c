// The keys of a device (S2, S6): Ed25519 signs its log, X25519 receives the vault key when it joins. A device is named by its signing
// key, so that nobody can put another key under its name. Frozen: format v1, see test/core/crypto/device-keys.test.ts.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  scryptSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

import { DEVICE_ID_PREFIX, VAULT_KEY_ID_PREFIX, type DeviceId, type VaultKeyId } from '../../shared/replication/ids.ts';
import { deriveBytes, openSealedBytes, sealBytes, type RandomBytes } from './cipher.ts';
import { SecretKey } from './secret-key.ts';

const KEY_BYTES = 32;
// RFC 8410: SubjectPublicKeyInfo and PrivateKeyInfo of the two curves, up to the key itself.
const SPKI = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
};
const PKCS8 = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
};
type Curve = keyof typeof SPKI;

/** 48 bits; each guess at keys that give the same words costs a slow hash. */
const WORD_COUNT = 3;
const SCRYPT = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';

/** A private key with its public half, as they are stored sealed. */
export interface StoredKeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: Buffer;
}

export function createSigningKeys(): StoredKeyPair {
  return rawPair(generateKeyPairSync('ed25519'), 'ed25519');
}

export function createJoiningKeys(): StoredKeyPair {
  return rawPair(generateKeyPairSync('x25519'), 'x25519');
}

/** The name of the device that has this signing key. */
export function deviceIdOf(signingKey: Uint8Array): DeviceId {
  return createHash('sha256').update(DEVICE_ID_PREFIX).update(signingKey).digest('hex') as DeviceId; // as the id is defined
}

/** The name of the vault on a server, by the name of its key (`KeyTree.keyId`). */
export function vaultKeyIdOf(keyId: Uint8Array): VaultKeyId {
  return createHash('sha256').update(VAULT_KEY_ID_PREFIX).update(keyId).digest('hex') as VaultKeyId; // as the id is defined
}

export function signBytes(privateKey: Uint8Array, bytes: Uint8Array): Buffer {
  return sign(null, bytes, toPrivateKey(privateKey, 'ed25519'));
}

/** False also where the key or the signature is none. */
export function isSignatureOf(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES) return false;
  try {
    return verify(null, bytes, toPublicKey(publicKey, 'ed25519'), signature);
  } catch {
    return false; // no point of the curve
  }
}

/** Seals bytes to a device's joining key. `aad` says what for; whoever opens them must say the same. */
export function sealToDevice(publicKey: Uint8Array, aad: Uint8Array, plain: Uint8Array, random: RandomBytes): Buffer {
  const ephemeral = createJoiningKeys();
  const key = agreedKey(ephemeral.privateKey, publicKey, ephemeral.publicKey, publicKey);
  if (key === null) throw new RangeError('not a key of a device');
  const sealed = sealBytes(key, plain, aad, random);
  key.wipe();
  ephemeral.privateKey.fill(0);
  return Buffer.concat([ephemeral.publicKey, sealed]);
}

/** Null where it does not authenticate. */
export function openFromDevice(pair: StoredKeyPair, aad: Uint8Array, sealed: Uint8Array): Buffer | null {
  if (sealed.length < KEY_BYTES) return null;
  const ephemeral = sealed.subarray(0, KEY_BYTES);
  const key = agreedKey(pair.privateKey, ephemeral, ephemeral, pair.publicKey);
  if (key === null) return null;
  const plain = openSealedBytes(key, sealed.subarray(KEY_BYTES), aad);
  key.wipe();
  return plain;
}

/**
 * Short words that two people compare, or one at two screens: equal words mean that both sides speak of the same keys. Slow on purpose,
 * so that nobody finds other keys with the same words while they are looked at.
 */
export function shortWords(transcript: Uint8Array): string {
  const bits = scryptSync(
    createHash('sha256').update(transcript).digest(),
    'cairn join words v1',
    WORD_COUNT * 2,
    SCRYPT,
  );
  return Array.from({ length: WORD_COUNT }, (_, at) => wordOf(bits.readUInt16BE(at * 2))).join('-');
}

/** 16 bits as consonant, vowel, consonant, vowel, consonant: proquints (Wilkerson, 2009), which can be said and heard. */
function wordOf(bits: number): string {
  const letter = (letters: string, at: number): string => letters.charAt(at);
  return [
    letter(CONSONANTS, (bits >> 12) & 15),
    letter(VOWELS, (bits >> 10) & 3),
    letter(CONSONANTS, (bits >> 6) & 15),
    letter(VOWELS, (bits >> 4) & 3),
    letter(CONSONANTS, bits & 15),
  ].join('');
}

function agreedKey(
  privateKey: Uint8Array,
  publicKey: Uint8Array,
  ephemeral: Uint8Array,
  receiver: Uint8Array,
): SecretKey | null {
  if (publicKey.length !== KEY_BYTES) return null;
  let shared: Buffer;
  try {
    shared = diffieHellman({
      privateKey: toPrivateKey(privateKey, 'x25519'),
      publicKey: toPublicKey(publicKey, 'x25519'),
    });
  } catch {
    return null; // a point of low order: nothing that `sealToDevice` makes
  }
  const secret = Buffer.concat([shared, ephemeral, receiver]);
  const key = new SecretKey(deriveBytes(secret, 'cairn joining v1', KEY_BYTES));
  secret.fill(0);
  shared.fill(0);
  return key;
}

function rawPair(pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }, curve: Curve): StoredKeyPair {
  return {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(SPKI[curve].length),
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(PKCS8[curve].length),
  };
}

function toPublicKey(raw: Uint8Array, curve: Curve): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI[curve], raw]), format: 'der', type: 'spki' });
}

function toPrivateKey(raw: Uint8Array, curve: Curve): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8[curve], raw]), format: 'der', type: 'pkcs8' });
}
