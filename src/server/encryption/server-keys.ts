// The server's own keys, from the environment or a file that the first start makes. The first one wraps; the others only open what they
// wrapped before a rotation.

import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import { deriveKey, KEY_BYTES, newKey, openSealed, seal } from './cipher.ts';
import type { KeyWrapper } from './key-wrapper.ts';

/** The variable that holds the keys: 32 bytes each in Base64, the current one first, separated by commas. */
export const SERVER_KEY_VARIABLE = 'CAIRN_SERVER_KEY';

export interface ServerKeys extends KeyWrapper {
  /** Of all keys that are given, the current one and earlier ones. */
  readonly ids: ReadonlySet<string>;
  /** A key that is the same on every node and at every start, for one purpose, as long as the current key stays. */
  derive(purpose: string): Buffer;
}

/** Keys from their text form. @throws AppError SERVER_KEY_UNREADABLE */
export function parseServerKeys(text: string): ServerKeys {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => Buffer.from(part, 'base64'));
  const [current] = keys;
  if (current === undefined || keys.some((key) => key.length !== KEY_BYTES))
    throw new AppError('SERVER_KEY_UNREADABLE', "The server's key is not 32 bytes in Base64.", {
      hint: 'Make one with `openssl rand -base64 32`. With several, separated by commas, the first one is used for what is new.',
    });
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  return {
    currentId: keyId(current),
    ids: new Set(byId.keys()),
    derive: (purpose) => deriveKey(current, purpose),
    wrap: async (key, aad) => seal(deriveKey(current, 'wrap'), key, aad),
    unwrap: async (wrapped, id, aad) => {
      const wrapping = byId.get(id);
      const key = wrapping === undefined ? null : openSealed(deriveKey(wrapping, 'wrap'), wrapped, aad);
      if (key === null) throw wrongKey();
      return key;
    },
  };
}

/**
 * The keys of the environment, else of the file, which is made where it is missing and `mayCreate`.
 * @throws AppError SERVER_KEY_UNREADABLE where it is missing, open to others, or no key
 */
export function loadServerKeysSync(
  place: { readonly environment: string | undefined; readonly path: string },
  options: { readonly mayCreate: boolean },
): ServerKeys {
  if (place.environment !== undefined && place.environment.trim() !== '') return parseServerKeys(place.environment);
  const text = readKeyFileSync(place.path);
  if (text !== null) return parseServerKeys(text);
  if (!options.mayCreate)
    throw new AppError('SERVER_KEY_UNREADABLE', "The server's key file is missing, and published sessions need it.", {
      hint: `Put it back from your backup, or give the key in ${SERVER_KEY_VARIABLE}.`,
    });
  const key = newKey().toString('base64');
  writeKeyFileSync(place.path, `${key}\n`);
  return parseServerKeys(key);
}

/** Puts a new key before the ones of the file. What they wrapped is to be wrapped anew, see `rewrapOwnerKeys`. */
export function addServerKeySync(path: string): void {
  const text = readKeyFileSync(path);
  if (text === null)
    throw new AppError('SERVER_KEY_UNREADABLE', 'There is no key file to put a new key into.', {
      hint: `Where the key is in ${SERVER_KEY_VARIABLE}, put a new one before it, separated by a comma, and start the server again.`,
    });
  parseServerKeys(text);
  writeKeyFileSync(path, `${newKey().toString('base64')}\n${text}`);
}

/** Whole or not at all: half a key file would be the loss of everything published. */
function writeKeyFileSync(path: string, text: string): void {
  // With PostgreSQL nothing else has made the folder.
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

function readKeyFileSync(path: string): string | null {
  try {
    const isOpen = process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0;
    if (isOpen)
      throw new AppError('SERVER_KEY_UNREADABLE', "The server's key file can be read by others.", {
        hint: 'Let only the server read it: `chmod 600` on the file.',
      });
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    if (error instanceof AppError) throw error;
    throw new AppError('SERVER_KEY_UNREADABLE', "The server's key file could not be read.", { cause: error });
  }
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('cairn-server-key').update(key).digest('hex').slice(0, 16);
}

function wrongKey(): AppError {
  return new AppError('SERVER_KEY_UNREADABLE', "An owner's key does not open with the server's key.", {
    hint: `Start the server with the key it was made with, also after a rotation (${SERVER_KEY_VARIABLE} or the key file).`,
  });
}
