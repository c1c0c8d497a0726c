// Who did what, when, from where, to what, and how it ended; never what was said. One chain an owner: each entry is authenticated
// together with the one before it, under a key that the database does not hold, so that nothing can be changed, left out or put in
// unnoticed. What was cut off at the end is noticed only by who has kept an earlier head.

import type { Transaction } from 'kysely';

import { mac } from '../encryption/cipher.ts';
import type { OwnerId, PublishingTables } from '../publishing/tables.ts';
import type { Db } from '../store/store.ts';
import type { ServerTables } from '../store/tables.ts';

const NO_HASH = '';
const PAGE = 1_000;

export const AUDIT_ACTIONS = [
  'session.publish',
  'session.withdraw',
  'session.expire',
  'team.create',
  'team.invite',
  'team.join',
  'team.remove',
  'team.role',
  'project.map',
  'project.unmap',
  'webhook.create',
  'webhook.delete',
  'key.rotate',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who acts, and from where. */
export interface Actor {
  readonly userId: string;
  readonly deviceId: string;
  /** The address of the connection; empty where the server acts by itself. */
  readonly address: string;
}

export interface AuditEvent {
  readonly action: AuditAction;
  readonly objectId: string;
  readonly outcome: 'done' | 'refused';
  readonly atMs: number;
  readonly actor: Actor;
}

export interface AuditHead {
  readonly position: number;
  readonly hash: string;
}

/** Adds an entry within the caller's transaction: what it tells of is stored with it, or neither is. */
export async function appendAudit(
  tx: Transaction<ServerTables>,
  owner: OwnerId,
  key: Uint8Array,
  event: AuditEvent,
): Promise<void> {
  await tx
    .insertInto('audit_heads')
    .values({ owner_id: owner, position: 0, hash: NO_HASH })
    .onConflict((conflict) => conflict.column('owner_id').doNothing())
    .execute();
  // Holds the owner's chain until the transaction ends; others go on.
  const head = await tx
    .updateTable('audit_heads')
    .set((eb) => ({ position: eb('position', '+', 1) }))
    .where('owner_id', '=', owner)
    .returning(['position', 'hash'])
    .executeTakeFirstOrThrow();
  const entry = toRow(owner, head.position, event);
  const hash = hashOf(key, head.hash, entry);
  await tx
    .insertInto('audit_entries')
    .values({ ...entry, hash })
    .execute();
  await tx.updateTable('audit_heads').set({ hash }).where('owner_id', '=', owner).execute();
}

export interface AuditVerification {
  readonly entries: number;
  readonly head: AuditHead;
  /** The first entry that does not fit, and why; null where all do. */
  readonly broken: { readonly position: number; readonly why: string } | null;
}

/** Goes through an owner's chain from its beginning. `known` is a head that was kept elsewhere: it must be in the chain. */
export async function verifyAudit(
  db: Db,
  owner: OwnerId,
  key: Uint8Array,
  known: AuditHead | null = null,
): Promise<AuditVerification> {
  let position = 0;
  let hash = NO_HASH;
  const broken = (why: string): AuditVerification => ({
    entries: position,
    head: { position, hash },
    broken: { position: position + 1, why },
  });
  let hasKnown = known === null || known.position === 0;
  for (;;) {
    const rows = await db
      .selectFrom('audit_entries')
      .selectAll()
      .where('owner_id', '=', owner)
      .where('position', '>', position)
      .orderBy('position')
      .limit(PAGE)
      .execute();
    for (const { hash: stored, ...entry } of rows) {
      if (entry.position !== position + 1) return broken('an entry is missing');
      if (hashOf(key, hash, entry) !== stored) return broken('an entry was changed, put in, or taken from elsewhere');
      hash = stored;
      position += 1;
      if (known?.position === position) {
        if (known.hash !== hash) return broken('the chain is another one than the head that was kept');
        hasKnown = true;
      }
    }
    if (rows.length < PAGE) break;
  }
  const head = await db.selectFrom('audit_heads').selectAll().where('owner_id', '=', owner).executeTakeFirst();
  if ((head?.position ?? 0) !== position || (head?.hash ?? NO_HASH) !== hash)
    return broken('entries are missing at the end');
  if (!hasKnown) return broken('entries are missing that the kept head has');
  return { entries: position, head: { position, hash }, broken: null };
}

type Row = Omit<PublishingTables['audit_entries'], 'hash'>;

function toRow(owner: OwnerId, position: number, { action, objectId, outcome, atMs, actor }: AuditEvent): Row {
  return {
    owner_id: owner,
    position,
    at_ms: atMs,
    actor_id: actor.userId,
    device_id: actor.deviceId,
    address: actor.address,
    action,
    object_id: objectId,
    outcome,
  };
}

function hashOf(key: Uint8Array, before: string, row: Row): string {
  const { owner_id, position, at_ms, actor_id, device_id, address, action, object_id, outcome } = row;
  return mac(
    key,
    JSON.stringify([before, owner_id, position, at_ms, actor_id, device_id, address, action, object_id, outcome]),
  ).toString('hex');
}
