// Reads a session of Gemini CLI as the conversation that a person had. Total: whatever the bytes are, the answer is bounded by them.

import { isRecord, recordsOf, textOf, type JsonRecord } from '../conversation/json-record.ts';
import { toTimeMs } from '../conversation/conversation-facts.ts';
import {
  base64Image,
  createMessage,
  type ConversationMessage,
  type MessagePart,
  type ReadConversation,
  type ToolCall,
} from '../conversation/message.ts';
import { SessionLog } from './session-log.ts';

const MAX_RESULT_LENGTH = 16 * 1024;
/** What Gemini CLI tells the model in the person's name. */
const WRITTEN_BY_GEMINI = /^\s*<(?:session_context|hook_context|state_snapshot)>/;

export function readSession(bytes: Uint8Array, options: { readonly isObject: boolean }): ReadConversation {
  const log = new SessionLog((record, id) => ({ message: toMessage(record, id), answers: answersOf(record) }));
  log.readAll(bytes, options);
  const told = [...log.messages];
  const answers = new Map(told.flatMap((one) => one.answers));
  const messages = told.flatMap(({ message }) => (message.parts.length === 0 ? [] : [withAnswers(message, answers)]));
  return { messages, unreadableLines: log.unreadableLines };
}

/** A message; without parts where there is nothing to show (results stand with their calls). */
export function toMessage(record: JsonRecord, id: string): ConversationMessage {
  const isModel = record['type'] === 'gemini';
  const parts = isModel ? modelParts(record) : partsOf(record['content']);
  const first = parts[0];
  const isContext = first?.type === 'text' && WRITTEN_BY_GEMINI.test(first.text);
  return createMessage({
    id,
    role: isModel ? 'assistant' : 'user',
    timeMs: toTimeMs(record['timestamp']),
    model: isModel ? textOf(record['model']) : null,
    isMeta: !isModel && (record['type'] !== 'user' || isContext),
    parts,
  });
}

function modelParts(record: JsonRecord): MessagePart[] {
  const thoughts = recordsOf(record['thoughts']).flatMap((thought): MessagePart[] => {
    const text = [textOf(thought['subject']), textOf(thought['description'])]
      .filter((line) => line !== null)
      .join('\n');
    return text === '' ? [] : [{ type: 'thinking', text }];
  });
  const calls = callsOf(record).flatMap((call): MessagePart[] => {
    const id = textOf(call['id']);
    return id === null ? [] : [{ type: 'tool-call', call: toCall(id, call) }];
  });
  return [...thoughts, ...partsOf(record['content']), ...calls];
}

/** Where a session was resumed within the minute, its calls stand in the content only. */
export function callsOf(record: JsonRecord): JsonRecord[] {
  const calls = recordsOf(record['toolCalls']);
  if (calls.length > 0) return calls;
  return recordsOf(record['content']).flatMap((part) => (isRecord(part['functionCall']) ? [part['functionCall']] : []));
}

/** What the calls of earlier messages gave back, by the call's id. */
function answersOf(record: JsonRecord): [id: string, answer: JsonRecord][] {
  if (record['type'] !== 'user') return [];
  return recordsOf(record['content']).flatMap((part): [string, JsonRecord][] => {
    const answer = part['functionResponse'];
    const id = isRecord(answer) ? textOf(answer['id']) : null;
    return id === null ? [] : [[id, part]];
  });
}

function withAnswers(message: ConversationMessage, answers: ReadonlyMap<string, JsonRecord>): ConversationMessage {
  if (message.toolCalls.every(({ id, result }) => result !== null || !answers.has(id))) return message;
  const parts = message.parts.map((part): MessagePart => {
    const answer = part.type === 'tool-call' && part.call.result === null ? answers.get(part.call.id) : undefined;
    if (part.type !== 'tool-call' || answer === undefined) return part;
    return { type: 'tool-call', call: { ...part.call, ...toResult([answer]) } };
  });
  return createMessage({ ...message, parts });
}

/** A text, or parts; thoughts and calls among them stand in fields of their own, too. */
function partsOf(content: unknown): MessagePart[] {
  if (typeof content === 'string') return content.trim() === '' ? [] : [{ type: 'text', text: content }];
  return (Array.isArray(content) ? content : [content]).flatMap((part: unknown): MessagePart[] => {
    if (typeof part === 'string') return partsOf(part);
    if (!isRecord(part) || part['thought'] === true) return [];
    const data = part['inlineData'];
    if (isRecord(data)) {
      return [{ type: 'image', ...base64Image(textOf(data['mimeType']) ?? '', textOf(data['data']) ?? '') }];
    }
    return typeof part['text'] === 'string' ? partsOf(part['text']) : [];
  });
}

function toCall(id: string, call: JsonRecord): ToolCall {
  const isFailed = call['status'] === 'error' || call['status'] === 'cancelled';
  const { result, isError } = toResult(call['result']);
  return {
    id,
    name: textOf(call['name']) ?? '',
    input: call['args'],
    result,
    isError: isError || isFailed,
    images: [],
  };
}

function toResult(result: unknown): Pick<ToolCall, 'result' | 'isError'> {
  if (result === undefined || result === null) return { result: null, isError: false };
  const responses = recordsOf(result).flatMap((part) => {
    const answer = part['functionResponse'];
    return isRecord(answer) && isRecord(answer['response']) ? [answer['response']] : [];
  });
  const texts = responses.flatMap((response) => textOf(response['error']) ?? textOf(response['output']) ?? []);
  const text = typeof result === 'string' ? result : texts.join('\n');
  return { result: text.slice(0, MAX_RESULT_LENGTH), isError: responses.some((one) => 'error' in one) };
}
