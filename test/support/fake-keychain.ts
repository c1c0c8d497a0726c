// A keychain that keeps its secret in memory, and counts how often it was asked for it.

import type { Keychain } from '../../src/core/api/keychain.ts';

export interface FakeKeychain extends Keychain {
  stored: Uint8Array | null;
  reads: number;
}

export function makeFakeKeychain(): FakeKeychain {
  const keychain: FakeKeychain = {
    stored: null,
    reads: 0,
    availability: async () => ({ isAvailable: true, why: '' }),
    has: async () => keychain.stored !== null,
    read: async () => {
      keychain.reads += 1;
      return keychain.stored?.slice() ?? null;
    },
    write: async (secret) => {
      keychain.stored = new Uint8Array(secret); // a copy: a buffer's own slice would be wiped with it
    },
    remove: async () => {
      keychain.stored = null;
    },
  };
  return keychain;
}
