// AES-256-GCM, HKDF and HMAC of the server. The nonce is drawn inside `seal`, never given. A sealed value is: format, nonce, ciphertext,
// tag. Frozen: format 1, see test/server/encryption.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A new key. */
export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Seals bytes; the parts of `aad` are what they belong to, and must be the same at opening. */
export function seal(key: Uint8Array, plain: Uint8Array, aad: readonly (string | number)[]): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(encodeAad(aad));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(FORMAT), nonce, body, cipher.getAuthTag()]);
}

/** Opens what `seal` made; null where it does not authenticate. The caller turns null into its own error. */
export function openSealed(key: Uint8Array, sealed: Uint8Array, aad: readonly (string | number)[]): Buffer | null {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== FORMAT) return null;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(encodeAad(aad));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const body = decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return null; // the tag does not match: the one expected failure
  }
  return body;
}

/** A key for one purpose. */
export function deriveKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(
    hkdfSync('sha256', key, new Uint8Array(0), Buffer.from(`cairn-server ${purpose}`, 'utf8'), KEY_BYTES),
  );
}

/** HMAC-SHA256. */
export function mac(key: Uint8Array, bytes: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(bytes).digest();
}

/** Each part with its length before it, so that no two lists give the same bytes. Frozen. */
function encodeAad(parts: readonly (string | number)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(String(part), 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
