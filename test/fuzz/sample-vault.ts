// The header of a released vault, without opening it.

import { fixtures } from './target.ts';

/** The first part of a sidecar is the header. */
export function readSampleHeader(): Buffer {
  const [sidecar = Buffer.alloc(12)] = fixtures('vaults/format-1/vault.db.keys');
  return sidecar.subarray(12, 12 + sidecar.readUInt32LE(8));
}
