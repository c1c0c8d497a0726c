// New devices need the key slots as they are now (S6): the wrapped ones travel whenever they have changed.

import { toHex } from '../../shared/replication/bytes.ts';
import type { VaultKeyId } from '../../shared/replication/ids.ts';
import type { Vault } from '../vault/vault.ts';
import type { VaultReplica } from '../vault/vault-replica.ts';
import { SyncRefusal, type SyncServer } from './server-port.ts';
import { readSeen, writeSeen } from './sync-records.ts';

type SlotServer = Pick<SyncServer, 'readSlots' | 'writeSlots'>;

const MAX_TRIES = 3;

/** Gives the server the slots where it does not have them yet. */
export async function shareSlots(
  vault: Pick<Vault, 'readSetting' | 'writeSetting'> & { readonly replica: Pick<VaultReplica, 'header'> },
  server: SlotServer,
  vaultId: VaultKeyId,
  signal?: AbortSignal,
): Promise<void> {
  const header = await vault.replica.header();
  const mark = toHex(header.slice(-32));
  const seen = await readSeen(vault);
  if (seen.slots === mark) return;
  await replaceSlots(server, vaultId, Buffer.from(header).toString('base64'), signal);
  await writeSeen(vault, { ...seen, slots: mark });
}

/** Somebody may be first, also this device itself, where an answer was lost: then it is looked at again. */
async function replaceSlots(
  server: SlotServer,
  vaultId: VaultKeyId,
  slots: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const there = await server.readSlots(vaultId, signal);
    if (there.slots === slots) return;
    try {
      await server.writeSlots(vaultId, { revision: there.revision, slots }, signal);
      return;
    } catch (error) {
      const isLate = error instanceof SyncRefusal && error.refusal.code === 'conflict';
      if (!isLate || tries === MAX_TRIES) throw error;
    }
  }
}
