// What whoever runs the server does with keys and audit chains.

import { verifyAudit, type AuditHead, type AuditVerification } from '../audit/audit-log.ts';
import { OwnerKeys } from '../encryption/owner-keys.ts';
import type { ServerKeys } from '../encryption/server-keys.ts';
import type { Db } from '../store/store.ts';
import { auditKey } from './published-sessions.ts';
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
