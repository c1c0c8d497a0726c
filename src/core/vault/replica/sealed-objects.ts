// Chunks as they travel: as they are sealed here (S1).

import { fromHex } from '../../../shared/replication/bytes.ts';
import type { ObjectId } from '../../../shared/replication/ids.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SealedObject } from '../vault-replica.ts';
import { sha256Hex } from './wire.ts';

/** Without those that are not here or do not open. */
export function readSealedObjects(state: VaultState, ids: readonly ObjectId[]): SealedObject[] {
  const found: SealedObject[] = [];
  for (const id of ids) {
    const bytes = fromHex(id);
    const facts = bytes === null ? undefined : state.store.find(bytes);
    const box = facts === undefined ? undefined : state.store.readWholeBox(facts.recordId);
    if (box !== undefined) found.push({ id, box: ownBytes(box), hash: sha256Hex(box) });
  }
  return found;
}

/** The same bytes in a buffer that holds nothing else, so that it can go to another thread: most have one. */
function ownBytes(box: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = box;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isOwn ? new Uint8Array(buffer, byteOffset, byteLength) : Uint8Array.from(box);
}
