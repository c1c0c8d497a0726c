// Reads a rollout as the conversation that a person had. Total: whatever the bytes are, the answer is bounded by them.

import { zstdDecompressSync } from 'node:zlib';

import { isRecord, parseRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import { MessageList } from '../conversation/message-list.ts';
import { dataUrlImage, type MessagePart, type ReadConversation } from '../conversation/message.ts';
import { readAllRecords } from '../conversation/record-lines.ts';
import { toTimeMs } from '../conversation/conversation-facts.ts';
import { toEntry, type RolloutEntry } from './rollout-entries.ts';

const MAX_UNPACKED_BYTES = 96 * 1024 * 1024;
const FAILED = /^(?:Exit code: |.*\bexited with code )(?!0\b)\d/m;

export function readRollout(bytes: Uint8Array): ReadConversation {
  const list = new MessageList();
  let unreadableLines = 0;
  let model: string | null = null;
  let hasSession = false;
  readAllRecords(bytes, {
    take: (record) => {
      const entry = toEntry(record);
      if (entry?.type === 'session' && !hasSession) addOrigin(entry.meta, list);
      hasSession ||= entry?.type === 'session';
      if (entry?.type === 'context') model = textOf(entry.context['model']) ?? model;
      if (entry !== null) addEntry(entry, list, { timeMs: toTimeMs(record['timestamp']), model });
    },
    skip: () => (unreadableLines += 1),
  });
  return { messages: list.messages(), unreadableLines };
}

/** Since 2026 a fork does not hold what was said before it, but says where that stands. */
function addOrigin(meta: JsonRecord, list: MessageList): void {
  const origin = textOf(meta['forked_from_id']);
  if (origin === null || typeof meta['forked_from_ordinal_exclusive'] !== 'number') return;
  const text = `Forked from conversation ${origin}: what was said before stands there.`;
  list.addUser({ id: null, timeMs: null, model: null, isMeta: true, parts: [{ type: 'text', text }] });
}

function addEntry(
  entry: RolloutEntry,
  list: MessageList,
  said: { readonly timeMs: number | null; readonly model: string | null },
): void {
  switch (entry.type) {
    case 'session':
    case 'context':
    case 'turn':
      return;
    case 'message': {
      const parts = partsOfContent(entry.content);
      if (entry.role === 'user') list.addUser({ ...said, id: entry.id, parts, isMeta: entry.isMeta });
      else list.addAssistant('text', { ...said, id: entry.id, parts });
      return;
    }
    case 'thinking':
      list.addAssistant('thinking', { ...said, id: null, parts: [{ type: 'thinking', text: entry.text }] });
      return;
    case 'call':
      list.addCall(
        { ...said, id: null },
        { id: entry.id, name: entry.name, input: entry.input, ...(entry.hasResult ? {} : { result: '' }) },
      );
      return;
    case 'result':
      list.addResult(entry.id, toResult(entry.output));
      return;
    case 'rollback':
      list.dropTurns(entry.turns);
      return;
  }
}

/** The text of a message's content. */
export function textOfContent(content: readonly JsonRecord[]): string {
  return content
    .flatMap((part) => textOf(part['text']) ?? [])
    .join('\n')
    .trim();
}

export function partsOfContent(content: readonly JsonRecord[]): MessagePart[] {
  return content.flatMap(toPart);
}

function toPart(part: JsonRecord): MessagePart[] {
  const image = dataUrlImage(part['image_url']);
  if (image !== null) return [{ type: 'image', ...image }];
  const text = textOf(part['text']);
  return text === null || text.trim() === '' ? [] : [{ type: 'text', text }];
}

/** A text, a text that is JSON with an exit code, or items of content. */
function toResult(output: unknown): Parameters<MessageList['addResult']>[1] {
  const packed = typeof output === 'string' ? parseOutput(output) : isRecord(output) ? output : null;
  const content = packed?.['content'] ?? packed?.['output'] ?? output;
  const parts = Array.isArray(content) ? content.filter((part) => isRecord(part)) : [];
  const text = Array.isArray(content) ? textOfContent(parts) : typeof content === 'string' ? content : '';
  const exitCode = isRecord(packed?.['metadata']) ? packed['metadata']['exit_code'] : undefined;
  const isError =
    packed?.['success'] === false || (typeof exitCode === 'number' ? exitCode !== 0 : FAILED.test(text.slice(0, 400)));
  return { text, isError, images: parts.flatMap((part) => dataUrlImage(part['image_url']) ?? []) };
}

function parseOutput(text: string): JsonRecord | null {
  return text.startsWith('{') ? parseRecord(text) : null;
}

/** The bytes of a rollout that Codex has packed; null where they cannot be unpacked or are too many. */
export function unpackRollout(bytes: Uint8Array): Buffer | null {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    return null;
  }
}
