// Builds the messages of a conversation from the texts, thoughts, calls and results of a log, in their order.

import {
  createMessage,
  type ConversationMessage,
  type MessageImage,
  type MessagePart,
  type ToolCall,
} from './message.ts';
import { placeStep, type TurnShape } from './turn-shape.ts';

const MAX_RESULT_LENGTH = 16 * 1024;

export interface SaidMessage {
  /** The tool's own id; null where it has none. */
  readonly id: string | null;
  readonly timeMs: number | null;
  readonly model: string | null;
}

export interface CallResult {
  readonly text: string;
  readonly isError: boolean;
  readonly images: readonly MessageImage[];
}

interface Draft extends SaidMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly isMeta: boolean;
  readonly parts: MessagePart[];
}

export class MessageList {
  readonly #drafts: Draft[] = [];
  /** Where each turn begins: the places of the person's messages. */
  readonly #turns: number[] = [];
  #shape: TurnShape = 'none';
  readonly #ids = new Set<string>();
  readonly #results = new Map<string, CallResult>();

  /** Adds a message that somebody or, as meta, the program wrote to the model; one without parts is none. */
  addUser(message: SaidMessage & { readonly parts: readonly MessagePart[]; readonly isMeta: boolean }): void {
    if (message.parts.length === 0) return;
    // What the program tells the model in between parts no answer.
    if (!message.isMeta) {
      this.#shape = placeStep(this.#shape, 'user').shape;
      this.#turns.push(this.#drafts.length);
    }
    this.#begin('user', { ...message, model: null });
  }

  addAssistant(
    step: 'text' | 'thinking' | 'call',
    message: SaidMessage & { readonly parts: readonly MessagePart[] },
  ): void {
    if (message.parts.length === 0) return;
    const { shape, begins } = placeStep(this.#shape, step);
    this.#shape = shape;
    const newest = this.#drafts.findLast(({ isMeta }) => !isMeta);
    if (begins || newest?.role !== 'assistant') this.#begin('assistant', { ...message, isMeta: false });
    else newest.parts.push(...message.parts);
  }

  /** @param call with a result where none will be told of it */
  addCall(message: SaidMessage, call: Pick<ToolCall, 'id' | 'name' | 'input'> & { readonly result?: string }): void {
    const part = { type: 'tool-call', call: { result: null, isError: false, images: [], ...call } } as const;
    this.addAssistant('call', { ...message, parts: [part] });
  }

  /** Tells what a call gave back; the call may come later. */
  addResult(callId: string, result: CallResult): void {
    this.#shape = placeStep(this.#shape, 'result').shape;
    this.#results.set(callId, { ...result, text: result.text.slice(0, MAX_RESULT_LENGTH) });
  }

  /** Takes back so many of the newest turns, one or more, each from the person's message on. */
  dropTurns(turns: number): void {
    const from = this.#turns.splice(-turns)[0];
    if (from !== undefined) this.#drafts.length = from;
    this.#shape = 'none';
  }

  messages(): ConversationMessage[] {
    return this.#drafts.map((draft) =>
      createMessage({ ...draft, parts: draft.parts.map((part) => this.#withResult(part)) }),
    );
  }

  #begin(
    role: Draft['role'],
    { id, timeMs, model, parts, isMeta }: SaidMessage & Pick<Draft, 'isMeta'> & { parts: readonly MessagePart[] },
  ): void {
    const own = id === null || this.#ids.has(id) ? this.#newId() : id;
    this.#ids.add(own);
    this.#drafts.push({ id: own, role, timeMs, model, isMeta, parts: [...parts] });
  }

  #newId(): string {
    let number = this.#ids.size;
    while (this.#ids.has(`message-${number}`)) number += 1;
    return `message-${number}`;
  }

  #withResult(part: MessagePart): MessagePart {
    if (part.type !== 'tool-call') return part;
    const result = this.#results.get(part.call.id);
    if (result === undefined) return part;
    return {
      type: 'tool-call',
      call: { ...part.call, result: result.text, isError: result.isError, images: result.images },
    };
  }
}
