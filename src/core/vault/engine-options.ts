// What a vault is opened with.

import type { RandomBytes } from '../crypto/cipher.ts';
import { DEFAULT_ARGON2, type Argon2Parameters } from '../crypto/key-slot.ts';
import type { KeyringOptions } from './keyring/keyring.ts';
import type { VaultFiles } from './vault-files.ts';

/** How much compressed content a snapshot may hold. */
export const DEFAULT_MAX_SNAPSHOT_BYTES = 50 * 1024 * 1024;

export interface EngineOptions {
  readonly random: RandomBytes;
  readonly argon2?: Argon2Parameters;
  readonly maxSnapshotBytes?: number;
}

export function keyringOptions(files: VaultFiles, options: EngineOptions): KeyringOptions {
  return { sidecarPath: files.sidecar, random: options.random, argon2: options.argon2 ?? DEFAULT_ARGON2 };
}
