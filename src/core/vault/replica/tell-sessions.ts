// Sessions for other devices: those that no snapshot holds, and what the user said of those that one does. Each session has entries of its own
// in the log, so that they can be retired by themselves: where a message was changed or the session has many entries, it is told anew; where
// it was deleted, that is told and its entries go.

import { z } from 'zod';

import type { SessionId } from '../../../shared/model/ids.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import type { SessionMessage } from '../../../shared/model/session.ts';
import type { IndexRange } from '../../../shared/replication/entry.ts';
import type { DeviceId } from '../../../shared/replication/ids.ts';
import { projectOf, repositoryRoots } from '../../../shared/timeline/project.ts';
import type { ItemEntry } from '../log/manifest.ts';
import { readMessages } from '../log/sessions.ts';
import type { SessionPlace } from '../log/session-records.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { ReplicaSelection } from '../vault-replica.ts';
import type { ReplicaEvent, SessionEvent } from './events.ts';
import type { Draft } from './draft.ts';
import { moveRanges } from './log-pictures.ts';

/** Compressed it must stay under what an entry may hold. */
const MAX_PIECE_CHARACTERS = 48 * 1024;
const MAX_MESSAGES_PER_ENTRY = 200;
const WINDOW = 500;
/** A session with so many entries is told anew: one that grows by single messages would have as many. */
const MAX_ENTRIES = 128;
/** So long an answer that comes in is waited for. */
const ANSWER_MS = 10 * 60_000;

/** What the others have of a session, and where it stands in the log. */
export interface ToldSession {
  readonly id: SessionId;
  /** The record and the number of messages that were told. */
  readonly recordId: number;
  readonly messages: number;
  readonly ranges: readonly IndexRange[];
}

const toldSchema = z.object({
  device: z.string(),
  sessions: z.array(
    z.object({
      id: z.string(),
      recordId: z.number(),
      messages: z.number(),
      ranges: z.array(z.object({ first: z.number(), last: z.number() })),
    }),
  ),
});

/** What was told by a device; nothing where it makes no sense: then all is told anew. */
export function parseTold(value: unknown, device: DeviceId): ToldSession[] {
  const parsed = toldSchema.safeParse(value);
  if (!parsed.success || parsed.data.device !== device) return [];
  return parsed.data.sessions.map((told) => ({ ...told, id: told.id as SessionId })); // written by `encodeTold`
}

export function encodeTold(device: DeviceId, told: readonly ToldSession[]): JsonObject {
  const sessions = told.map(({ ranges, ...session }) => ({
    ...session,
    ranges: ranges.map(({ first, last }) => ({ first, last })),
  }));
  return { device, sessions };
}

/** The same after own entries behind `from` have moved on by some places; null where nothing was told. */
export function moveTold(value: unknown, device: DeviceId, from: number, by: number): JsonObject | null {
  const told = parseTold(value, device);
  if (told.length === 0 || by === 0) return null;
  return encodeTold(
    device,
    told.map((session) => ({ ...session, ranges: moveRanges(session.ranges, from, by) })),
  );
}

/** What is told once a step's entries stand in the log from an index on; empty where the session is gone. */
export function toldAfter({ told, entries }: SessionStep, first: number): ToldSession[] {
  if (told === null) return [];
  const last = told.ranges.at(-1);
  const added = { first, last: first + entries.length - 1 };
  const ranges =
    last?.last === first - 1
      ? [...told.ranges.slice(0, -1), { first: last.first, last: added.last }]
      : [...told.ranges, added];
  return [{ ...told, ranges }];
}

/** One session's next entries. */
export interface SessionStep {
  readonly id: SessionId;
  readonly entries: readonly Draft[];
  /** Own entries that are of no use after them. */
  readonly retires: readonly IndexRange[];
  /** What is told then, its new entries not yet among the ranges; null where it is gone. */
  readonly told: ToldSession | null;
}

/** A session of which the others do not know all: as it is here, or gone, and what they have of it. */
interface DueSession {
  readonly place: SessionPlace | null;
  readonly before: ToldSession | undefined;
}

/** Null where the others know all. */
export function findDueSession(
  state: VaultState,
  told: readonly ToldSession[],
  selection: ReplicaSelection,
  nowMs: number,
): DueSession | null {
  const known = new Map(told.map((session) => [session.id, session]));
  for (const place of state.sessions.all()) {
    const before = known.get(place.session.id);
    known.delete(place.session.id);
    if (before?.recordId === place.recordId || !isLetOut(state, place, selection) || isAnswering(state, place, nowMs))
      continue;
    return { place, before };
  }
  const [before] = known.values();
  return before === undefined ? null : { place: null, before };
}

/** What others must hear of it. */
export function planSession(state: VaultState, { place, before }: DueSession): SessionStep | null {
  if (place !== null) return stepOf(state, place, before);
  if (before === undefined) return null;
  const { id, ranges } = before;
  const entries: Draft[] = [{ kind: 'operation', events: [{ type: 'session-gone', id }], requires: [] }];
  return { id, entries, retires: ranges, told: null };
}

