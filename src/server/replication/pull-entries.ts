// Entries that a device does not have yet (S3): each device's in order, as many as fit.

import { encodeWireEntries, type WireEntry } from '../../shared/replication/entry.ts';
import type { PullRequest } from '../../shared/replication/replica.ts';
import type { Db } from '../store/store.ts';
import { readHeads, type OwnVault } from './vaults.ts';

/** Rows are fetched in steps that grow while they turn out small: a row may have a megabyte. */
const FIRST_STEP = 8;
const LAST_STEP = 500;

export async function pullEntries(db: Db, vault: OwnVault, request: PullRequest): Promise<Uint8Array> {
  const { maxEntries, maxBytes } = request;
  const held = new Map(request.after.map(({ device, index }) => [device, index]));
  const entries: WireEntry[] = [];
  let sizeBytes = 0;
  let step = FIRST_STEP;
  for (const head of await readHeads(db, vault)) {
    let after = held.get(head.deviceId) ?? 0;
    while (after < head.index && entries.length < maxEntries && sizeBytes < maxBytes) {
      const rows = await db
        .selectFrom('entries')
        .select(['entry_index', 'signed_bytes', 'signature', 'body_bytes'])
        .where('user_id', '=', vault.userId)
        .where('vault_no', '=', vault.vaultNo)
        .where('device_no', '=', head.deviceNo)
        .where('entry_index', '>', after)
        .orderBy('entry_index')
        .limit(Math.min(step, maxEntries - entries.length))
        .execute();
      if (rows.length === 0) break;
      for (const { entry_index, signed_bytes, signature, body_bytes } of rows) {
        const entryBytes = signed_bytes.length + signature.length + (body_bytes?.length ?? 0);
        if (entries.length > 0 && sizeBytes + entryBytes > maxBytes) return encodeWireEntries(entries);
        entries.push({ signedBytes: signed_bytes, signature, bodyBytes: body_bytes });
        sizeBytes += entryBytes;
        after = entry_index;
      }
      const averageBytes = sizeBytes / entries.length;
      step = Math.max(FIRST_STEP, Math.min(LAST_STEP, step * 4, Math.ceil((maxBytes - sizeBytes) / averageBytes)));
    }
  }
  return encodeWireEntries(entries);
}
