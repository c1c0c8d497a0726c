// Reads Claude Code transcripts: one JSON record a line, about twenty kinds, torn and spliced lines anywhere. Total: what is not a
// record is counted. Heavy kinds that carry no message are passed over by their first bytes.

import {
  addText,
  addTime,
  factOf,
  newConversationFacts,
  type ConversationFacts,
} from '../conversation/conversation-facts.ts';
import { RecentIds } from '../conversation/bounded-text.ts';
import { isRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import type { LogFormat } from '../conversation/log-reader.ts';
import { readRecordLines } from '../conversation/record-lines.ts';

const HEAVY =
  /^\{"type":"(?:api-request|api-request-shape|api-request-blob|file-history-snapshot|cost-state|tools-used|queue-operation|attachment)"/;

/** The lines of one message stand close together. */
const MAX_MESSAGE_IDS = 1_000;

export interface TranscriptFacts extends ConversationFacts {
  /** Of the model: one of its messages stands on several lines. */
  readonly messageIds: RecentIds;
}

export function newTranscriptFacts(): TranscriptFacts {
  return { ...newConversationFacts(), messageIds: new RecentIds(MAX_MESSAGE_IDS) };
}

export function readTranscriptLines(bytes: Uint8Array, facts: TranscriptFacts): number {
  return readRecordLines(bytes, {
    take: (record) => readRecord(record, facts),
    skip: () => (facts.unreadableLines += 1),
    heavy: HEAVY,
  });
}

export const TRANSCRIPT_FORMAT: LogFormat<TranscriptFacts> = {
  newFacts: newTranscriptFacts,
  readLines: readTranscriptLines,
};

function readRecord(record: JsonRecord, facts: TranscriptFacts): void {
  if (record['type'] === 'custom-title') facts.title = factOf(record['customTitle']) ?? facts.title;
  if (record['type'] === 'summary') facts.title ??= factOf(record['summary']);
  if (record['type'] !== 'user' && record['type'] !== 'assistant') return;
  facts.cwd = factOf(record['cwd']) ?? facts.cwd;
  facts.gitBranch = factOf(record['gitBranch']) ?? facts.gitBranch;
  facts.version = factOf(record['version']) ?? facts.version;
  addTime(record['timestamp'], facts);
  const message = isRecord(record['message']) ? record['message'] : {};
  readToolCalls(message['content'], facts);
  facts.model = factOf(message['model']) ?? facts.model;
  if (record['isSidechain'] === true || record['isMeta'] === true || record['isCompactSummary'] === true) return;
  countMessage(record, message, facts);
}

/** One message of the model is split over several lines with the same id; a line of tool results is no message of the user's. */
function countMessage(record: JsonRecord, message: JsonRecord, facts: TranscriptFacts): void {
  const text = contentText(message['content']);
  if (record['type'] === 'user' && text === '') return;
  // Somebody typed on: calls without a result lie on a branch that was left.
  if (record['type'] === 'user') facts.openToolCalls.clear();
  const id = textOf(message['id']) ?? textOf(record['uuid']) ?? '';
  if (id === '' || !facts.messageIds.has(id)) facts.messages += 1;
  if (id !== '') facts.messageIds.add(id);
  addText(record['type'] === 'user' ? 'user' : 'assistant', text, facts);
}

function readToolCalls(content: unknown, facts: TranscriptFacts): void {
  if (!Array.isArray(content)) return;
  for (const block of content) {
    if (!isRecord(block)) continue;
    const call = textOf(block['type'] === 'tool_use' ? block['id'] : undefined);
    const result = textOf(block['type'] === 'tool_result' ? block['tool_use_id'] : undefined);
    if (call !== null) facts.openToolCalls.add(call);
    if (result !== null) facts.openToolCalls.delete(result);
  }
}

export function contentText(content: unknown): string {
  if (typeof content === 'string') return content.trim();
  if (!Array.isArray(content)) return '';
  return content
    .map((block) => (isRecord(block) && block['type'] === 'text' ? (textOf(block['text']) ?? '') : ''))
    .join('\n')
    .trim();
}
