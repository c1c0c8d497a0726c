// What the short words of a joining are made of (S6). A server that puts a key of its own in the new device's place changes the words.

import { concatBytes, fromHex } from './bytes.ts';
import type { VaultKeyId } from './ids.ts';

const PREFIX = 'cairn join v1\n';

export interface JoinTranscript {
  readonly vaultId: VaultKeyId;
  /** Ed25519 and X25519 public keys of the device that asks, hexadecimal. */
  readonly signingKey: string;
  readonly agreementKey: string;
}

/** The bytes whose SHA-256 both sides turn into words. @throws RangeError where an id or key is none */
export function encodeJoinTranscript({ vaultId, signingKey, agreementKey }: JoinTranscript): Uint8Array {
  const parts = [vaultId, signingKey, agreementKey].map((hex) => {
    const bytes = fromHex(hex);
    if (bytes?.length !== 32) throw new RangeError('join: a key that is not 32 bytes');
    return bytes;
  });
  return concatBytes([Uint8Array.from(PREFIX, (character) => character.charCodeAt(0)), ...parts]);
}
