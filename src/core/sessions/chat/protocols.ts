// The two languages that model servers speak, as far as a chat needs them: what is asked, and what of the answer is text. What comes back
// is foreign: everything that makes no sense is nothing.

import { isRecord, parseRecord, textOf } from '../../sources/conversation/json-record.ts';
import type { MessageRole } from '../../../shared/model/session.ts';

export const CHAT_PROVIDERS = ['openai', 'anthropic'] as const;
export type ChatProvider = (typeof CHAT_PROVIDERS)[number];

/** The most tokens that an answer may have, where the server wants to be told. */
const MAX_ANSWER_TOKENS = 8_192;
const ANTHROPIC_VERSION = '2023-06-01';
/** Words that a server uses to say what was wrong; anything else of its answer may repeat what it was sent. */
const ERROR_WORD = /^[a-z][a-z0-9_]{1,60}$/;

export interface ChatMessage {
  readonly role: MessageRole;
  readonly text: string;
}

export interface ChatQuestion {
  readonly model: string;
  readonly systemPrompt: string | null;
  readonly messages: readonly ChatMessage[];
  readonly isStreamed: boolean;
}

/** What a piece of an answer says. */
export type ChatPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly word: string }
  | { readonly type: 'nothing' };

export interface ChatProtocol {
  readonly defaultBaseUrl: string;
  /** Environment variables that name the key and another server. */
  readonly keyVariable: string;
  readonly baseUrlVariable: string;
  readonly path: string;
  readonly headers: (key: string | null) => Readonly<Record<string, string>>;
  readonly body: (question: ChatQuestion) => object;
  /** One event of a streamed answer. */
  readonly readEvent: (data: string) => ChatPiece;
  /** An answer that came at once; null where it holds none. */
  readonly readWhole: (text: string) => string | null;
}

export const CHAT_PROTOCOLS: Readonly<Record<ChatProvider, ChatProtocol>> = {
  openai: {
    defaultBaseUrl: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
    baseUrlVariable: 'OPENAI_BASE_URL',
    path: '/chat/completions',
    headers: (key): Record<string, string> => (key === null ? {} : { authorization: `Bearer ${key}` }),
    body: ({ model, systemPrompt, messages, isStreamed }) => ({
      model,
      stream: isStreamed,
      messages: [
        ...(systemPrompt === null ? [] : [{ role: 'system', content: systemPrompt }]),
        ...messages.map(({ role, text }) => ({ role, content: text })),
      ],
    }),
    readEvent: (data) => {
      if (data.trim() === '[DONE]') return { type: 'end' };
      const event = parseRecord(data);
      if (event === null) return { type: 'nothing' };
      if ('error' in event) return { type: 'error', word: readErrorWord(data) };
      return toText(firstChoice(event), 'delta');
    },
    readWhole: (text) => {
      const piece = toText(firstChoice(parseRecord(text)), 'message');
      return piece.type === 'text' ? piece.text : null;
    },
  },
  anthropic: {
    defaultBaseUrl: 'https://api.anthropic.com',
    keyVariable: 'ANTHROPIC_API_KEY',
    baseUrlVariable: 'ANTHROPIC_BASE_URL',
    path: '/v1/messages',
    headers: (key): Record<string, string> => ({
      'anthropic-version': ANTHROPIC_VERSION,
      ...(key === null ? {} : { 'x-api-key': key }),
    }),
    body: ({ model, systemPrompt, messages, isStreamed }) => {
      // The system's words stand apart from the talk here.
      const system = [systemPrompt, ...messages.filter(({ role }) => role === 'system').map(({ text }) => text)];
      const words = system.filter((text) => text !== null && text !== '');
      return {
        model,
        stream: isStreamed,
        max_tokens: MAX_ANSWER_TOKENS,
        ...(words.length === 0 ? {} : { system: words.join('\n\n') }),
        messages: messages.filter(({ role }) => role !== 'system').map(({ role, text }) => ({ role, content: text })),
      };
    },
    readEvent: (data) => {
      const event = parseRecord(data);
      if (event === null) return { type: 'nothing' };
      if (event['type'] === 'message_stop') return { type: 'end' };
      if (event['type'] === 'error') return { type: 'error', word: readErrorWord(data) };
      const { delta } = event;
      const text = isRecord(delta) && delta['type'] === 'text_delta' ? textOf(delta['text']) : null;
      return text === null ? { type: 'nothing' } : { type: 'text', text };
    },
    readWhole: (text) => {
      const content = parseRecord(text)?.['content'];
      if (!Array.isArray(content)) return null;
      const blocks = content.filter(isRecord).filter(({ type }) => type === 'text');
      return blocks.map((block) => textOf(block['text']) ?? '').join('');
    },
  },
};

/** What a server calls its refusal, where it uses a word of its own for it. */
export function readErrorWord(text: string): string {
  const error = parseRecord(text)?.['error'];
  const words = isRecord(error) ? [error['code'], error['type']] : [error];
  return words.map((word) => textOf(word)).find((word) => word !== null && ERROR_WORD.test(word)) ?? '';
}

function firstChoice(record: ReturnType<typeof parseRecord>): unknown {
  const choices = record?.['choices'];
  return Array.isArray(choices) ? choices[0] : undefined;
}

function toText(choice: unknown, member: 'delta' | 'message'): ChatPiece {
  const holder = isRecord(choice) ? choice[member] : undefined;
  const text = isRecord(holder) ? textOf(holder['content']) : null;
  return text === null ? { type: 'nothing' } : { type: 'text', text };
}
