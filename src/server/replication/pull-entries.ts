// Entries that a device does not have yet (S3): each device's in order, as many as fit.

import { encodeWireEntries, type WireEntry } from '../../shared/replication/entry.ts';
import type { PullRequest } from '../../shared/replication/replica.ts';
import type { Db } from '../store/store.ts';
import { readHeads, type OwnVault } from './vaults.ts';

/** Sizes looked at in one step. They are known without reading what has them. */
const STEP = 500;

export async function pullEntries(db: Db, vault: OwnVault, request: PullRequest): Promise<Uint8Array> {
  const { maxEntries, maxBytes } = request;
  const held = new Map(request.after.map(({ device, index }) => [device, index]));
  const entries: WireEntry[] = [];
  let leftBytes = maxBytes;
  for (const head of await readHeads(db, vault)) {
    let after = held.get(head.deviceId) ?? 0;
    while (after < head.index && entries.length < maxEntries) {
      const ofDevice = db
        .selectFrom('entries')
        .where('user_id', '=', vault.userId)
        .where('vault_no', '=', vault.vaultNo)
        .where('device_no', '=', head.deviceNo)
        .where('entry_index', '>', after)
        .orderBy('entry_index');
      const sizes = await ofDevice
        .select('entry_index')
        .select((row) => [
          row.fn<number>('length', ['signed_bytes']).as('signed_size'),
          row.fn<number>('length', ['signature']).as('signature_size'),
          row.fn<number | null>('length', ['body_bytes']).as('body_size'),
        ])
        .limit(Math.min(STEP, maxEntries - entries.length))
        .execute();
      if (sizes.length === 0) break;
      let last = after;
      for (const { entry_index, signed_size, signature_size, body_size } of sizes) {
        const entryBytes = signed_size + signature_size + (body_size ?? 0);
        // The first of all comes whatever it takes: else it would never come.
        const isFirst = entries.length === 0 && last === after;
        if (!isFirst && entryBytes > leftBytes) break;
        leftBytes -= entryBytes;
        last = entry_index;
      }
      if (last === after) return encodeWireEntries(entries);
      const rows = await ofDevice
        .select(['signed_bytes', 'signature', 'body_bytes'])
        .where('entry_index', '<=', last)
        .execute();
      for (const { signed_bytes, signature, body_bytes } of rows)
        entries.push({ signedBytes: signed_bytes, signature, bodyBytes: body_bytes });
      if (last !== sizes.at(-1)?.entry_index) return encodeWireEntries(entries);
      after = last;
    }
  }
  return encodeWireEntries(entries);
}
