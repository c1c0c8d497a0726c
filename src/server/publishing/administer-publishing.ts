// What whoever runs the server does with keys and audit chains.

import { verifyAudit, type AuditHead, type AuditVerification } from '../audit/audit-log.ts';
import { OwnerKeys } from '../encryption/owner-keys.ts';
import type { ServerKeys } from '../encryption/server-keys.ts';
import type { Db } from '../store/store.ts';
import { auditKey, resealSessions } from './published-sessions.ts';
import type { OwnerId } from './tables.ts';

export interface VerifiedChain extends AuditVerification {
  readonly owner: string;
}

/** Goes through every owner's chain. `known` are heads that were kept, by owner: a chain that was cut off does not have them. */
export async function verifyAllAudits(
  db: Db,
  serverKeys: ServerKeys,
  nowMs: () => number,
  known: ReadonlyMap<string, AuditHead> = new Map(),
): Promise<readonly VerifiedChain[]> {
  const keys = new OwnerKeys({ db, wrapper: serverKeys, nowMs });
  const heads = await db.selectFrom('audit_heads').select('owner_id').orderBy('owner_id').execute();
  const entries = await db.selectFrom('audit_entries').select('owner_id').distinct().execute();
  // An owner whose chain is gone altogether is told of too.
  const owners = new Set([
    ...heads.map(({ owner_id }) => owner_id),
    ...entries.map(({ owner_id }) => owner_id),
    ...known.keys(),
  ]);
  const chains: VerifiedChain[] = [];
  for (const owner of [...owners].toSorted()) {
    const key = auditKey(await keys.lookup(owner as OwnerId)); // as it was written
    chains.push({ owner, ...(await verifyAudit(db, owner as OwnerId, key, known.get(owner) ?? null)) });
  }
  return chains;
}

export interface KeyRotation {
  /** Keys of owners that are wrapped by the server's current key now. */
  readonly rewrapped: number;
  /** Owners who have a new key, and sessions that were sealed anew under one. */
  readonly owners: number;
  readonly resealed: number;
}

const BATCH = 100;

/** Wraps every owner's key by the server's current one; with `hasNewOwnerKeys` also makes a new key for each and seals their sessions anew. */
export async function rotateKeys(
  db: Db,
  serverKeys: ServerKeys,
  options: { readonly hasNewOwnerKeys: boolean; readonly nowMs: () => number },
): Promise<KeyRotation> {
  const keys = new OwnerKeys({ db, wrapper: serverKeys, nowMs: options.nowMs });
  const rewrapped = await untilDone(() => keys.rewrap(BATCH));
  if (!options.hasNewOwnerKeys) return { rewrapped, owners: 0, resealed: 0 };
  const rows = await db.selectFrom('owner_keys').select('owner_id').distinct().execute();
  let resealed = 0;
  for (const { owner_id } of rows) {
    const owner = owner_id as OwnerId; // as it was written
    await keys.rotate(owner);
    resealed += await untilDone(() => resealSessions({ db, keys }, owner, BATCH));
  }
  return { rewrapped, owners: rows.length, resealed };
}

async function untilDone(work: () => Promise<number>): Promise<number> {
  let all = 0;
  for (;;) {
    const done = await work();
    if (done === 0) return all;
    all += done;
  }
}
