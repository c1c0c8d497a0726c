// Sends what waits, and tries again with growing pauses. A delivery says what happened to which session, never what is in it. Several
// nodes may run this at once: each delivery is claimed before it is sent.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { mac } from '../encryption/cipher.ts';
import type { OwnerId, PublishingTables } from '../publishing/tables.ts';
import { parseWebhookUrl, resolveWebhook, type AddressRules } from './webhook-address.ts';
import type { Webhooks, WebhookTarget } from './webhooks.ts';
import type { Db } from '../store/store.ts';

const MAX_ATTEMPTS = 10;
const FIRST_PAUSE_MS = 10_000;
const MAX_PAUSE_MS = 6 * 3_600_000;
/** Longer than a delivery may take: nobody else takes it meanwhile, and it is taken again if this node ends. */
const CLAIM_MS = 60_000;
const TIMEOUT_MS = 10_000;
const BATCH = 50;
/** What was delivered is kept so long, to be looked at. */
const KEPT_MS = 7 * 86_400_000;

export interface DeliverDeps {
  readonly db: Db;
  readonly webhooks: Pick<Webhooks, 'target'>;
  readonly rules: AddressRules;
  readonly nowMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

type Delivery = PublishingTables['webhook_deliveries'];

/** Sends what is due. Gives how many were tried. */
export async function deliverDue(deps: DeliverDeps): Promise<number> {
  const { db, nowMs } = deps;
  const due = await db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('next_at_ms', '<=', nowMs())
    .orderBy('next_at_ms')
    .limit(BATCH)
    .execute();
  const claimed: Delivery[] = [];
  for (const delivery of due) if (await claim(deps, delivery)) claimed.push(delivery);
  await Promise.all(claimed.map((delivery) => deliver(deps, delivery)));
  await db
    .deleteFrom('webhook_deliveries')
    .where('state', '=', 'delivered')
    .where('at_ms', '<', nowMs() - KEPT_MS)
    .execute();
  return claimed.length;
}

async function claim({ db, nowMs }: DeliverDeps, { owner_id, delivery_id, attempts }: Delivery): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('webhook_deliveries')
    .set({ next_at_ms: nowMs() + CLAIM_MS, attempts: attempts + 1 })
    .where('owner_id', '=', owner_id)
    .where('delivery_id', '=', delivery_id)
    .where('state', '=', 'waiting')
    .where('attempts', '=', attempts)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function deliver(deps: DeliverDeps, delivery: Delivery): Promise<void> {
  const target = await deps.webhooks.target(delivery.owner_id as OwnerId, delivery.webhook_id); // as it was written
  const status = target === null ? 'deleted' : await send(deps, delivery, target);
  const attempts = delivery.attempts + 1;
  const isDelivered = /^2\d\d$/.test(status);
  const state = isDelivered ? 'delivered' : attempts >= MAX_ATTEMPTS || status === 'deleted' ? 'dead' : 'waiting';
  const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)) * (0.5 + deps.random() / 2);
  await deps.db
    .updateTable('webhook_deliveries')
    .set({ state, last_status: status, next_at_ms: deps.nowMs() + Math.round(pauseMs) })
    .where('owner_id', '=', delivery.owner_id)
    .where('delivery_id', '=', delivery.delivery_id)
    .execute();
}

/** The status, or a word for why there is none. Redirects are not followed: they could lead anywhere. */
async function send({ rules, nowMs }: DeliverDeps, delivery: Delivery, target: WebhookTarget): Promise<string> {
  const { delivery_id, event, publication_id, session_id, version, at_ms } = delivery;
  const body = JSON.stringify({
    id: delivery_id,
    event,
    session: { id: publication_id, sessionId: session_id, version },
    at: new Date(at_ms).toISOString(),
  });
  const timestamp = String(Math.floor(nowMs() / 1000));
  try {
    const url = parseWebhookUrl(target.url, rules);
    const { address, family } = await resolveWebhook(url, rules);
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return await new Promise<string>((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'user-agent': 'cairn-webhook/1',
            'cairn-delivery': delivery_id,
            'cairn-timestamp': timestamp,
            'cairn-signature': `v1=${mac(Buffer.from(target.secret, 'utf8'), `${timestamp}.${body}`).toString('hex')}`,
          },
          // The address that was checked, whatever the name leads to by now.
          lookup: (_host, options, done) => {
            if (options.all === true) done(null, [{ address, family }]);
            else done(null, address, family);
          },
          signal: AbortSignal.timeout(TIMEOUT_MS),
          agent: false,
        },
        (response) => {
          response.resume();
          response.once('error', reject);
          resolve(String(response.statusCode ?? 0));
          // Whatever more it says is not read.
          response.destroy();
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  } catch (error) {
    return error instanceof Error && error.name === 'AbortError' ? 'timeout' : 'unreachable';
  }
}
