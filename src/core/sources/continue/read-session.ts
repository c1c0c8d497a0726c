// Reads a session of Continue (its command line and its extensions write the same file). Total: whatever the bytes are.

import { fileURLToPath } from 'node:url';

import { factOf, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { factsOfMessages } from '../conversation/facts-of-messages.ts';
import {
  isRecord,
  parseRecord,
  parseRecordBytes,
  recordsOf,
  textOf,
  type JsonRecord,
} from '../conversation/json-record.ts';
import { MessageList, type SaidMessage } from '../conversation/message-list.ts';
import { dataUrlImage, type MessagePart, type ReadConversation } from '../conversation/message.ts';
import { MAX_DOCUMENT_MEMORY_BYTES } from '../host/json-memory.ts';

/** What sessions are called before somebody names them. */
const UNTITLED = new Set(['Untitled Session', 'New Session']);
const FAILED = new Set<unknown>(['errored', 'canceled']);

export function readSession(bytes: Uint8Array): ReadConversation {
  const session = parseSession(bytes);
  return session === null ? { messages: [], unreadableLines: 1 } : readHistory(session);
}

/** The facts of a session, as its file tells them. */
export function parseSessionFacts(bytes: Uint8Array): ConversationFacts {
  const session = parseSession(bytes);
  if (session === null) return factsOfMessages({ messages: [], unreadableLines: 1 });
  const facts = factsOfMessages(readHistory(session));
  const title = factOf(session['title']);
  facts.title = title === null || UNTITLED.has(title) ? null : title;
  facts.cwd = toFolder(session['workspaceDirectory']);
  facts.provider = recordsOf(session['history'])
    .flatMap((entry) => recordsOf(entry['promptLogs']))
    .reduce<string | null>((provider, log) => factOf(log['modelProvider']) ?? provider, null);
  facts.model ??= factOf(session['chatModelTitle']);
  return facts;
}

function parseSession(bytes: Uint8Array): JsonRecord | null {
  return parseRecordBytes(bytes, MAX_DOCUMENT_MEMORY_BYTES);
}

function readHistory(session: JsonRecord): ReadConversation {
  const list = new MessageList();
  for (const entry of recordsOf(session['history'])) {
    const message = isRecord(entry['message']) ? entry['message'] : {};
    addMessage(message, list);
    for (const state of recordsOf(entry['toolCallStates'])) addState(state, list);
  }
  return { messages: list.messages(), unreadableLines: 0 };
}

function addMessage(message: JsonRecord, list: MessageList): void {
  const usage = isRecord(message['usage']) ? message['usage'] : {};
  const said: SaidMessage = { id: textOf(message['id']), timeMs: null, model: textOf(usage['model']) };
  const parts = partsOf(message['content']);
  switch (message['role']) {
    case 'user':
    case 'system':
      list.addUser({ ...said, parts, isMeta: message['role'] === 'system' });
      return;
    case 'thinking':
      list.addAssistant('thinking', {
        ...said,
        parts: parts.flatMap((part): MessagePart[] => (part.type === 'text' ? [{ ...part, type: 'thinking' }] : [])),
      });
      return;
    case 'assistant':
      list.addAssistant('text', { ...said, parts: [...parts, ...recordsOf(message['toolCalls']).flatMap(toCall)] });
      return;
    case 'tool': {
      const callId = textOf(message['toolCallId']);
      if (callId !== null) list.addResult(callId, { text: textIn(parts), isError: false, images: [] });
      return;
    }
    default:
      return;
  }
}

function toCall(call: JsonRecord): MessagePart[] {
  const id = textOf(call['id']);
  const asked = isRecord(call['function']) ? call['function'] : {};
  if (id === null) return [];
  const written = asked['arguments'];
  const input = typeof written === 'string' ? (parseRecord(written) ?? written) : written;
  const part = { id, name: textOf(asked['name']) ?? '', input, result: null, isError: false, images: [] };
  return [{ type: 'tool-call', call: part }];
}

/** What became of a call; one that is still running has no output. */
function addState(state: JsonRecord, list: MessageList): void {
  const callId = textOf(state['toolCallId']);
  const output = recordsOf(state['output']);
  const isError = FAILED.has(state['status']);
  if (callId === null || (output.length === 0 && state['status'] !== 'done' && !isError)) return;
  const text = output.flatMap((part) => textOf(part['content']) ?? []).join('\n');
  list.addResult(callId, { text, isError, images: [] });
}

function partsOf(content: unknown): MessagePart[] {
  if (typeof content === 'string') return content.trim() === '' ? [] : [{ type: 'text', text: content }];
  return recordsOf(content).flatMap((part): MessagePart[] => {
    const image = isRecord(part['imageUrl']) ? dataUrlImage(part['imageUrl']['url']) : null;
    if (image !== null) return [{ type: 'image', ...image }];
    return typeof part['text'] === 'string' ? partsOf(part['text']) : [];
  });
}

function textIn(parts: readonly MessagePart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** The extensions write a URL, the command line a path. */
function toFolder(value: unknown): string | null {
  const text = factOf(value);
  if (text?.startsWith('file://') !== true) return text?.startsWith('/') === true ? text : null;
  try {
    return fileURLToPath(text);
  } catch {
    return null; // of another machine
  }
}
