import { randomBytes } from 'node:crypto';

import type { Transaction } from 'kysely';

import type { OwnerId } from '../publishing/tables.ts';
import type { ServerTables } from '../store/tables.ts';

export const SESSION_EVENTS = ['session.created', 'session.updated', 'session.withdrawn'] as const;
export type SessionEvent = (typeof SESSION_EVENTS)[number];

/** Puts what happened into the queue of each webhook of the owner, within the transaction in which it happens. */
export async function enqueueDeliveries(
  tx: Transaction<ServerTables>,
  owner: OwnerId,
  happened: {
    readonly event: SessionEvent;
    readonly publicationId: string;
    readonly sessionId: string;
    readonly version: number;
    readonly atMs: number;
  },
): Promise<void> {
  const hooks = await tx.selectFrom('webhooks').select('webhook_id').where('owner_id', '=', owner).execute();
  if (hooks.length === 0) return;
  const { event, publicationId, sessionId, version, atMs } = happened;
  await tx
    .insertInto('webhook_deliveries')
    .values(
      hooks.map(({ webhook_id }) => ({
        owner_id: owner,
        delivery_id: randomBytes(12).toString('hex'),
        webhook_id,
        event,
        publication_id: publicationId,
        session_id: sessionId,
        version,
        at_ms: atMs,
        state: 'waiting',
        attempts: 0,
        next_at_ms: atMs,
        last_status: '',
      })),
    )
    .execute();
}
