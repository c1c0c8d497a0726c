// A device that asks to be let in, as the contract has it, and whether it still is the one whose words were compared.

import type { SyncJoin } from '../../shared/contract/sync.ts';
import { fromHex } from '../../shared/replication/bytes.ts';
import { AppError } from '../../shared/model/app-error.ts';
import type { VaultKeyId } from '../../shared/replication/ids.ts';
import { encodeJoinTranscript } from '../../shared/replication/join-transcript.ts';
import type { Join } from '../../shared/replication/replica.ts';
import { deviceIdOf, shortWords } from '../crypto/device-keys.ts';

/** What a user says of a device that asks; who lets it in has compared these words. */
export type JoinDecision = { readonly answer: 'approve'; readonly words: string } | { readonly answer: 'refuse' };

export function describeJoin(join: Join, vaultId: VaultKeyId): SyncJoin {
  return {
    id: join.device,
    name: join.name,
    platform: join.platform,
    words: wordsOf(join, vaultId),
    requestedAt: new Date(join.requestedAtMs).toISOString(),
    expiresAt: new Date(join.expiresAtMs).toISOString(),
  };
}

/** @throws AppError SYNC_TAMPERED where the keys are not those that the words were made of, or not those of the device they are said to be of */
export function assertWords(join: Join, vaultId: VaultKeyId, words: string): void {
  const signingKey = fromHex(join.signingKey);
  if (wordsOf(join, vaultId) === words && signingKey !== null && deviceIdOf(signingKey) === join.device) return;
  throw new AppError('SYNC_TAMPERED', 'The device shows other words by now, so it was not let in.', {
    hint: 'Compare the words once more. If they change again, somebody stands between: refuse the device and ask who runs the server.',
  });
}

function wordsOf(join: Join, vaultId: VaultKeyId): string {
  return shortWords(encodeJoinTranscript({ ...join, vaultId }));
}
