// What an event of Copilot CLI says of the conversation.

import { isRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import type { MessagePart } from '../conversation/message.ts';

export type EventEntry =
  | { readonly type: 'session'; readonly context: JsonRecord; readonly data: JsonRecord }
  | {
      readonly type: 'message';
      readonly role: 'user' | 'assistant';
      readonly isMeta: boolean;
      readonly model: string | null;
      readonly parts: readonly MessagePart[];
    }
  | { readonly type: 'result'; readonly callId: string; readonly text: string; readonly isError: boolean }
  /** The model is at work, or no longer. */
  | { readonly type: 'turn'; readonly isOpen: boolean };

/** Null for what tells nothing of the conversation, is a subagent's, or is of no known shape. */
export function toEntry(event: JsonRecord): EventEntry | null {
  const data = isRecord(event['data']) ? event['data'] : {};
  if (textOf(data['parentToolCallId']) !== null) return null;
  switch (event['type']) {
    case 'session.start':
    case 'session.resume':
      return { type: 'session', context: isRecord(data['context']) ? data['context'] : {}, data };
    case 'user.message': {
      const source = textOf(data['source']);
      return toMessage('user', data['content'], source !== null && source !== 'user');
    }
    case 'system.message':
      return toMessage('user', data['content'], true);
    case 'session.compaction_complete':
      return toMessage('user', data['summaryContent'], true);
    case 'session.error':
      return toMessage('user', data['message'], true);
    case 'assistant.message':
      return toAnswer(data);
    case 'tool.execution_complete':
      return toResult(data);
    case 'assistant.turn_start':
      return { type: 'turn', isOpen: true };
    case 'assistant.turn_end':
    case 'abort':
    case 'session.shutdown':
      return { type: 'turn', isOpen: false };
    default:
      return null;
  }
}

function toMessage(role: 'user' | 'assistant', text: unknown, isMeta: boolean): EventEntry {
  return { type: 'message', role, isMeta, model: null, parts: textParts(text) };
}

function toAnswer(data: JsonRecord): EventEntry {
  const thinking = textOf(data['reasoningText']);
  const requests = Array.isArray(data['toolRequests']) ? data['toolRequests'] : [];
  const calls = requests.flatMap((request: unknown): MessagePart[] => {
    const id = isRecord(request) ? textOf(request['toolCallId']) : null;
    if (!isRecord(request) || id === null) return [];
    const call = { id, name: textOf(request['name']) ?? '', input: request['arguments'] };
    return [{ type: 'tool-call', call: { ...call, result: null, isError: false, images: [] } }];
  });
  const thoughts: MessagePart[] = thinking === null ? [] : [{ type: 'thinking', text: thinking }];
  return {
    type: 'message',
    role: 'assistant',
    isMeta: false,
    model: textOf(data['model']),
    parts: [...thoughts, ...textParts(data['content']), ...calls],
  };
}

function toResult(data: JsonRecord): EventEntry | null {
  const callId = textOf(data['toolCallId']);
  if (callId === null) return null;
  const result = isRecord(data['result']) ? data['result'] : {};
  const error = isRecord(data['error']) ? data['error'] : {};
  const text = textOf(result['content']) ?? textOf(error['message']) ?? '';
  return { type: 'result', callId, text, isError: data['success'] === false };
}

function textParts(text: unknown): MessagePart[] {
  return typeof text === 'string' && text.trim() !== '' ? [{ type: 'text', text }] : [];
}
