// A key that cannot be printed, logged, serialised or cloned by accident.

import { createSecretKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = 'SecretKey(***)';

/** 32 secret bytes. The only exit is `dangerouslyExportBytes`; `wipe` overwrites them as far as JavaScript allows. */
export class SecretKey {
  readonly #bytes: Uint8Array;
  #handle: KeyObject | null = null;
  /** A function among the own properties makes `structuredClone` and `postMessage` refuse the object. */
  readonly refuseClone = (): string => MASK;

  /** Takes ownership of the bytes. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== 32) throw new RangeError('a secret key has 32 bytes');
    this.#bytes = bytes;
  }

  /** The bytes themselves, for a cipher or a key derivation; never for storage outside a wrap. */
  dangerouslyExportBytes(): Uint8Array {
    return this.#bytes;
  }

  /** The key as ciphers take it: a prepared handle makes each use several times cheaper than the bytes. */
  toHandle(): KeyObject {
    this.#handle ??= createSecretKey(this.#bytes);
    return this.#handle;
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#handle = null;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
