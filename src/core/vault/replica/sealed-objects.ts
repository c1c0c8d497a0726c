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
    if (facts === undefined || !state.store.isWhole(facts.recordId)) continue;
    const box = state.read.chunks.readBox(facts.recordId);
    if (box !== undefined) found.push({ id, box: Uint8Array.from(box), hash: sha256Hex(box) });
  }
  return found;
}
