// New devices need the key slots as they are now (S6): the wrapped ones travel whenever they have changed.

import { toHex } from '../../shared/replication/bytes.ts';
import type { VaultKeyId } from '../../shared/replication/ids.ts';
import type { Vault } from '../vault/vault.ts';
import type { VaultReplica } from '../vault/vault-replica.ts';
import type { SyncServer } from './server-port.ts';
import { readSeen, writeSeen } from './sync-records.ts';

/** Gives the server the slots where it does not have them yet. */
export async function shareSlots(
  vault: Pick<Vault, 'readSetting' | 'writeSetting'> & { readonly replica: Pick<VaultReplica, 'header'> },
  server: Pick<SyncServer, 'readSlots' | 'writeSlots'>,
  vaultId: VaultKeyId,
): Promise<void> {
  const header = await vault.replica.header();
  const mark = toHex(header.slice(-32));
  const seen = await readSeen(vault);
  if (seen.slots === mark) return;
  const { revision } = await server.readSlots(vaultId);
  await server.writeSlots(vaultId, { revision, slots: Buffer.from(header).toString('base64') });
  await writeSeen(vault, { ...seen, slots: mark });
}
