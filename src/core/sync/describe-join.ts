// A device that asks to be let in, as the contract has it.

import type { SyncJoin } from '../../shared/contract/sync.ts';
import type { VaultKeyId } from '../../shared/replication/ids.ts';
import { encodeJoinTranscript } from '../../shared/replication/join-transcript.ts';
import type { Join } from '../../shared/replication/replica.ts';
import { shortWords } from '../crypto/device-keys.ts';

export function describeJoin(join: Join, vaultId: VaultKeyId): SyncJoin {
  return {
    id: join.device,
    name: join.name,
    platform: join.platform,
    words: joinWords(join, vaultId),
    requestedAt: new Date(join.requestedAtMs).toISOString(),
    expiresAt: new Date(join.expiresAtMs).toISOString(),
  };
}

/** The words that both sides show of the keys that the device says it has. */
export function joinWords(join: Join, vaultId: VaultKeyId): string {
  return shortWords(encodeJoinTranscript({ ...join, vaultId }));
}
