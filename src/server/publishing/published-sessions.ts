// Published sessions: redacted, sealed under the owner's key, and shown to whoever belongs to the owner. Rules S20 to S25.

import type { Transaction } from 'kysely';

import { AppError } from '../../shared/model/app-error.ts';
import { findOwnSecrets } from '../../shared/secrets/published-secrets.ts';
import { appendAudit, type AuditAction } from '../audit/audit-log.ts';
import { deriveKey, mac } from '../encryption/cipher.ts';
import type { OwnerKeys } from '../encryption/owner-keys.ts';
import { openPart, sealPart } from '../encryption/sealed-session.ts';
import type { Redactor, ServerRedaction } from '../secrets/redaction-pool.ts';
import { enqueueDeliveries, type SessionEvent } from '../webhooks/enqueue.ts';
import {
  bodySchema,
  documentOf,
  documentSchema,
  headSchema,
  type SessionBody,
  type SessionHead,
  type SyncSessionInput,
} from './session-document.ts';
import {
  placeOf,
  sealRow,
  SHOWN_COLUMNS,
  storeRow,
  toSession,
  type PublishedSession,
  type SessionRow,
} from './session-rows.ts';
import { countPublished } from './published-quota.ts';
import type { OwnerId } from './tables.ts';
import {
  mayWithdraw,
  notFound,
  teamOwner,
  userOwner,
  visibleSessions,
  visibleTo,
  type Viewer,
  type Visibility,
} from './viewer.ts';
import type { Db } from '../store/store.ts';
import type { ServerTables } from '../store/tables.ts';

/** Of two devices that publish the same session at once, the later one tries again so often. */
const MAX_TRIES = 5;
const MAX_SWEPT = 200;
const MAX_LIFE_MS = 5 * 366 * 86_400_000;

export interface PublishedSessionsDeps {
  readonly db: Db;
  readonly keys: OwnerKeys;
  readonly redactor: Redactor;
  /** What an account may have published, in sealed bytes. */
  readonly maxBytes: number;
  readonly nowMs: () => number;
  /** Counts what happens, for the metrics. */
  readonly count: (name: string, amount: number) => void;
}

export interface Published {
  readonly session: PublishedSession;
  readonly secretsRedacted: number;
  readonly placesRedacted: number;
}

/** Where a page goes on: behind (or before) this session, in the order of lists. */
export interface SessionPlace {
  readonly updatedAtMs: number;
  readonly publicationId: string;
}

export class PublishedSessions {
  readonly #deps: PublishedSessionsDeps;

  constructor(deps: PublishedSessionsDeps) {
    this.#deps = deps;
  }

