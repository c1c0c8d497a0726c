// Reads Claude Code transcripts: one JSON record a line, about twenty kinds, torn and spliced lines anywhere. Total: what is not a
// record is counted. Heavy kinds that carry no message are passed over by their first bytes.

import { isRecord, parseRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import type { LogFacts, LogFormat } from '../conversation/log-reader.ts';

const MAX_LINE_BYTES = 32 * 1024 * 1024;
const MAX_TEXT_LENGTH = 500;
/** Folders, branches, models: whatever a hostile transcript claims, the attributes stay small. */
const MAX_FACT_LENGTH = 4096;
const HEAVY =
  /^\{"type":"(?:api-request|api-request-shape|api-request-blob|file-history-snapshot|cost-state|tools-used|queue-operation|attachment)"/;

/** What is told of a conversation without reading it again. Grows as the transcript grows. */
export interface TranscriptFacts extends LogFacts {
  messages: number;
  cwd: string | null;
  gitBranch: string | null;
  version: string | null;
  model: string | null;
  title: string | null;
  firstText: string | null;
  lastText: string | null;
  createdAtMs: number | null;
  updatedAtMs: number | null;
  /** Tool calls that have no result yet: the conversation stands in the middle of a turn. */
  readonly openToolCalls: Set<string>;
  readonly messageIds: Set<string>;
}

export function newTranscriptFacts(): TranscriptFacts {
  return {
    messages: 0,
    unreadableLines: 0,
    cwd: null,
    gitBranch: null,
    version: null,
    model: null,
    title: null,
    firstText: null,
    lastText: null,
    createdAtMs: null,
    updatedAtMs: null,
    openToolCalls: new Set(),
    messageIds: new Set(),
  };
}

/** Takes in whole lines; gives the number of bytes used, up to and with the last line end. The rest waits for its end. */
export function readTranscriptLines(bytes: Uint8Array, facts: TranscriptFacts): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let end = buffer.indexOf(0x0a, start); end >= 0; end = buffer.indexOf(0x0a, start)) {
    readLine(buffer.subarray(start, end), facts);
    start = end + 1;
  }
  return start;
}

export const TRANSCRIPT_FORMAT: LogFormat<TranscriptFacts> = {
  newFacts: newTranscriptFacts,
  readLines: readTranscriptLines,
};

function readLine(line: Buffer, facts: TranscriptFacts): void {
  if (line.length === 0) return;
  if (line.length > MAX_LINE_BYTES) {
    facts.unreadableLines += 1;
    return;
  }
  if (HEAVY.test(line.toString('latin1', 0, 64))) return;
  const record = parseRecord(line.toString('utf8'));
  if (record === null) facts.unreadableLines += 1;
  else readRecord(record, facts);
}

function readRecord(record: JsonRecord, facts: TranscriptFacts): void {
  if (record['type'] === 'custom-title') facts.title = factOf(record['customTitle']) ?? facts.title;
  if (record['type'] === 'summary') facts.title ??= factOf(record['summary']);
  if (record['type'] !== 'user' && record['type'] !== 'assistant') return;
  facts.cwd = factOf(record['cwd']) ?? facts.cwd;
  facts.gitBranch = factOf(record['gitBranch']) ?? facts.gitBranch;
  facts.version = factOf(record['version']) ?? facts.version;
  const time = Date.parse(textOf(record['timestamp']) ?? '');
  if (!Number.isNaN(time)) {
    facts.createdAtMs ??= time;
    facts.updatedAtMs = Math.max(facts.updatedAtMs ?? 0, time);
  }
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
  if (text === '') return;
  if (record['type'] === 'user') facts.firstText ??= text.slice(0, MAX_TEXT_LENGTH);
  facts.lastText = text.slice(0, MAX_TEXT_LENGTH);
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

function factOf(value: unknown): string | null {
  return textOf(value)?.slice(0, MAX_FACT_LENGTH) ?? null;
}
