// One turn of a chat: the user's message is stored before the model is asked, and the answer as it comes, so that whatever ends it, a
// kill too, leaves what was said.

import { randomUUID } from 'node:crypto';

import type { CancelTimer, Clock } from '../../clock.ts';
import type { SessionId } from '../../../shared/model/ids.ts';
import type { SessionStore } from '../session-store.ts';
import { askModel } from './ask-model.ts';
import type { ChatEndpoint } from './endpoint.ts';
import type { ChatMessage } from './protocols.ts';

/** What came is stored, and then shown, at the latest after so long: more often would wear the disk for nothing. */
const FLUSH_MS = 150;

export interface ChatTurn {
  readonly sessionId: SessionId;
  readonly model: string;
  readonly systemPrompt: string | null;
  readonly text: string;
  readonly isStreamed: boolean;
  readonly signal: AbortSignal;
  /** Called with what has come, once it is stored. */
  readonly onText: (text: string) => void;
}

export interface ChatAnswer {
  readonly messageId: string;
  readonly text: string;
}

/** @throws AppError CHAT_FAILED, CANCELLED; the vault's. What was said by then is stored. */
export async function takeTurn(
  deps: { readonly store: SessionStore; readonly clock: Clock; readonly endpoint: ChatEndpoint },
  turn: ChatTurn,
): Promise<ChatAnswer> {
  const { store, clock, endpoint } = deps;
  const { sessionId, model, systemPrompt, isStreamed } = turn;
  await store.addMessages(sessionId, [{ role: 'user', text: turn.text, atMs: clock.nowMs() }]);
  const history = await store.allMessages(sessionId);
  const messages = history
    .filter(({ text }) => text.trim() !== '')
    .map(({ role, text, isMeta }): ChatMessage => ({ role: isMeta ? 'system' : role, text }));
  const answer = new StoredAnswer(store, clock, turn);
  try {
    for await (const text of askModel(endpoint, { model, systemPrompt, messages, isStreamed }, turn.signal))
      answer.add(text);
  } finally {
    await answer.flush();
  }
  return answer.finish();
}

/** The answer in the vault: partial from its first piece on, whole at its end. */
class StoredAnswer {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #turn: ChatTurn;
  readonly #id = randomUUID();
  /** All that came, and what of it is stored. */
  #text = '';
  #storedLength = 0;
  #cancelFlush: CancelTimer | null = null;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: SessionStore, clock: Clock, turn: ChatTurn) {
    this.#store = store;
    this.#clock = clock;
    this.#turn = turn;
  }

  add(text: string): void {
    this.#text += text;
    this.#cancelFlush ??= this.#clock.setTimer(
      () => {
        // A failure is told by the flush at the end.
        this.flush().catch(() => undefined);
      },
      this.#storedLength === 0 ? 0 : FLUSH_MS,
    );
  }

  /** Stores what has come since, then shows it. @throws AppError of the vault */
  flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async finish(): Promise<ChatAnswer> {
    await this.#store.addMessages(this.#turn.sessionId, [{ ...this.#message(), text: this.#text }]);
    return { messageId: this.#id, text: this.#text };
  }

  async #write(): Promise<void> {
    const text = this.#text.slice(this.#storedLength);
    if (text === '') return;
    const { sessionId, onText } = this.#turn;
    if (this.#storedLength > 0) await this.#store.addToAnswer(sessionId, this.#id, text);
    else await this.#store.addMessages(sessionId, [{ ...this.#message(), text, isPartial: true }]);
    this.#storedLength += text.length;
    onText(text);
  }

  #message() {
    return { id: this.#id, role: 'assistant', model: this.#turn.model, atMs: this.#clock.nowMs() } as const;
  }
}
