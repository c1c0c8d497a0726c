// Webhooks of an owner: where they point and what they are signed with, sealed.

import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import { AppError } from '../../shared/model/app-error.ts';
import { appendAudit } from '../audit/audit-log.ts';
import { openSealed, seal } from '../encryption/cipher.ts';
import type { OwnerKeys } from '../encryption/owner-keys.ts';
import { auditKey } from '../publishing/published-sessions.ts';
import type { OwnerId } from '../publishing/tables.ts';
import { assertStillAdministers, mayAdminister, notAllowed, notFound, type Visibility } from '../publishing/viewer.ts';
import { parseWebhookUrl, type AddressRules } from './webhook-address.ts';
import type { Db } from '../store/store.ts';

const MAX_WEBHOOKS = 20;
const targetSchema = z.object({ url: z.string(), secret: z.string() });

export type WebhookTarget = z.output<typeof targetSchema>;

export interface WebhooksDeps {
  readonly db: Db;
  readonly keys: OwnerKeys;
  readonly nowMs: () => number;
  readonly rules: AddressRules;
}

export interface Webhook {
  readonly id: string;
  /** Scheme and host only: the rest may be a secret. */
  readonly origin: string;
  readonly waiting: number;
  readonly dead: number;
}

export class Webhooks {
  readonly #deps: WebhooksDeps;

  constructor(deps: WebhooksDeps) {
    this.#deps = deps;
  }

  /** The signing secret is seen here only. @throws AppError USAGE_INVALID, PUBLISH_NOT_FOUND, PUBLISH_REFUSED */
  async create(
    visibility: Visibility,
    owner: OwnerId,
    address: string,
  ): Promise<{ readonly id: string; readonly secret: string }> {
    this.#assertAdministers(visibility, owner);
    const { db, keys, nowMs, rules } = this.#deps;
    const url = parseWebhookUrl(address, rules);
    const id = randomBytes(8).toString('hex');
    const secret = randomBytes(24).toString('base64url');
    const [key, lookup] = [await keys.current(owner), await keys.lookup(owner)];
    const target: WebhookTarget = { url: url.href, secret };
    const sealed = seal(key.key, Buffer.from(JSON.stringify(target), 'utf8'), aadOf(owner, id, key.version));
    await db.transaction().execute(async (tx) => {
      const event = { action: 'webhook.create', objectId: id, outcome: 'done', actor: visibility.viewer } as const;
      await appendAudit(tx, owner, auditKey(lookup), { ...event, atMs: nowMs() });
      await assertStillAdministers(tx, visibility.viewer, owner);
      const existing = await tx.selectFrom('webhooks').select('webhook_id').where('owner_id', '=', owner).execute();
      if (existing.length >= MAX_WEBHOOKS)
        throw new AppError('USAGE_INVALID', `There are ${MAX_WEBHOOKS} webhooks already.`, {
          hint: 'Delete one first.',
        });
      await tx
        .insertInto('webhooks')
        .values({
          owner_id: owner,
          webhook_id: id,
          key_version: key.version,
          sealed,
          created_by: visibility.viewer.userId,
          created_at_ms: nowMs(),
        })
        .execute();
    });
    return { id, secret };
  }

  async list(visibility: Visibility, owner: OwnerId): Promise<readonly Webhook[]> {
    this.#assertAdministers(visibility, owner);
    const { db } = this.#deps;
    const rows = await db.selectFrom('webhooks').select('webhook_id').where('owner_id', '=', owner).execute();
    return Promise.all(
      rows.map(async ({ webhook_id: id }) => {
        const { url } = (await this.target(owner, id)) ?? { url: '' };
        const states = await db
          .selectFrom('webhook_deliveries')
          .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
          .where('owner_id', '=', owner)
          .where('webhook_id', '=', id)
          .groupBy('state')
          .execute();
        const count = (wanted: string): number => states.find(({ state }) => state === wanted)?.count ?? 0;
        return { id, origin: URL.parse(url)?.origin ?? '', waiting: count('waiting'), dead: count('dead') };
      }),
    );
  }

  /** With what still waits for it. @throws AppError PUBLISH_NOT_FOUND, PUBLISH_REFUSED */
  async delete(visibility: Visibility, owner: OwnerId, id: string): Promise<void> {
    this.#assertAdministers(visibility, owner);
    const { db, keys, nowMs } = this.#deps;
    const lookup = await keys.lookup(owner);
    await db.transaction().execute(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('webhooks')
        .where('owner_id', '=', owner)
        .where('webhook_id', '=', id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw notFound('webhook');
      await tx.deleteFrom('webhook_deliveries').where('owner_id', '=', owner).where('webhook_id', '=', id).execute();
      const event = { action: 'webhook.delete', objectId: id, outcome: 'done', actor: visibility.viewer } as const;
      await appendAudit(tx, owner, auditKey(lookup), { ...event, atMs: nowMs() });
    });
  }

  /** Null where it was deleted. @throws AppError SERVER_ENCRYPTION_FAILED */
  async target(owner: OwnerId, id: string): Promise<WebhookTarget | null> {
    const row = await this.#deps.db
      .selectFrom('webhooks')
      .selectAll()
      .where('owner_id', '=', owner)
      .where('webhook_id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return null;
    const key = await this.#deps.keys.get(owner, row.key_version);
    const plain = openSealed(key, row.sealed, aadOf(owner, id, row.key_version));
    if (plain === null)
      throw new AppError('SERVER_ENCRYPTION_FAILED', 'A webhook could not be decrypted.', {
        hint: 'Delete it, and make it anew.',
      });
    return targetSchema.parse(JSON.parse(plain.toString('utf8')));
  }

  #assertAdministers(visibility: Visibility, owner: OwnerId): void {
    if (!visibility.owners.includes(owner)) throw notFound('team');
    if (!mayAdminister(visibility, owner)) throw notAllowed();
  }
}

function aadOf(owner: OwnerId, id: string, keyVersion: number): readonly (string | number)[] {
  return ['webhook', owner, id, keyVersion];
}
