// The bearer token of the local API: random, in a file that only its owner may read, the same until somebody removes it.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';

import { writePrivateFileSync } from '../../config/write-private-file.ts';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const OTHERS = 0o077;

/** Gives the token of the file; writes a new one where there is none, or where others could read it. */
export function provideApiToken(path: string): string {
  const found = readApiToken(path);
  if (found !== null) return found;
  const token = randomBytes(32).toString('base64url');
  writePrivateFileSync(path, `${token}\n`);
  return token;
}

/** The token of the file, or null where there is none to be trusted. */
export function readApiToken(path: string): string | null {
  try {
    const stats = lstatSync(path);
    const isPrivate = process.platform === 'win32' || (stats.mode & OTHERS) === 0;
    if (!stats.isFile() || !isPrivate || stats.size > 100) return null;
    const token = readFileSync(path, 'utf8').trim();
    return TOKEN.test(token) ? token : null;
  } catch {
    return null; // there is none
  }
}

/** Compares in a time that does not depend on where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

/** What whoever holds the token answers to a challenge: so a caller sees that it talks to Cairn before it says the token itself. */
export function answerChallenge(token: string, challenge: string): string {
  // Hashed twice, with the token first and last: the answer to one challenge says nothing about another's.
  return digest(`${token} ${digest(`${challenge} ${token}`).toString('hex')}`).toString('hex');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