  /**
   * Publishes a session, or the next state of it. All of it is stored, or nothing.
   * @throws AppError PUBLISH_NOT_FOUND for a team that is none of the viewer's, PUBLISH_REDACTION_FAILED, PUBLISH_CONFLICT,
   * PUBLISH_QUOTA, SERVER_ENCRYPTION_FAILED
   */
  async publish(visibility: Visibility, input: SyncSessionInput): Promise<Published> {
    const { viewer } = visibility;
    assertExpiry(input, this.#deps.nowMs());
    const owner = await this.#ownerOf(visibility, input);
    const { keys } = this.#deps;
    const [key, lookup] = [await keys.current(owner), await keys.lookup(owner)];
    const redaction = await this.#redact(owner, lookup, viewer, input);
    const document = documentSchema.parse(redaction.document);
    for (let tries = 1; ; tries += 1) {
      const before = await this.#find(owner, viewer.userId, input.sessionId);
      assertNotOlder(before, input);
      const row = sealRow({ owner, viewer, input, document, key, before, redaction, nowMs: this.#deps.nowMs() });
      const isStored = await this.#store(owner, lookup, viewer, row, before);
      if (isStored)
        return { session: toSession(row), secretsRedacted: redaction.secrets, placesRedacted: redaction.places };
      if (tries === MAX_TRIES) throw conflict();
    }
  }

  /** False where somebody else was faster. @throws AppError PUBLISH_NOT_FOUND, PUBLISH_QUOTA */
  async #store(
    owner: OwnerId,
    lookup: Buffer,
    viewer: Viewer,
    row: SessionRow,
    before: SessionRow | null,
  ): Promise<boolean> {
    const { db, maxBytes, count } = this.#deps;
    const addedBytes = row.size_bytes - (before?.size_bytes ?? 0);
    try {
      const isStored = await db.transaction().execute(async (tx) => {
        await this.#assertStillMember(tx, owner, viewer);
        if (!(await storeRow(tx, row, before))) return false;
        await countPublished(tx, viewer.userId, addedBytes, maxBytes);
        const event = before === null ? 'session.created' : 'session.updated';
        await this.#note(tx, owner, lookup, viewer, { action: 'session.publish', row, event });
        return true;
      });
      if (isStored) count('cairn_published_bytes_total', row.size_bytes);
      return isStored;
    } catch (error) {
      if (error instanceof AppError && error.code === 'PUBLISH_QUOTA') {
        count('cairn_published_over_quota_total', 1);
        await this.#noteRefusal(owner, lookup, viewer, row.session_id);
      }
      throw error;
    }
  }

  /** Sessions in the order of lists (last published first), at most `limit`, behind or before a place. */
  async list(
    visibility: Visibility,
    page: {
      readonly limit: number;
      readonly after?: SessionPlace;
      readonly before?: SessionPlace;
      readonly isInverted: boolean;
    },
  ): Promise<readonly PublishedSession[]> {
    let query = visibleSessions(this.#deps.db, visibility, this.#deps.nowMs()).select(SHOWN_COLUMNS);
    const { after, before } = page;
    if (after !== undefined)
      query = query.where((eb) =>
        eb.or([
          eb('updated_at_ms', '<', after.updatedAtMs),
          eb.and([eb('updated_at_ms', '=', after.updatedAtMs), eb('publication_id', '<', after.publicationId)]),
        ]),
      );
    if (before !== undefined)
      query = query.where((eb) =>
        eb.or([
          eb('updated_at_ms', '>', before.updatedAtMs),
          eb.and([eb('updated_at_ms', '=', before.updatedAtMs), eb('publication_id', '>', before.publicationId)]),
        ]),
      );
    const direction = page.isInverted ? 'asc' : 'desc';
    const rows = await query
      .orderBy('updated_at_ms', direction)
      .orderBy('publication_id', direction)
      .limit(page.limit)
      .execute();
    return rows.map(toSession);
  }

  /** Where a session of the viewer's would be published, and what of it is there already. @throws AppError PUBLISH_NOT_FOUND */
  async findOwn(
    visibility: Visibility,
    wanted: { readonly sessionId: string; readonly projectPath: string; readonly team: string | null },
  ): Promise<{ readonly owner: OwnerId; readonly session: PublishedSession | null }> {
    const owner = await this.#ownerOf(visibility, wanted);
    const row = await visibleSessions(this.#deps.db, visibility, this.#deps.nowMs())
      .select(SHOWN_COLUMNS)
      .where('owner_id', '=', owner)
      .where('author_id', '=', visibility.viewer.userId)
      .where('session_id', '=', wanted.sessionId)
      .executeTakeFirst();
    return { owner, session: row === undefined ? null : toSession(row) };
  }

  /** Null where it does not exist for this viewer. */
  async get(visibility: Visibility, owner: string, publicationId: string): Promise<PublishedSession | null> {
    const row = await visibleSessions(this.#deps.db, visibility, this.#deps.nowMs())
      .select(SHOWN_COLUMNS)
      .where('owner_id', '=', owner)
      .where('publication_id', '=', publicationId)
      .executeTakeFirst();
    return row === undefined ? null : toSession(row);
  }

  /** @throws AppError SERVER_ENCRYPTION_FAILED, SERVER_KEY_UNREADABLE */
  async readHead(session: PublishedSession): Promise<SessionHead> {
    const key = await this.#deps.keys.get(session.owner, session.keyVersion);
    return headSchema.parse(
      openPart({ version: session.keyVersion, key }, placeOf(session, 'head'), session.sealedHead),
    );
  }

  /** The messages; as of the very state that `session` is. @throws AppError PUBLISH_NOT_FOUND where it was changed or withdrawn since */
  async readBody(visibility: Visibility, session: PublishedSession): Promise<SessionBody> {
    const row = await visibleSessions(this.#deps.db, visibility, this.#deps.nowMs())
      .select(['sealed_body', 'key_version'])
      .where('owner_id', '=', session.owner)
      .where('publication_id', '=', session.publicationId)
      .where('version', '=', session.version)
      .executeTakeFirst();
    if (row === undefined) throw notFound('session');
    const version = row.key_version;
    const key = await this.#deps.keys.get(session.owner, version);
    return bodySchema.parse(openPart({ version, key }, placeOf(session, 'body'), row.sealed_body));
  }

  /** Takes it back: nothing of it stays but the audit entry. @throws AppError PUBLISH_NOT_FOUND */
  async withdraw(visibility: Visibility, owner: string, publicationId: string): Promise<PublishedSession> {
    const session = await this.get(visibility, owner, publicationId);
    if (session === null || !mayWithdraw(visibility, { owner_id: session.owner, author_id: session.authorId }))
      throw notFound('session');
    await this.#remove(session, visibility.viewer, 'session.withdraw');
    return session;
  }

  /** Removes what has expired; a batch at a time. Gives how many. */
  async sweepExpired(): Promise<number> {
    const rows = await this.#deps.db
      .selectFrom('published_sessions')
      .select(SHOWN_COLUMNS)
      .where('expires_at_ms', '<=', this.#deps.nowMs())
      .limit(MAX_SWEPT)
      .execute();
    const server: Viewer = { userId: 'server', deviceId: '', address: '' };
    for (const row of rows) await this.#remove(toSession(row), server, 'session.expire');
    return rows.length;
  }

  async #ownerOf(
    { viewer, teams }: Visibility,
    { team, projectPath }: Pick<SyncSessionInput, 'team' | 'projectPath'>,
  ): Promise<OwnerId> {
    if (team === 'me') return userOwner(viewer.userId);
    if (team !== undefined && team !== null) {
      if (!teams.has(team)) throw notFound('team');
      return teamOwner(team);
    }
    const self = userOwner(viewer.userId);
    const mapping = await this.#deps.db
      .selectFrom('project_mappings')
      .select('team_id')
      .where('owner_id', '=', self)
      .where('project_hash', '=', projectHash(await this.#deps.keys.lookup(self), projectPath))
      .executeTakeFirst();
    return mapping !== undefined && teams.has(mapping.team_id) ? teamOwner(mapping.team_id) : self;
  }

  async #redact(owner: OwnerId, lookup: Buffer, viewer: Viewer, input: SyncSessionInput): Promise<ServerRedaction> {
    // Its id is stored as it is.
    if (findOwnSecrets(input.sessionId, false).length > 0)
      throw new AppError('PUBLISH_REDACTION_FAILED', "The session's id looks like a secret, so nothing was stored.", {
        hint: 'Publish it under another id.',
      });
    try {
      return await this.#deps.redactor.redact(documentOf(input));
    } catch (error) {
      await this.#noteRefusal(owner, lookup, viewer, input.sessionId);
      throw error;
    }
  }

  async #noteRefusal(owner: OwnerId, lookup: Buffer, actor: Viewer, objectId: string): Promise<void> {
    const event = { action: 'session.publish', objectId, outcome: 'refused', actor } as const;
    await this.#deps.db
      .transaction()
      .execute((tx) => appendAudit(tx, owner, auditKey(lookup), { ...event, atMs: this.#deps.nowMs() }));
  }

  async #find(owner: OwnerId, authorId: string, sessionId: string): Promise<SessionRow | null> {
    const row = await this.#deps.db
      .selectFrom('published_sessions')
      .selectAll()
      .where('owner_id', '=', owner)
      .where('author_id', '=', authorId)
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    return row ?? null;
  }

  async #assertStillMember(tx: Transaction<ServerTables>, owner: OwnerId, viewer: Viewer): Promise<void> {
    const { owners } = await visibleTo(tx, viewer);
    if (!owners.includes(owner)) throw notFound('team');
  }

  async #remove(
    session: PublishedSession,
    actor: Viewer,
    action: 'session.withdraw' | 'session.expire',
  ): Promise<void> {
    const lookup = await this.#deps.keys.lookup(session.owner);
    const nowMs = this.#deps.nowMs();
    await this.#deps.db.transaction().execute(async (tx) => {
      const gone = await tx
        .deleteFrom('published_sessions')
        .where('owner_id', '=', session.owner)
        .where('publication_id', '=', session.publicationId)
        // It may have been published again a moment ago, for longer.
        .$if(action === 'session.expire', (expired) => expired.where('expires_at_ms', '<=', nowMs))
        .returning(['author_id', 'size_bytes'])
        .executeTakeFirst();
      if (gone === undefined) return;
      await countPublished(tx, gone.author_id, -gone.size_bytes, this.#deps.maxBytes);
      const row = { publication_id: session.publicationId, session_id: session.sessionId, version: session.version };
      await this.#note(tx, session.owner, lookup, actor, { action, row, event: 'session.withdrawn' });
    });
  }

  async #note(
    tx: Transaction<ServerTables>,
    owner: OwnerId,
    lookup: Buffer,
    actor: Viewer,
    change: {
      readonly action: AuditAction;
      readonly row: Pick<SessionRow, 'publication_id' | 'session_id' | 'version'>;
      readonly event: SessionEvent;
    },
  ): Promise<void> {
    const atMs = this.#deps.nowMs();
    const { action, row, event } = change;
    await appendAudit(tx, owner, auditKey(lookup), {
      action,
      objectId: row.publication_id,
      outcome: 'done',
      atMs,
      actor,
    });
    await enqueueDeliveries(tx, owner, {
      event,
      publicationId: row.publication_id,
      sessionId: row.session_id,
      version: row.version,
      atMs,
    });
  }
}

/** Seals what an older key of its owner seals under the current one; a batch at a time. Gives how many. */
export async function resealSessions(
  { db, keys }: Pick<PublishedSessionsDeps, 'db' | 'keys'>,
  owner: OwnerId,
  limit: number,
): Promise<number> {
  const key = await keys.current(owner);
  const rows = await db
    .selectFrom('published_sessions')
    .selectAll()
    .where('owner_id', '=', owner)
    .where('key_version', '<', key.version)
    .limit(limit)
    .execute();
  for (const row of rows) {
    const session = toSession(row);
    const old = { version: row.key_version, key: await keys.get(owner, row.key_version) };
    const [head, body] = [placeOf(session, 'head'), placeOf(session, 'body')];
    await db
      .updateTable('published_sessions')
      .set({
        key_version: key.version,
        sealed_head: sealPart(key, head, openPart(old, head, row.sealed_head)),
        sealed_body: sealPart(key, body, openPart(old, body, row.sealed_body)),
      })
      .where('owner_id', '=', owner)
      .where('publication_id', '=', row.publication_id)
      .where('version', '=', row.version)
      .where('key_version', '=', row.key_version)
      .execute();
  }
  return rows.length;
}

/** The key of an owner's audit chain. */
export function auditKey(lookup: Uint8Array): Buffer {
  return deriveKey(lookup, 'audit');
}

/** Stands for a project's path without telling it. */
export function projectHash(lookup: Uint8Array, projectPath: string): string {
  return mac(deriveKey(lookup, 'project'), projectPath.replace(/[\\/]+$/, ''))
    .toString('hex')
    .slice(0, 32);
}

/** @throws AppError USAGE_INVALID for a time that is over, or so far away that it is a mistake */
function assertExpiry({ expiresAt }: SyncSessionInput, nowMs: number): void {
  const atMs = expiresAt === undefined || expiresAt === null ? null : Date.parse(expiresAt);
  if (atMs === null || (atMs > nowMs && atMs <= nowMs + MAX_LIFE_MS)) return;
  throw new AppError('USAGE_INVALID', 'A session can go by itself within the next five years.', {
    hint: 'Give a time to come, or none.',
  });
}

function assertNotOlder(before: SessionRow | null, { baseVersion, changedAt }: SyncSessionInput): void {
  if (baseVersion !== undefined && baseVersion !== null && baseVersion !== (before?.version ?? 0)) throw conflict();
  const changedAtMs = changedAt === undefined || changedAt === null ? null : Date.parse(changedAt);
  const isOlder =
    changedAtMs !== null && before !== null && before.changed_at_ms !== null && changedAtMs < before.changed_at_ms;
  if (isOlder) throw conflict();
}

function conflict(): AppError {
  return new AppError(
    'PUBLISH_CONFLICT',
    'A newer state of this session is published already, so nothing was changed.',
    {
      hint: 'Read the published one first. To have yours in its place all the same, withdraw that one, then publish again.',
    },
  );
}
