// The messages of a chat as `read-store.ts` puts it together. Total: whatever the bytes are.

import { toTimeMs } from '../conversation/conversation-facts.ts';
import { isRecord, parseRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import {
  createMessage,
  type ConversationMessage,
  type MessagePart,
  type ReadConversation,
} from '../conversation/message.ts';

const USER = 1;
const ASSISTANT = 2;
const MAX_RESULT_LENGTH = 16 * 1024;
/** A call that has one of these goes on. */
const OPEN_STATUS = new Set(['loading', 'pending', 'running', 'streaming']);

export function readChat(bytes: Uint8Array): ReadConversation {
  const document = parseRecord(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (document === null) return { messages: [], unreadableLines: 1 };
  const chat = isRecord(document['chat']) ? document['chat'] : {};
  const ofChat = modelOf(chat['modelConfig']);
  const messages: ConversationMessage[] = [];
  let unreadableLines = 0;
  let model = ofChat;
  for (const bubble of Array.isArray(document['messages']) ? (document['messages'] as unknown[]) : []) {
    const type = isRecord(bubble) ? bubble['type'] : null;
    if (!isRecord(bubble) || (type !== USER && type !== ASSISTANT)) {
      unreadableLines += 1;
      continue;
    }
    // Only what the person sends says which model is to answer it.
    model = modelOf(bubble['modelInfo']) ?? model;
    const parts = toParts(bubble);
    if (parts.length === 0) continue;
    messages.push(
      createMessage({
        id: textOf(bubble['bubbleId']) ?? `message-${messages.length}`,
        role: type === USER ? 'user' : 'assistant',
        timeMs: toTimeMs(bubble['createdAt']),
        model: type === USER ? null : model,
        parts,
        isMeta: false,
      }),
    );
  }
  return { messages, unreadableLines };
}

/** A bubble is a text, a thought or a call. */
function toParts(bubble: JsonRecord): MessagePart[] {
  const { thinking } = bubble;
  const thought = isRecord(thinking) ? thinking['text'] : thinking;
  return [...textPart('thinking', thought), ...textPart('text', bubble['text']), ...toCall(bubble)];
}

function toCall(bubble: JsonRecord): MessagePart[] {
  const tool = bubble['toolFormerData'];
  if (!isRecord(tool)) return [];
  const name = textOf(tool['name']);
  const id = textOf(tool['toolCallId']) ?? textOf(bubble['bubbleId']);
  if (name === null || id === null) return [];
  const status = textOf(tool['status']) ?? '';
  const error = tool['error'];
  const told = textOf(tool['result']) ?? (isRecord(error) ? textOf(error['clientVisibleErrorMessage']) : textOf(error));
  const result = OPEN_STATUS.has(status) ? null : (told ?? status).slice(0, MAX_RESULT_LENGTH);
  const input = jsonValueOf(tool['rawArgs']) ?? jsonValueOf(tool['params']);
  return [{ type: 'tool-call', call: { id, name, input, result, isError: status === 'error', images: [] } }];
}

/** JSON in a text; a half one, as while it streams in, stays a text. */
function jsonValueOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value === '' ? undefined : (parseRecord(value) ?? value);
}

function modelOf(value: unknown): string | null {
  const name = isRecord(value) ? textOf(value['modelName']) : null;
  return name === 'default' ? null : name;
}

function textPart(type: 'text' | 'thinking', value: unknown): MessagePart[] {
  const text = textOf(value);
  return text === null || text.trim() === '' ? [] : [{ type, text }];
}
