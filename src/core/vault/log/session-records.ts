// What lies in the boxes of sessions and their messages (V21), and all sessions of an open vault in memory: a list of some thousands is
// shown newest first and filtered, their messages stay where they are.

import { z } from 'zod';

import type { SessionId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { MESSAGE_ROLES, type SessionMessage, type StoredSession } from '../../../shared/model/session.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import { decodeContent, encodeContent } from '../content/codec.ts';

const MAX_RECORD_BYTES = 64 * 1024 * 1024;

const sessionSchema = z.strictObject({
  type: z.literal('session'),
  /** Its number, which never changes: what its messages refer to. */
  number: z.number(),
  madeAtMs: z.number(),
  storedAtMs: z.number(),
  session: z.strictObject({
    id: z.string(),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
    messageCount: z.number(),
    preview: z.string(),
    pinned: z.boolean(),
    facts: z.record(z.string(), z.json()),
  }),
});

const partSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('message'),
    session: z.number(),
    position: z.number(),
    storedAtMs: z.number(),
    message: z.strictObject({
      id: z.string(),
      role: z.enum(MESSAGE_ROLES),
      atMs: z.number().nullable(),
      model: z.string().nullable(),
      text: z.string(),
      isPartial: z.boolean(),
    }),
  }),
  z.strictObject({ type: z.literal('answer'), session: z.number(), position: z.number(), text: z.string() }),
]);

export interface SessionRecord {
  readonly type: 'session';
  readonly number: number;
  /** When it was first stored here, whenever it began. */
  readonly madeAtMs: number;
  /** When messages were last stored. */
  readonly storedAtMs: number;
  readonly session: StoredSession;
}
export interface MessageRecord {
  readonly type: 'message';
  readonly session: number;
  readonly position: number;
  readonly storedAtMs: number;
  readonly message: SessionMessage;
}
/** A piece of an answer that is coming in: it follows its message's text. */
export interface AnswerRecord {
  readonly type: 'answer';
  readonly session: number;
  readonly position: number;
  readonly text: string;
}

export function sealSessionRecord(
  keys: KeyTree,
  recordId: number,
  record: SessionRecord | MessageRecord | AnswerRecord,
): Buffer {
  const { codec, payload } = encodeContent(Buffer.from(JSON.stringify(record), 'utf8'));
  return keys.seal(BOX_KINDS.record, codec, recordId, payload);
}

/** Null where the box does not authenticate or holds no session. */
export function openSession(keys: KeyTree, recordId: number, box: Buffer): SessionRecord | null {
  const parsed = sessionSchema.safeParse(openJson(keys, recordId, box));
  if (!parsed.success) return null;
  const { session, ...rest } = parsed.data;
  const facts: JsonObject = session.facts;
  return { ...rest, session: { ...session, id: session.id as SessionId, facts } }; // authenticated, written by us
}

export type AnyPart = MessageRecord | AnswerRecord;

/** A message or a piece of one wherever it lies; null where the box is none or does not authenticate. */
export function openAnyPart(keys: KeyTree, recordId: number, box: Buffer): AnyPart | null {
  const parsed = partSchema.safeParse(openJson(keys, recordId, box));
  return parsed.success ? parsed.data : null;
}

/** Null where the box does not authenticate, or belongs to another place than the one it lies in. */
export function openPart(
  keys: KeyTree,
  place: { readonly recordId: number; readonly session: number; readonly position: number },
  box: Buffer,
): AnyPart | null {
  const part = openAnyPart(keys, place.recordId, box);
  return part?.session === place.session && part.position === place.position ? part : null;
}

function openJson(keys: KeyTree, recordId: number, box: Buffer): unknown {
  const opened = keys.open(BOX_KINDS.record, recordId, box);
  if (opened === null) return null;
  return JSON.parse(decodeContent(opened.header.codec, opened.payload, MAX_RECORD_BYTES).toString('utf8'));
}

/** A session, and the record number under which it is stored now: each change gives it a new one. */
export type SessionPlace = SessionRecord & { readonly recordId: number };

/** All sessions of an open vault. */
export class SessionSet {
  readonly #places = new Map<SessionId, SessionPlace>();

  get count(): number {
    return this.#places.size;
  }

  find(id: SessionId): SessionPlace | undefined {
    return this.#places.get(id);
  }

  set(place: SessionPlace): void {
    this.#places.set(place.session.id, place);
  }

  remove(id: SessionId): void {
    this.#places.delete(id);
  }

  all(): SessionPlace[] {
    return [...this.#places.values()];
  }
}
