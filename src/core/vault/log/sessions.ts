// Sessions and their messages (V21): each change is one transaction, and adding a message writes that message and the few facts of its
// session, whatever the session holds already.

import { AppError } from '../../../shared/model/app-error.ts';
import type { SessionId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { previewOf, type SessionMessage, type StoredSession } from '../../../shared/model/session.ts';
import type { KeyTree } from '../../crypto/key-tree.ts';
import type { NewSessionPart } from '../tables/session-parts.ts';
import type { MessageWindow, SessionChange, SessionRemoval, SessionSaved } from '../vault-sessions.ts';
import {
  openPart,
  sealSessionRecord,
  type MessageRecord,
  type SessionPlace,
  type SessionRecord,
} from './session-records.ts';
import type { VaultState } from './vault-state.ts';

const MAX_FACTS_CHARACTERS = 64 * 1024;
const MAX_MESSAGE_CHARACTERS = 8 * 1024 * 1024;
const MAX_MESSAGE_ID_CHARACTERS = 200;
const MAX_WINDOW = 100_000;

export function listSessions(state: VaultState): readonly StoredSession[] {
  return state.sessions.all().map(({ session }) => session);
}

export function findStoredSession(state: VaultState, id: SessionId): StoredSession | null {
  return state.sessions.find(id)?.session ?? null;
}

/** Call with the writer's lock held. */
export function saveSession(state: VaultState, change: SessionChange): SessionSaved {
  const found = state.sessions.find(change.id);
  if (found === undefined && change.create === undefined) throw sessionNotFound();
  assertSizes(change);
  const ids = { next: state.head.nextRecordId };
  const take = (): number => ids.next++;
  const number = found?.number ?? take();
  const before = found?.session ?? newSession(change);
  const plan = planParts(state, take, number, before, change);
  const session = applyChange(before, change, plan);
  const storedAtMs = plan.parts.length === 0 ? (found?.storedAtMs ?? change.nowMs) : change.nowMs;
  const record: SessionRecord = {
    type: 'session',
    number,
    madeAtMs: found?.madeAtMs ?? change.nowMs,
    storedAtMs,
    session,
  };
  const recordId = take();
  const box = sealSessionRecord(state.keys, recordId, record);
  const sessions = state.head.sessions + (found === undefined ? 1 : 0);
  state.commit('Saving the session', { nextRecordId: ids.next, sessions }, () => {
    for (const position of plan.replaced) state.write.sessionParts.removeAt(number, position);
    for (const part of plan.parts) state.write.sessionParts.insert(part);
    if (found !== undefined) state.write.sessions.remove(found.recordId);
    state.write.sessions.insert(recordId, box);
  });
  state.sessions.set({ ...record, recordId });
  return { session, savedMessages: plan.messages.length, isNew: found === undefined };
}

export function readMessages(
  state: VaultState,
  id: SessionId,
  window: { readonly firstIndex?: number; readonly limit: number },
): MessageWindow {
  const place = findPlace(state, id);
  const { messageCount } = place.session;
  const limit = Math.min(Math.max(0, Math.trunc(window.limit)), MAX_WINDOW);
  const wanted = Math.trunc(window.firstIndex ?? messageCount - limit);
  const firstIndex = Math.min(Math.max(0, wanted), messageCount);
  const messages: { position: number; message: SessionMessage }[] = [];
  let damaged = 0;
  for (const row of state.read.sessionParts.listRange(place.number, firstIndex, firstIndex + limit)) {
    const part = openPart(state.keys, { ...row, session: place.number }, row.box);
    const last = messages.at(-1);
    if (part === null) damaged += 1;
    else if (part.type === 'message') messages.push({ position: part.position, message: part.message });
    else if (last?.position === part.position && last.message.isPartial)
      last.message = { ...last.message, text: last.message.text + part.text };
  }
  return { messages: messages.map(({ message }) => message), firstIndex, messageCount, damaged };
}

/** Call with the writer's lock held. */
export function removeSessions(state: VaultState, removals: readonly SessionRemoval[]): number {
  const found = removals.flatMap(({ id, mark }) => {
    const place = state.sessions.find(id);
    return place === undefined ? [] : [{ place, mark }];
  });
  if (found.length === 0) return 0;
  let next = state.head.nextRecordId;
  const marked: (SessionPlace & { readonly box: Buffer })[] = [];
  for (const { place, mark } of found) {
    if (mark === null) continue;
    const session: StoredSession = { ...place.session, messageCount: 0, preview: '', pinned: false, facts: mark };
    const { recordId: _, ...rest } = place;
    const record: SessionRecord = { ...rest, session };
    marked.push({ ...record, recordId: next, box: sealSessionRecord(state.keys, next, record) });
    next += 1;
  }
  const sessions = state.head.sessions - found.length + marked.length;
  state.commit('Deleting sessions', { nextRecordId: next, sessions }, () => {
    for (const { place } of found) {
      state.write.sessionParts.removeFrom(place.number, 0);
      state.write.sessions.remove(place.recordId);
    }
    for (const { recordId, box } of marked) state.write.sessions.insert(recordId, box);
  });
  for (const { place } of found) state.sessions.remove(place.session.id);
  for (const { box: _, ...place } of marked) state.sessions.set(place);
  return found.length;
}

/**
 * Takes back what was stored since a moment: sessions that were made, and messages that were added. Call with the writer's lock held.
 * A session of before stays with the messages of before.
 */
export function forgetSessions(state: VaultState, sinceMs: number): void {
  const made = state.sessions.all().filter(({ madeAtMs }) => madeAtMs >= sinceMs);
  removeSessions(
    state,
    made.map(({ session }) => ({ id: session.id, mark: null })),
  );
  for (const place of state.sessions.all()) {
    if (place.storedAtMs < sinceMs) continue;
    const messages = readStored(state, place);
    const first = messages.find(({ storedAtMs }) => storedAtMs >= sinceMs);
    if (first !== undefined) cutAt(state, place, first.position, messages);
  }
}

function readStored(state: VaultState, { number, session }: SessionPlace): MessageRecord[] {
  const rows = state.read.sessionParts.listRange(number, 0, session.messageCount);
  const parts = rows.map((row) => openPart(state.keys, { ...row, session: number }, row.box));
  return parts.filter((part): part is MessageRecord => part?.type === 'message');
}

function cutAt(state: VaultState, place: SessionPlace, position: number, messages: readonly MessageRecord[]): void {
  const kept = messages.filter((record) => record.position < position);
  const lastAtMs = kept.reduce((most, { message }) => Math.max(most, message.atMs ?? 0), place.session.createdAtMs);
  const storedAtMs = kept.reduce((most, record) => Math.max(most, record.storedAtMs), place.madeAtMs);
  const preview = kept.some(({ message }) => message.role === 'user') ? place.session.preview : '';
  const session = { ...place.session, messageCount: position, updatedAtMs: lastAtMs, preview };
  const { recordId: old, ...rest } = place;
  const record: SessionRecord = { ...rest, storedAtMs, session };
  const recordId = state.head.nextRecordId;
  const box = sealSessionRecord(state.keys, recordId, record);
  state.commit('Forgetting', { nextRecordId: recordId + 1 }, () => {
    state.write.sessionParts.removeFrom(place.number, position);
    state.write.sessions.remove(old);
    state.write.sessions.insert(recordId, box);
  });
  state.sessions.set({ ...record, recordId });
}

interface PartsPlan {
  readonly parts: NewSessionPart[];
  /** What the session gains, new or in the place of a partial one. */
  readonly messages: SessionMessage[];
  /** Positions whose partial message goes. */
  readonly replaced: number[];
  added: number;
}

function planParts(
  state: VaultState,
  take: () => number,
  number: number,
  before: StoredSession,
  { messages = [], answer, nowMs, replaces = false }: SessionChange,
): PartsPlan {
  const plan: PartsPlan = { parts: [], messages: [], replaced: [], added: 0 };
  const seen = new Set<string>();
  for (const message of messages) {
    if (seen.has(message.id)) continue;
    seen.add(message.id);
    const key = messageKeyOf(state.keys, number, message.id);
    const there = state.read.sessionParts.findMessage(number, key);
    const stored = there === undefined ? null : openPart(state.keys, { ...there, session: number }, there.box);
    if (there !== undefined && !canReplace(stored, message, replaces)) continue;
    const position = there?.position ?? before.messageCount + plan.added;
    if (there === undefined) plan.added += 1;
    else plan.replaced.push(position);
    const recordId = take();
    const record = { type: 'message', session: number, position, storedAtMs: nowMs, message } as const;
    const box = sealSessionRecord(state.keys, recordId, record);
    plan.parts.push({ recordId, session: number, position, messageKey: key, box });
    plan.messages.push(message);
  }
  if (answer !== undefined) {
    const there = state.read.sessionParts.findMessage(number, messageKeyOf(state.keys, number, answer.messageId));
    if (there === undefined) throw sessionNotFound();
    const { position } = there;
    const recordId = take();
    const box = sealSessionRecord(state.keys, recordId, {
      type: 'answer',
      session: number,
      position,
      text: answer.text,
    });
    plan.parts.push({ recordId, session: number, position, messageKey: null, box });
  }
  return plan;
}

/** What is damaged is left as it is: verification tells of it. */
function canReplace(stored: ReturnType<typeof openPart>, message: SessionMessage, replaces: boolean): boolean {
  if (stored?.type !== 'message') return false;
  return stored.message.isPartial || (replaces && stored.message.text !== message.text);
}

function newSession({ id, create, nowMs }: SessionChange): StoredSession {
  const createdAtMs = create?.createdAtMs ?? nowMs;
  return { id, createdAtMs, updatedAtMs: createdAtMs, messageCount: 0, preview: '', pinned: false, facts: {} };
}

function applyChange(before: StoredSession, change: SessionChange, plan: PartsPlan): StoredSession {
  const firstOfUser = plan.messages.find(({ role }) => role === 'user');
  const times = plan.messages.map(({ atMs }) => atMs ?? change.nowMs);
  return {
    id: before.id,
    createdAtMs: before.createdAtMs,
    updatedAtMs: Math.max(before.updatedAtMs, change.updatedAtMs ?? 0, ...times.slice(-1)),
    messageCount: before.messageCount + plan.added,
    preview:
      firstOfUser !== undefined && (before.preview === '' || plan.replaced.includes(0))
        ? previewOf(firstOfUser.text)
        : before.preview,
    pinned: change.pinned ?? before.pinned,
    facts: mergeFacts(before.facts, change.facts ?? {}),
  };
}

function mergeFacts(before: JsonObject, changes: JsonObject): JsonObject {
  const merged = {
    ...before,
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  };
  if (JSON.stringify(merged).length > MAX_FACTS_CHARACTERS) throw tooLarge('What is known of the session');
  return merged;
}

function assertSizes({ messages = [], answer }: SessionChange): void {
  for (const { id, text } of messages) {
    if (id === '' || id.length > MAX_MESSAGE_ID_CHARACTERS) throw tooLarge("A message's id");
    if (text.length > MAX_MESSAGE_CHARACTERS) throw tooLarge('A message');
  }
  if (answer !== undefined && answer.text.length > MAX_MESSAGE_CHARACTERS) throw tooLarge('An answer');
}

/** Equal ids are found without opening a box; who sees the file learns nothing from it. */
export function messageKeyOf(keys: KeyTree, session: number, id: string): Buffer {
  return keys.contentId(Buffer.from(`session-message\0${session}\0${id}`, 'utf8'));
}

function findPlace(state: VaultState, id: SessionId): SessionPlace {
  const place = state.sessions.find(id);
  if (place === undefined) throw sessionNotFound();
  return place;
}

function sessionNotFound(): AppError {
  return new AppError('SESSION_NOT_FOUND', 'There is no such session.', {
    hint: 'See them with `cairn sessions list`.',
  });
}

function tooLarge(what: string): AppError {
  return new AppError('USAGE_INVALID', `${what} is empty or too large.`, { hint: 'Nothing was saved.' });
}