function stepOf(state: VaultState, place: SessionPlace, before: ToldSession | undefined): SessionStep {
  const { session, number, recordId } = place;
  const count = before?.ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0) ?? 0;
  const begins =
    before === undefined ||
    count >= MAX_ENTRIES ||
    session.messageCount < before.messages ||
    state.read.sessionParts.hasNewer(number, before.messages, before.recordId);
  const { id, createdAtMs, updatedAtMs, pinned, facts, messageCount } = session;
  const writer = new EntryWriter({ type: 'session', id, begins, createdAtMs, updatedAtMs, pinned, facts });
  let from = begins ? 0 : before.messages;
  while (from < messageCount) {
    for (const message of readMessages(state, id, { firstIndex: from, limit: WINDOW }).messages) writer.add(message);
    from += WINDOW;
  }
  return {
    id,
    entries: writer.end(),
    retires: begins ? (before?.ranges ?? []) : [],
    told: { id, recordId, messages: messageCount, ranges: begins ? [] : before.ranges },
  };
}

/** Tools and projects of which nothing leaves are those of snapshots. */
export function isLetOut(state: VaultState, { session }: SessionPlace, selection: ReplicaSelection): boolean {
  const { tool, externalId } = session.facts;
  const { withoutSources, withoutProjects, onlyProjects } = selection;
  if (typeof tool === 'string' && withoutSources.includes(tool)) return false;
  if (withoutProjects.length + onlyProjects.length === 0) return true;
  const project = session.facts['project'] ?? projectOfCaptured(state, tool, externalId);
  if (typeof project !== 'string') return onlyProjects.length === 0;
  return !withoutProjects.includes(project) && (onlyProjects.length === 0 || onlyProjects.includes(project));
}

/** What is kept beside a captured conversation does not say its project: the conversation does. */
function projectOfCaptured(state: VaultState, tool: unknown, externalId: unknown): string | undefined {
  const entry = findConversation(state, tool, externalId);
  return entry === undefined ? undefined : projectOf(entry, repositoryRoots(state.latest.manifest.values()));
}

/** The conversation of the newest snapshot that a session is. */
export function findConversation({ latest }: VaultState, tool: unknown, externalId: unknown): ItemEntry | undefined {
  for (const entry of latest.manifest.values()) {
    if (entry.kind !== 'conversation' || entry.source !== tool) continue;
    const id = entry.attributes['id'] ?? entry.key.slice(entry.key.indexOf(':') + 1);
    if (id === externalId) return entry;
  }
  return undefined;
}

function isAnswering(state: VaultState, { session, storedAtMs }: SessionPlace, nowMs: number): boolean {
  if (session.messageCount === 0 || Math.abs(nowMs - storedAtMs) > ANSWER_MS) return false;
  return readMessages(state, session.id, { limit: 1 }).messages[0]?.isPartial === true;
}

/** Puts a session's messages into entries that are small enough; longer texts go in pieces. */
class EntryWriter {
  readonly #id: SessionId;
  readonly #drafts: Draft[] = [];
  #events: ReplicaEvent[];
  #messages: SessionMessage[] = [];
  #characters = 0;

  constructor(head: Extract<SessionEvent, { type: 'session' }>) {
    this.#id = head.id;
    this.#events = [head];
    this.#characters = JSON.stringify(head.facts).length;
  }

  add(message: SessionMessage): void {
    const { text } = message;
    if (text.length <= MAX_PIECE_CHARACTERS) {
      this.#push(message);
      return;
    }
    this.#push({ ...message, text: text.slice(0, MAX_PIECE_CHARACTERS), isPartial: true });
    for (let at = MAX_PIECE_CHARACTERS; at < text.length; at += MAX_PIECE_CHARACTERS) {
      this.#flush();
      const piece = text.slice(at, at + MAX_PIECE_CHARACTERS);
      const isLast = at + piece.length >= text.length;
      const { id: messageId, isPartial } = message;
      this.#events.push({ type: 'text', id: this.#id, messageId, at, text: piece, isLast, isPartial });
    }
    this.#flush();
  }

  end(): Draft[] {
    this.#flush();
    return this.#drafts;
  }

  #push(message: SessionMessage): void {
    const isFull = this.#messages.length >= MAX_MESSAGES_PER_ENTRY;
    if (isFull || (this.#characters > 0 && this.#characters + message.text.length > MAX_PIECE_CHARACTERS))
      this.#flush();
    this.#messages.push(message);
    this.#characters += message.text.length;
  }

  #flush(): void {
    if (this.#messages.length > 0) this.#events.push({ type: 'messages', id: this.#id, messages: this.#messages });
    if (this.#events.length > 0) this.#drafts.push({ kind: 'operation', events: this.#events, requires: [] });
    this.#events = [];
    this.#messages = [];
    this.#characters = 0;
  }
}
