// Published sessions: redacted, sealed under the owner's key, and shown to whoever belongs to the owner. Rules S20 to S25.

import { randomBytes } from 'node:crypto';

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
  type SessionDocument,
  type SessionHead,
  type SyncSessionInput,
} from './session-document.ts';
import type { OwnerId, PublishingTables } from './tables.ts';
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
  readonly nowMs: () => number;
}

/** A published session without what is sealed. */
export interface PublishedSession {
  readonly owner: OwnerId;
  readonly publicationId: string;
  readonly authorId: string;
  readonly sessionId: string;
  readonly version: number;
  readonly keyVersion: number;
  readonly messageCount: number;
  /** Placeholders in it. */
  readonly placeholders: number;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly sealedHead: Buffer;
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

type Row = PublishingTables['published_sessions'];
const SHOWN_COLUMNS = [
  'owner_id',
  'publication_id',
  'author_id',
  'session_id',
  'version',
  'key_version',
  'message_count',
  'placeholders',
  'size_bytes',
  'created_at_ms',
  'updated_at_ms',
  'expires_at_ms',
  'sealed_head',
] as const;

export class PublishedSessions {
  readonly #deps: PublishedSessionsDeps;

  constructor(deps: PublishedSessionsDeps) {
    this.#deps = deps;
  }

  /**
   * Publishes a session, or the next state of it. All of it is stored, or nothing.
   * @throws AppError PUBLISH_NOT_FOUND for a team that is none of the viewer's, PUBLISH_REDACTION_FAILED, PUBLISH_CONFLICT,
   * SERVER_ENCRYPTION_FAILED
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
      const isStored = await this.#deps.db.transaction().execute(async (tx) => {
        await this.#assertStillMember(tx, owner, viewer);
        if (!(await store(tx, row, before))) return false;
        const event = before === null ? 'session.created' : 'session.updated';
        await this.#note(tx, owner, lookup, viewer, { action: 'session.publish', row, event });
        return true;
      });
      if (isStored)
        return { session: toSession(row), secretsRedacted: redaction.secrets, placesRedacted: redaction.places };
      if (tries === MAX_TRIES) throw conflict();
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
      const event = {
        action: 'session.publish',
        objectId: input.sessionId,
        outcome: 'refused',
        actor: viewer,
      } as const;
      await this.#deps.db
        .transaction()
        .execute((tx) => appendAudit(tx, owner, auditKey(lookup), { ...event, atMs: this.#deps.nowMs() }));
      throw error;
    }
  }

  async #find(owner: OwnerId, authorId: string, sessionId: string): Promise<Row | null> {
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

  async #remove(session: PublishedSession, actor: Viewer, action: AuditAction): Promise<void> {
    const lookup = await this.#deps.keys.lookup(session.owner);
    await this.#deps.db.transaction().execute(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('published_sessions')
        .where('owner_id', '=', session.owner)
        .where('publication_id', '=', session.publicationId)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return;
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
      readonly row: Pick<Row, 'publication_id' | 'session_id' | 'version'>;
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

function assertNotOlder(before: Row | null, { baseVersion, changedAt }: SyncSessionInput): void {
  if (baseVersion !== undefined && baseVersion !== null && baseVersion !== (before?.version ?? 0)) throw conflict();
  const changedAtMs = changedAt === undefined || changedAt === null ? null : Date.parse(changedAt);
  const isOlder =
    changedAtMs !== null && before !== null && before.changed_at_ms !== null && changedAtMs < before.changed_at_ms;
  if (isOlder) throw conflict();
}

function sealRow(given: {
  readonly owner: OwnerId;
  readonly viewer: Viewer;
  readonly input: SyncSessionInput;
  readonly document: SessionDocument;
  readonly key: { readonly version: number; readonly key: Buffer };
  readonly before: Row | null;
  readonly redaction: ServerRedaction;
  readonly nowMs: number;
}): Row {
  const { owner, viewer, input, document, key, before, redaction, nowMs } = given;
  const publicationId = before?.publication_id ?? randomBytes(12).toString('hex');
  const version = (before?.version ?? 0) + 1;
  const place = { owner, publicationId, version };
  const { projectPath, summary, messages, metadata } = document;
  const sealedHead = sealPart(key, { ...place, part: 'head' }, { projectPath, summary } satisfies SessionHead);
  const sealedBody = sealPart(key, { ...place, part: 'body' }, { messages, metadata } satisfies SessionBody);
  return {
    owner_id: owner,
    publication_id: publicationId,
    author_id: viewer.userId,
    session_id: input.sessionId,
    version,
    key_version: key.version,
    sealed_head: sealedHead,
    sealed_body: sealedBody,
    message_count: messages.length,
    placeholders: redaction.placeholders,
    size_bytes: sealedHead.length + sealedBody.length,
    changed_at_ms:
      input.changedAt === undefined || input.changedAt === null
        ? (before?.changed_at_ms ?? null)
        : Date.parse(input.changedAt),
    created_at_ms: before?.created_at_ms ?? nowMs,
    updated_at_ms: nowMs,
    expires_at_ms: input.expiresAt === undefined || input.expiresAt === null ? null : Date.parse(input.expiresAt),
  };
}

/** False where somebody else was faster. */
async function store(tx: Transaction<ServerTables>, row: Row, before: Row | null): Promise<boolean> {
  if (before === null) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('published_sessions')
      .values(row)
      .onConflict((conflict) => conflict.columns(['owner_id', 'author_id', 'session_id']).doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { owner_id, publication_id, ...changes } = row;
  const { numUpdatedRows } = await tx
    .updateTable('published_sessions')
    .set(changes)
    .where('owner_id', '=', owner_id)
    .where('publication_id', '=', publication_id)
    .where('version', '=', before.version)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

function toSession(row: Pick<Row, (typeof SHOWN_COLUMNS)[number]>): PublishedSession {
  return {
    owner: row.owner_id as OwnerId, // written by `userOwner` and `teamOwner` only
    publicationId: row.publication_id,
    authorId: row.author_id,
    sessionId: row.session_id,
    version: row.version,
    keyVersion: row.key_version,
    messageCount: row.message_count,
    placeholders: row.placeholders,
    sizeBytes: row.size_bytes,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    expiresAtMs: row.expires_at_ms,
    sealedHead: row.sealed_head,
  };
}

function placeOf({ owner, publicationId, version }: PublishedSession, part: 'head' | 'body') {
  return { owner, publicationId, version, part };
}

function conflict(): AppError {
  return new AppError(
    'PUBLISH_CONFLICT',
    'A newer state of this session is published already, so nothing was changed.',
    {
      hint: 'Read the published one first; publish again without a version to replace it.',
    },
  );
}
