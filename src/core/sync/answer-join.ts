// What a user says of a device that asks to be let in (S6): whoever is let in gets the vault's key, sealed to the keys whose words were compared.

import { AppError } from '../../shared/model/app-error.ts';
import { fromHex } from '../../shared/replication/bytes.ts';
import type { VaultKeyId } from '../../shared/replication/ids.ts';
import type { Join } from '../../shared/replication/replica.ts';
import { deviceIdOf } from '../crypto/device-keys.ts';
import type { Vault } from '../vault/vault.ts';
import type { VaultReplica } from '../vault/vault-replica.ts';
import { joinWords } from './describe-join.ts';
import { deviceNotFound, pickDevice } from './name-devices.ts';
import type { SyncServer } from './server-port.ts';
import { shareSlots } from './share-slots.ts';

/** Who lets a device in has compared these words. */
export type JoinDecision = { readonly answer: 'approve'; readonly words: string } | { readonly answer: 'refuse' };

/**
 * Answers a device, by its name or the beginning of its id. The server lists the keys anew for this: they must still be those of the words.
 * @returns how many still wait
 * @throws AppError DEVICE_NOT_FOUND, SYNC_TAMPERED
 */
export async function answerJoin(
  vault: Vault & { readonly replica: VaultReplica },
  server: SyncServer,
  vaultId: VaultKeyId,
  reference: string,
  decision: JoinDecision,
): Promise<number> {
  const joins = (await server.listJoins(vaultId)).filter(({ status }) => status === 'waiting');
  const { id } = pickDevice(
    joins.map(({ device, name }) => ({ id: device, name })),
    reference,
  );
  const join = joins.find(({ device }) => device === id);
  if (join === undefined) throw deviceNotFound();
  let sealedKey = null;
  if (decision.answer === 'approve') {
    assertWords(join, vaultId, decision.words);
    sealedKey = await vault.replica.sealKey(join);
    await shareSlots(vault, server, vaultId);
  }
  await server.answerJoin(vaultId, id, sealedKey);
  return joins.length - 1;
}

/** The keys are those that the words were made of, and those of the device that they are said to be of. */
function assertWords(join: Join, vaultId: VaultKeyId, words: string): void {
  const signingKey = fromHex(join.signingKey);
  if (joinWords(join, vaultId) === words && signingKey !== null && deviceIdOf(signingKey) === join.device) return;
  throw new AppError('SYNC_TAMPERED', 'The device shows other words by now, so it was not let in.', {
    hint: 'Compare the words once more. If they change again, somebody stands between: refuse the device and ask who runs the server.',
  });
}
