// Reads an exported session of OpenCode as messages. Total: whatever the bytes are.

import { toTimeMs } from '../conversation/conversation-facts.ts';
import { isRecord, parseRecordBytes, recordsOf, textOf, type JsonRecord } from '../conversation/json-record.ts';
import {
  createMessage,
  dataUrlImage,
  type ConversationMessage,
  type MessagePart,
  type ReadConversation,
} from '../conversation/message.ts';
import { MAX_DOCUMENT_MEMORY_BYTES } from '../host/json-memory.ts';

const MAX_RESULT_LENGTH = 16 * 1024;

export interface ReadSession extends ReadConversation {
  /** Who serves the model that answered last. */
  readonly provider: string | null;
}

export function readSession(bytes: Uint8Array): ReadSession {
  const document = parseRecordBytes(bytes, MAX_DOCUMENT_MEMORY_BYTES);
  if (document === null) return { messages: [], unreadableLines: 1, provider: null };
  let unreadableLines = 0;
  let provider: string | null = null;
  const messages: ConversationMessage[] = [];
  for (const entry of recordsOf(document['messages'])) {
    const info = isRecord(entry['info']) ? entry['info'] : {};
    const { role } = info;
    if (role !== 'user' && role !== 'assistant') {
      unreadableLines += 1;
      continue;
    }
    provider = textOf(info['providerID']) ?? provider;
    const message = toMessage(info, role, recordsOf(entry['parts']), messages.length);
    if (message !== null) messages.push(message);
  }
  return { messages, unreadableLines, provider };
}

function toMessage(
  info: JsonRecord,
  role: 'user' | 'assistant',
  parts: readonly JsonRecord[],
  at: number,
): ConversationMessage | null {
  const read = parts.flatMap(toParts);
  if (read.length === 0) return null;
  const time = isRecord(info['time']) ? info['time'] : {};
  return createMessage({
    id: textOf(info['id']) ?? `message-${at}`,
    role,
    timeMs: toTimeMs(time['created']),
    model: role === 'assistant' ? textOf(info['modelID']) : null,
    parts: read,
    // What the program wrote in the person's name: files that were attached, reminders.
    isMeta: role === 'user' && parts.every((part) => part['type'] !== 'text' || part['synthetic'] === true),
  });
}

function toParts(part: JsonRecord): MessagePart[] {
  switch (part['type']) {
    case 'text':
      return textPart('text', part['text']);
    case 'reasoning':
      return textPart('thinking', part['text']);
    case 'tool':
      return toCall(part);
    case 'file': {
      const image = dataUrlImage(part['url']);
      return image === null ? textPart('text', part['filename']) : [{ type: 'image', ...image }];
    }
    default:
      return []; // the beginnings and ends of steps, and patches that git has
  }
}

function textPart(type: 'text' | 'thinking', value: unknown): MessagePart[] {
  const text = textOf(value);
  return text === null || text.trim() === '' ? [] : [{ type, text }];
}

/** Calls that are still running have no result. */
function toCall(part: JsonRecord): MessagePart[] {
  const id = textOf(part['callID']) ?? textOf(part['id']);
  if (id === null) return [];
  const state = isRecord(part['state']) ? part['state'] : {};
  const isError = state['status'] === 'error';
  const told = isError ? state['error'] : state['output'];
  const result = typeof told === 'string' ? told.slice(0, MAX_RESULT_LENGTH) : null;
  const name = textOf(part['tool']) ?? '';
  return [{ type: 'tool-call', call: { id, name, input: state['input'], result, isError, images: [] } }];
}
