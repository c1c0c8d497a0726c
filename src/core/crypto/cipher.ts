// AES-256-GCM and HKDF-SHA256, and nothing else. The nonce is drawn inside `sealBytes`, never given: a nonce used twice under one
// key would open both texts (Tarsnap 2011). Frozen: format v1, see test/core/crypto/vectors.test.ts.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

import { SecretKey } from './secret-key.ts';

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** Gives n fresh random bytes. Only tests with known-answer vectors pass anything but `crypto.randomBytes`. */
export type RandomBytes = (sizeBytes: number) => Buffer;

/** Derives a key for one purpose (V2). A label is used for one purpose only. */
export function deriveKey(key: SecretKey, label: string): SecretKey {
  return new SecretKey(deriveBytes(key.dangerouslyExportBytes(), label, 32));
}

/** HKDF-SHA256 with an empty salt; the label is the `info`. */
export function deriveBytes(secret: Uint8Array, label: string, sizeBytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), Buffer.from(label, 'utf8'), sizeBytes));
}

/** Seals: nonce, ciphertext, tag, in this order. */
export function sealBytes(key: SecretKey, plain: Uint8Array, aad: Uint8Array, random: RandomBytes): Buffer {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.toHandle(), nonce);
  cipher.setAAD(aad);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()]);
}

/** Opens what `sealBytes` made; null where it does not authenticate. The caller turns null into its own typed error. */
export function openSealedBytes(key: SecretKey, sealed: Uint8Array, aad: Uint8Array): Buffer | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.toHandle(), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const body = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return null; // the tag does not match: the one expected failure
  }
  return body;
}
