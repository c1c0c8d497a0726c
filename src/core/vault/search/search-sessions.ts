// Looks for words in the messages of stored sessions: of pushes, chats and imports, which no snapshot holds. There are some hundred of
// them, so their texts are read through, the newest session first, within a time; what was read lately stays in memory for the next key.

import { setImmediate } from 'node:timers/promises';

import type { SessionPlace } from '../log/session-records.ts';
import { readMessages } from '../log/sessions.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { SessionMatch, SessionSearchAnswer, SessionSearchQuery } from '../vault-sessions.ts';
import { cutLine } from './found-line.ts';
import { createTurns } from './index-store.ts';
import { matchText, parseQuery } from './query.ts';

/** Characters of messages that stay in memory. */
const MAX_CACHED_CHARACTERS = 8 * 1024 * 1024;
const WINDOW = 200;

interface CachedMessage {
  readonly position: number;
  readonly id: string;
  readonly role: SessionMatch['role'];
  readonly atMs: number | null;
  readonly text: string;
}

interface CachedSession {
  /** The record that the session had when it was read: each change gives it a new one. */
  readonly recordId: number;
  readonly messages: readonly CachedMessage[];
  readonly characters: number;
}

export class SessionSearch {
  readonly #state: VaultState;
  /** By session number, the one used longest ago first. */
  readonly #cache = new Map<number, CachedSession>();
  #cachedCharacters = 0;

  constructor(state: VaultState) {
    this.#state = state;
  }

  async search({ text, limit, budgetMs, sinceMs, untilMs }: SessionSearchQuery): Promise<SessionSearchAnswer> {
    const endMs = performance.now() + budgetMs;
    const query = parseQuery(text);
    const matches: SessionMatch[] = [];
    if (limit <= 0) return { matches, isComplete: false };
    const turn = createTurns(
      () => false,
      () => setImmediate(),
    );
    const places = this.#state.sessions
      .all()
      .filter(({ session }) => session.messageCount > 0)
      .toSorted((a, b) => b.session.updatedAtMs - a.session.updatedAtMs);
    for (const place of places) {
      for await (const message of this.#messagesOf(place, turn)) {
        const atMs = message.atMs ?? place.session.updatedAtMs;
        if (atMs < (sinceMs ?? Number.NEGATIVE_INFINITY) || atMs > (untilMs ?? Number.POSITIVE_INFINITY)) continue;
        const [match] = matchText(query, message.text, { isRecord: false, limit: 1 });
        if (match !== undefined) {
          const { position, id, role } = message;
          const cut = cutLine(message.text, match);
          matches.push({ id: place.session.id, position, messageId: id, role, atMs, ...cut, score: match.score });
        }
        if (matches.length >= limit || performance.now() > endMs) return { matches, isComplete: false };
      }
    }
    return { matches, isComplete: true };
  }

  async *#messagesOf(place: SessionPlace, turn: () => Promise<void>): AsyncGenerator<CachedMessage> {
    const cached = this.#cache.get(place.number);
    if (cached?.recordId === place.recordId) {
      this.#cache.delete(place.number);
      this.#cache.set(place.number, cached);
      for (const message of cached.messages) {
        await turn();
        yield message;
      }
      return;
    }
    this.#drop(place.number);
    const messages: CachedMessage[] = [];
    for (let firstIndex = 0; firstIndex < place.session.messageCount; firstIndex += WINDOW) {
      // Another process, or this one between two turns, may have deleted it.
      if (this.#state.sessions.find(place.session.id)?.recordId !== place.recordId) return;
      const window = readMessages(this.#state, place.session.id, { firstIndex, limit: WINDOW });
      for (const [at, { id, role, atMs, text }] of window.messages.entries()) {
        const message = { position: firstIndex + at, id, role, atMs, text };
        messages.push(message);
        await turn();
        yield message;
      }
    }
    this.#keep(place, messages);
  }

  #keep({ number, recordId }: SessionPlace, messages: readonly CachedMessage[]): void {
    const characters = messages.reduce((sum, { text }) => sum + text.length, 0);
    if (characters > MAX_CACHED_CHARACTERS / 4) return;
    this.#cache.set(number, { recordId, messages, characters });
    this.#cachedCharacters += characters;
    for (const oldest of this.#cache.keys()) {
      if (this.#cachedCharacters <= MAX_CACHED_CHARACTERS) break;
      this.#drop(oldest);
    }
  }

  #drop(number: number): void {
    this.#cachedCharacters -= this.#cache.get(number)?.characters ?? 0;
    this.#cache.delete(number);
  }
}
