// The recovery key as people see it: 160 random bits in Crockford's base 32 with a 20-bit checksum, in nine groups of four.
// Letters that look like digits (I, L, O) are read as these; case, blanks and hyphens do not matter.

import { createHash } from 'node:crypto';

import { AppError } from '../../shared/model/app-error.ts';
import type { RandomBytes } from './cipher.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ALL_DIGITS = /^[0-9A-HJKMNP-TV-Z]*$/;
const SECRET_BYTES = 20;
const CHECKSUM_DIGITS = 4;
const DIGITS = (SECRET_BYTES * 8) / 5 + CHECKSUM_DIGITS;
const GROUP = 4;

/** Makes a new recovery key: its 20 secret bytes and its text. */
export function newRecoveryKey(random: RandomBytes): { readonly secret: Buffer; readonly text: string } {
  const secret = random(SECRET_BYTES);
  return { secret, text: formatRecoveryKey(secret) };
}

export function formatRecoveryKey(secret: Uint8Array): string {
  const digits = toBase32(secret) + checksum(secret);
  const groups: string[] = [];
  for (let start = 0; start < digits.length; start += GROUP) groups.push(digits.slice(start, start + GROUP));
  return groups.join('-');
}

/**
 * Reads a recovery key as typed.
 * @throws AppError VAULT_WRONG_PASSWORD where length, letters or checksum tell a typing mistake before anything is derived.
 */
export function parseRecoveryKey(text: string): Buffer {
  const digits = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (digits.length !== DIGITS || !ALL_DIGITS.test(digits)) {
    throw new AppError(
      'VAULT_WRONG_PASSWORD',
      `A recovery key has ${DIGITS} letters and digits in groups of ${GROUP}; this is not one.`,
      {
        hint: 'Compare it with the sheet you kept; the letters I, L, O and U are never used.',
      },
    );
  }
  const secret = fromBase32(digits.slice(0, DIGITS - CHECKSUM_DIGITS));
  if (checksum(secret) !== digits.slice(DIGITS - CHECKSUM_DIGITS)) {
    throw new AppError('VAULT_WRONG_PASSWORD', 'The recovery key has a typing mistake: its checksum does not fit.', {
      hint: 'Compare it group by group with the sheet you kept.',
    });
  }
  return secret;
}

function checksum(secret: Uint8Array): string {
  const hash = createHash('sha256').update('cairn recovery key v1').update(secret).digest();
  return toBase32(hash.subarray(0, 5)).slice(0, CHECKSUM_DIGITS);
}

function toBase32(bytes: Uint8Array): string {
  let digits = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      digits += ALPHABET.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return digits;
}

function fromBase32(digits: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const digit of digits) {
    value = (value << 5) | ALPHABET.indexOf(digit);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >>> bits) & 255);
      value &= (1 << bits) - 1;
    }
  }
  return Buffer.from(bytes);
}
