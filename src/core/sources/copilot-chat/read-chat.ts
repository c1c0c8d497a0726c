// The messages of a chat session of VS Code: a request of the person, and the parts of the answer. Total.

import { factOf, toTimeMs, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { factsOfMessages } from '../conversation/facts-of-messages.ts';
import { isRecord, recordsOf, textOf, type JsonRecord } from '../conversation/json-record.ts';
import {
  createMessage,
  type ConversationMessage,
  type MessagePart,
  type ReadConversation,
} from '../conversation/message.ts';
import { readChatSession } from './chat-log.ts';

const MAX_RESULT_LENGTH = 16 * 1024;

export function readChat(bytes: Uint8Array): ReadConversation {
  const { session, unreadableLines } = readChatSession(bytes);
  return { messages: session === null ? [] : toMessages(session), unreadableLines };
}

export function parseChatFacts(bytes: Uint8Array): ConversationFacts {
  const { session, unreadableLines } = readChatSession(bytes);
  const messages = session === null ? [] : toMessages(session);
  const facts = factsOfMessages({ messages, unreadableLines });
  facts.title = factOf(session?.['customTitle']);
  facts.createdAtMs = toTimeMs(session?.['creationDate']) ?? facts.createdAtMs;
  facts.updatedAtMs = toTimeMs(session?.['lastMessageDate']) ?? facts.updatedAtMs;
  return facts;
}

function toMessages(session: JsonRecord): ConversationMessage[] {
  return recordsOf(session['requests']).flatMap((request, at): ConversationMessage[] => {
    const id = textOf(request['requestId']) ?? `request-${at}`;
    const timeMs = toTimeMs(request['timestamp']);
    const model = textOf(request['modelId']);
    const asked = textPart('text', isRecord(request['message']) ? request['message']['text'] : request['message']);
    const answer = mergeTexts(partsOfResponse(request['response']));
    return [
      ...(asked.length === 0
        ? []
        : [createMessage({ id, role: 'user', timeMs, model: null, parts: asked, isMeta: false })]),
      ...(answer.length === 0
        ? []
        : [createMessage({ id: `${id}-answer`, role: 'assistant', timeMs, model, parts: answer, isMeta: false })]),
    ];
  });
}

function partsOfResponse(response: unknown): MessagePart[] {
  return recordsOf(response).flatMap((part): MessagePart[] => {
    switch (part['kind']) {
      case undefined:
      case 'markdownContent':
        return textPart('text', textIn(part['content'] ?? part));
      case 'thinking':
        return textPart('thinking', textIn(part));
      case 'toolInvocationSerialized':
      case 'toolInvocation':
        return toCall(part);
      default:
        return []; // progress, references, edits: what became of them lies in the files
    }
  });
}

/** Calls are told in sentences; their input only by some tools. */
function toCall(part: JsonRecord): MessagePart[] {
  const id = textOf(part['toolCallId']);
  if (id === null) return [];
  const specific = isRecord(part['toolSpecificData']) ? part['toolSpecificData'] : undefined;
  const told = textIn(part['pastTenseMessage']) ?? textIn(part['invocationMessage']);
  const details = part['resultDetails'];
  const output = isRecord(details) ? outputOf(details['output']) : null;
  const isComplete = part['isComplete'] === true;
  return [
    {
      type: 'tool-call',
      call: {
        id,
        name: textOf(part['toolId']) ?? '',
        input: specific ?? (isRecord(details) ? details['input'] : undefined),
        result: isComplete ? (output ?? told ?? '').slice(0, MAX_RESULT_LENGTH) : null,
        isError: isRecord(details) && details['isError'] === true,
        images: [],
      },
    },
  ];
}

function outputOf(output: unknown): string | null {
  if (typeof output === 'string') return output;
  const texts = recordsOf(output).flatMap((part) => textOf(part['value']) ?? []);
  return texts.length === 0 ? null : texts.join('\n');
}

/** Streamed text stands in many parts. */
function mergeTexts(parts: readonly MessagePart[]): MessagePart[] {
  const merged: MessagePart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.type !== 'tool-call' && part.type !== 'image' && last?.type === part.type)
      merged[merged.length - 1] = { type: part.type, text: `${last.text}${part.text}` };
    else merged.push(part);
  }
  return merged;
}

function textPart(type: 'text' | 'thinking', value: unknown): MessagePart[] {
  const text = textOf(value);
  return text === null || text.trim() === '' ? [] : [{ type, text }];
}

/** A text, or a Markdown string: `{ value: '...' }`; thoughts may be lists of texts. */
function textIn(value: unknown): string | null {
  if (typeof value === 'string') return textOf(value);
  if (!isRecord(value)) return null;
  const inner = value['value'];
  if (Array.isArray(inner)) return textOf(inner.filter((part) => typeof part === 'string').join('\n'));
  return textOf(inner);
}
