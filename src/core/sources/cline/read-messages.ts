// Reads the messages of Cline: blocks as the model's maker has them, what the person typed in an element of its own. Total.

import { toTimeMs } from '../conversation/conversation-facts.ts';
import { isRecord, parseRecordBytes, recordsOf, textOf, type JsonRecord } from '../conversation/json-record.ts';
import { MessageList, type CallResult } from '../conversation/message-list.ts';
import { base64Image, type MessagePart, type ReadConversation } from '../conversation/message.ts';
import { MAX_DOCUMENT_MEMORY_BYTES } from '../host/json-memory.ts';

/** In the command line's sessions, and in the tasks of the extension. */
const TYPED = /^\s*<(user_input|task|feedback|answer|user_message)\b[^>]*>([\s\S]*)<\/\1>\s*$/;
const WRITTEN_BY_CLINE =
  /^\s*<(?:environment_details|system_reminder|explicit_instructions|task_progress|hook_context)\b/;

export function readMessages(bytes: Uint8Array): ReadConversation {
  const session = parseRecordBytes(bytes, MAX_DOCUMENT_MEMORY_BYTES);
  if (session === null) return { messages: [], unreadableLines: 1 };
  return toConversation(recordsOf(session['messages']));
}

/** Messages as Cline keeps them, one after the other. */
export function toConversation(messages: readonly JsonRecord[]): ReadConversation {
  const list = new MessageList();
  for (const message of messages) addMessage(message, list);
  return { messages: list.messages(), unreadableLines: 0 };
}

/** What a person typed, without the element around it; null for any other text. */
export function typedText(text: string): string | null {
  return TYPED.exec(text)?.[2]?.trim() ?? null;
}

function addMessage(message: JsonRecord, list: MessageList): void {
  const { content } = message;
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : recordsOf(content);
  const info = isRecord(message['modelInfo']) ? message['modelInfo'] : {};
  const said = { id: textOf(message['id']), timeMs: toTimeMs(message['ts']), model: textOf(info['id']) };
  const parts = blocks.flatMap(toPart);
  if (message['role'] === 'assistant') {
    list.addAssistant('text', { ...said, parts });
    return;
  }
  if (message['role'] !== 'user') return;
  for (const block of blocks) addResult(block, list);
  const typed = parts.flatMap((part) => (part.type === 'text' ? (typedText(part.text) ?? []) : []));
  const first = parts[0];
  const isMeta = typed.length === 0 && first?.type === 'text' && WRITTEN_BY_CLINE.test(first.text);
  // What stands around it was added by Cline.
  const texts = typed.flatMap((text): MessagePart[] => (text === '' ? [] : [{ type: 'text', text }]));
  const others = parts.filter((part) => part.type !== 'text');
  list.addUser({ ...said, isMeta, parts: typed.length === 0 ? parts : [...texts, ...others] });
}

function toPart(block: JsonRecord): MessagePart[] {
  switch (block['type']) {
    case 'text':
    case 'thinking': {
      const text = textOf(block[block['type']]) ?? textOf(block['text']);
      return text === null || text.trim() === '' ? [] : [{ type: block['type'], text }];
    }
    case 'tool_use': {
      const id = textOf(block['id']);
      if (id === null) return [];
      const call = {
        id,
        name: textOf(block['name']) ?? '',
        input: block['input'],
        result: null,
        isError: false,
        images: [],
      };
      return [{ type: 'tool-call', call }];
    }
    case 'image': {
      const source = isRecord(block['source']) ? block['source'] : block;
      const mediaType = textOf(source['media_type']) ?? textOf(source['mediaType']) ?? '';
      return [{ type: 'image', ...base64Image(mediaType, textOf(source['data']) ?? '') }];
    }
    default:
      return [];
  }
}

function addResult(block: JsonRecord, list: MessageList): void {
  const callId = block['type'] === 'tool_result' ? textOf(block['tool_use_id']) : null;
  if (callId !== null) list.addResult(callId, toResult(block));
}

/** A text, blocks, or for several commands at once the result of each. */
function toResult(block: JsonRecord): CallResult {
  const { content } = block;
  const parts = recordsOf(content);
  const texts = parts.flatMap((part) => textOf(part['text']) ?? textOf(part['result']) ?? textOf(part['error']) ?? []);
  const isError = block['is_error'] === true || parts.some((part) => part['success'] === false);
  return { text: typeof content === 'string' ? content : texts.join('\n'), isError, images: [] };
}
