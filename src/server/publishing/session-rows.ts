// Published sessions as rows of the database: sealed, stored in the place of the state before, and shown without what is sealed.

import { randomBytes } from 'node:crypto';

import type { Transaction } from 'kysely';

import { sealPart } from '../encryption/sealed-session.ts';
import type { ServerRedaction } from '../secrets/redaction-pool.ts';
import type { ServerTables } from '../store/tables.ts';
import type { SessionBody, SessionDocument, SessionHead, SyncSessionInput } from './session-document.ts';
import type { OwnerId, PublishingTables } from './tables.ts';
import type { Viewer } from './viewer.ts';

export type SessionRow = PublishingTables['published_sessions'];
/** All but the messages. */
export const SHOWN_COLUMNS = [
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

/** The next state of a session as a row, sealed under the given key. */
export function sealRow(given: {
  readonly owner: OwnerId;
  readonly viewer: Viewer;
  readonly input: SyncSessionInput;
  readonly document: SessionDocument;
  readonly key: { readonly version: number; readonly key: Buffer };
  readonly before: SessionRow | null;
  readonly redaction: ServerRedaction;
  readonly nowMs: number;
}): SessionRow {
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

/** Puts a row in the place of the one before; false where somebody else was faster. */
export async function storeRow(
  tx: Transaction<ServerTables>,
  row: SessionRow,
  before: SessionRow | null,
): Promise<boolean> {
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

export function toSession(row: Pick<SessionRow, (typeof SHOWN_COLUMNS)[number]>): PublishedSession {
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

/** What a sealed part is bound to. */
export function placeOf({ owner, publicationId, version }: PublishedSession, part: 'head' | 'body') {
  return { owner, publicationId, version, part };
}
