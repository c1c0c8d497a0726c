// Puts one flipped bit of a box right. The tag of AES-GCM is a polynomial of the ciphertext in H, over GF(2^128): one wrong bit in the
// block that stands k places before the end shifts the tag by exactly that bit times H^k. So the difference between the tag that is
// there and the one that would fit names the bit. What comes out is authenticated like any box, and only then given back.

import { createCipheriv, createDecipheriv } from 'node:crypto';

import { associatedData, BOX_HEADER_BYTES, NONCE_AT, openBox } from './box.ts';
import { NONCE_BYTES, TAG_BYTES } from './cipher.ts';
import type { SecretKey } from './secret-key.ts';

const BLOCK_BYTES = 16;

/** A field element: four words, the most significant bit of the first byte is the coefficient of x^0, as GCM has it. */
type Element = Uint32Array;

/** The box with one bit changed so that it opens; null where no single bit does that. */
export function mendBox(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): Buffer | null {
  if (box.length <= BOX_HEADER_BYTES + TAG_BYTES) return null;
  const mended = mendBody(key, vaultId, box) ?? mendNonce(key, vaultId, box);
  return mended !== null && openBox(key, vaultId, mended) !== null ? mended : null;
}

function mendBody(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): Buffer | null {
  const mended = Buffer.from(box);
  const tagAt = mended.length - TAG_BYTES;
  const difference = readElement(xor(mended.subarray(tagAt), fittingTag(key, vaultId, mended)));
  const inTag = onlyBit(difference);
  if (inTag >= 0) return flip(mended, tagAt * 8 + inTag);
  const divide = createMultiplier(inverse(hashKey(key)));
  const blocks = Math.ceil((tagAt - BOX_HEADER_BYTES) / BLOCK_BYTES);
  let bit = difference;
  // The block of the lengths stands last, and is not stored: nothing of it can be wrong.
  for (let back = 1; back <= blocks + 1; back += 1) {
    bit = divide(bit);
    const at = onlyBit(bit);
    if (at < 0 || back === 1) continue;
    const byte = BOX_HEADER_BYTES + (blocks - back + 1) * BLOCK_BYTES + (at >> 3);
    return byte < tagAt ? flip(mended, byte * 8 + (at & 7)) : null;
  }
  return null;
}

function mendNonce(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): Buffer | null {
  for (let bit = 0; bit < NONCE_BYTES * 8; bit += 1) {
    const mended = flip(Buffer.from(box), NONCE_AT * 8 + bit);
    if (openBox(key, vaultId, mended) !== null) return mended;
  }
  return null;
}

/** The tag that this ciphertext would have. */
function fittingTag(key: SecretKey, vaultId: Uint8Array, box: Uint8Array): Buffer {
  const nonce = box.subarray(NONCE_AT, BOX_HEADER_BYTES);
  const aad = associatedData(vaultId, box);
  const decipher = createDecipheriv('aes-256-gcm', key.toHandle(), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  const plain = decipher.update(box.subarray(BOX_HEADER_BYTES, box.length - TAG_BYTES));
  const cipher = createCipheriv('aes-256-gcm', key.toHandle(), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  cipher.update(plain);
  cipher.final();
  return cipher.getAuthTag();
}

/** H: the cipher's own value for a block of zeros. */
function hashKey(key: SecretKey): Element {
  const cipher = createCipheriv('aes-256-ecb', key.toHandle(), null);
  return readElement(cipher.update(Buffer.alloc(BLOCK_BYTES)));
}

function flip(bytes: Buffer, bit: number): Buffer {
  const at = bit >> 3;
  bytes[at] = (bytes[at] ?? 0) ^ (0x80 >> (bit & 7));
  return bytes;
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)));
}

function readElement(bytes: Buffer): Element {
  return Uint32Array.from({ length: 4 }, (_, word) => bytes.readUInt32BE(word * 4));
}

/** Where the only bit that is set stands, counted from the most significant one; -1 where there are more, or none. */
function onlyBit(element: Element): number {
  let found = -1;
  for (let word = 0; word < 4; word += 1) {
    const value = element[word] ?? 0;
    if (value === 0) continue;
    if (found >= 0 || (value & (value - 1)) !== 0) return -1;
    found = word * 32 + Math.clz32(value);
  }
  return found;
}

/** Times x. */
function double(element: Element): Element {
  const [a = 0, b = 0, c = 0, d = 0] = element;
  const carry = (d & 1) === 0 ? 0 : 0xe1000000;
  return Uint32Array.of((a >>> 1) ^ carry, (b >>> 1) | (a << 31), (c >>> 1) | (b << 31), (d >>> 1) | (c << 31));
}

function multiply(a: Element, b: Element): Element {
  const product = new Uint32Array(4);
  let power = a;
  for (let bit = 0; bit < 128; bit += 1) {
    if (((b[bit >> 5] ?? 0) & (0x80000000 >>> (bit & 31))) !== 0) addInto(product, power);
    power = double(power);
  }
  return product;
}

/** By Fermat: the element to the power of 2^128 - 2. */
function inverse(element: Element): Element {
  let power = element;
  let result: Element = Uint32Array.of(0x80000000, 0, 0, 0);
  for (let bit = 1; bit < 128; bit += 1) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}

/** Multiplication by one element, by tables for each byte. */
function createMultiplier(factor: Element): (element: Element) => Element {
  const tables = new Uint32Array(BLOCK_BYTES * 256 * 4);
  let power = factor;
  for (let byte = 0; byte < BLOCK_BYTES; byte += 1) {
    for (let bit = 0x80; bit > 0; bit >>= 1) {
      for (let value = bit; value < 256; value += 1) {
        if ((value & bit) === 0) continue;
        const at = (byte * 256 + value) * 4;
        for (let word = 0; word < 4; word += 1) tables[at + word] = (tables[at + word] ?? 0) ^ (power[word] ?? 0);
      }
      power = double(power);
    }
  }
  return (element) => {
    const product = new Uint32Array(4);
    for (let byte = 0; byte < BLOCK_BYTES; byte += 1) {
      const value = ((element[byte >> 2] ?? 0) >>> (24 - (byte & 3) * 8)) & 0xff;
      const at = (byte * 256 + value) * 4;
      for (let word = 0; word < 4; word += 1) product[word] = (product[word] ?? 0) ^ (tables[at + word] ?? 0);
    }
    return product;
  };
}

function addInto(target: Element, element: Element): void {
  for (let word = 0; word < 4; word += 1) target[word] = (target[word] ?? 0) ^ (element[word] ?? 0);
}
