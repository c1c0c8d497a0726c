// Reads a transcript as the conversation that a person had: the messages of the current branch, in order. Transcripts are trees
// (an edited prompt begins a branch), cut by compactions and torn lines. Total: whatever the bytes are, the answer is bounded by them.

import type { SnapshotItem } from '../../../shared/model/item.ts';
import { isRecord, textOf, type JsonRecord } from '../conversation/json-record.ts';
import {
  base64Image,
  type ConversationMessage,
  type MessageImage,
  type MessagePart,
  type ReadConversation,
  type ToolCall,
} from '../conversation/message.ts';
import { readAllRecords } from '../conversation/record-lines.ts';
import type { PreviewContext } from '../source.ts';
import { TRANSCRIPT } from './claude-paths.ts';
import { contentText } from './parse-transcript.ts';

const MAX_RESULT_LENGTH = 16 * 1024;
/** Copies of what was sent to the model: most of the bytes, none of the messages. */
const HEAVY =
  /^\{"type":"(?:api-request|api-request-shape|api-request-blob|file-history-snapshot|cost-state|tools-used)"/;

interface Tree {
  readonly records: Map<string, JsonRecord>;
  /** The record before it in the file, for a parent whose line is torn. */
  readonly before: Map<string, string>;
  readonly byMessageId: Map<string, JsonRecord[]>;
  /** Blocks of tool results, by the call's id. */
  readonly results: Map<string, JsonRecord>;
  last: string | null;
  lastOfSubagent: string | null;
  unreadableLines: number;
}

/** A conversation as the vault has it. */
export async function readClaudeConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasTranscript = item.streams.some((stream) => stream.name === TRANSCRIPT);
  return hasTranscript ? readMessages(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}

/** Gives the messages of the current branch; those of a subagent where the bytes are its transcript. */
export function readMessages(bytes: Uint8Array): ReadConversation {
  const tree = readTree(bytes);
  const branch = walkBranch(tree);
  const seen = new Set<string>();
  const messages: ConversationMessage[] = [];
  for (const record of branch) {
    const message = toMessage(record, tree, seen);
    if (message !== null) messages.push(message);
  }
  return { messages, unreadableLines: tree.unreadableLines };
}

function readTree(bytes: Uint8Array): Tree {
  const tree: Tree = {
    records: new Map(),
    before: new Map(),
    byMessageId: new Map(),
    results: new Map(),
    last: null,
    lastOfSubagent: null,
    unreadableLines: 0,
  };
  let newest: string | null = null;
  readAllRecords(bytes, {
    take: (record) => (newest = addRecord(record, newest, tree)),
    skip: () => (tree.unreadableLines += 1),
    heavy: HEAVY,
  });
  return tree;
}

/** Gives the newest record of the tree after this one. */
function addRecord(record: JsonRecord, newest: string | null, tree: Tree): string | null {
  // Written when a turn ends or a prompt is taken back: what follows it in the file is newer still.
  const leaf = record['type'] === 'last-prompt' ? textOf(record['leafUuid']) : null;
  if (leaf !== null && tree.records.has(leaf)) tree.last = leaf;
  const uuid = textOf(record['uuid']);
  if (uuid === null || tree.records.has(uuid)) return newest; // a copy, as after a fork
  tree.records.set(uuid, record);
  if (newest !== null) tree.before.set(uuid, newest);
  if (record['isSidechain'] === true) tree.lastOfSubagent = uuid;
  else tree.last = uuid;
  const id = textOf(messageOf(record)['id']);
  const parts = id === null ? undefined : tree.byMessageId.get(id);
  if (parts !== undefined) parts.push(record);
  else if (id !== null) tree.byMessageId.set(id, [record]);
  for (const block of blocksOf(record)) {
    const call = block['type'] === 'tool_result' ? textOf(block['tool_use_id']) : null;
    if (call !== null) tree.results.set(call, block);
  }
  return uuid;
}

/** From the leaf up to the root, over compactions; a circle ends it. */
function walkBranch(tree: Tree): JsonRecord[] {
  const branch: JsonRecord[] = [];
  const seen = new Set<string>();
  let uuid = tree.last ?? tree.lastOfSubagent;
  while (uuid !== null && !seen.has(uuid)) {
    seen.add(uuid);
    const record = tree.records.get(uuid);
    if (record === undefined) break;
    branch.push(record);
    const parent = textOf(record['parentUuid']) ?? textOf(record['logicalParentUuid']);
    uuid = parent === null || tree.records.has(parent) ? parent : (tree.before.get(uuid) ?? null);
  }
  return branch.toReversed();
}

/** One message of the model is split over several records, which need not all lie on the branch. */
function toMessage(record: JsonRecord, tree: Tree, seen: Set<string>): ConversationMessage | null {
  const role = record['type'];
  const uuid = textOf(record['uuid']);
  if ((role !== 'user' && role !== 'assistant') || uuid === null) return null;
  const id = role === 'assistant' ? textOf(messageOf(record)['id']) : null;
  if (id !== null && seen.has(id)) return null;
  if (id !== null) seen.add(id);
  const records = id === null ? [record] : (tree.byMessageId.get(id) ?? [record]);
  const parts = records.flatMap((part) => partsOf(part, tree));
  if (parts.length === 0) return null;
  const texts = records.map((part) => contentText(messageOf(part)['content'])).filter((text) => text !== '');
  const time = Date.parse(textOf(record['timestamp']) ?? '');
  return {
    id: uuid,
    role,
    timeMs: Number.isNaN(time) ? null : time,
    model: textOf(messageOf(record)['model']),
    text: texts.join('\n'),
    parts,
    toolCalls: parts.flatMap((part) => (part.type === 'tool-call' ? [part.call] : [])),
    isMeta: record['isMeta'] === true || record['isCompactSummary'] === true,
    isSidechain: record['isSidechain'] === true,
  };
}

function partsOf(record: JsonRecord, tree: Tree): MessagePart[] {
  const content = messageOf(record)['content'];
  if (typeof content === 'string') return content.trim() === '' ? [] : [{ type: 'text', text: content }];
  return blocksOf(record).flatMap((block) => partOf(block, tree) ?? []);
}

/** Null for what is shown elsewhere (results stand with their calls), is empty or of no known kind. */
function partOf(block: JsonRecord, tree: Tree): MessagePart | null {
  switch (block['type']) {
    case 'text':
    case 'thinking': {
      const text = textOf(block[block['type']]);
      return text === null || text.trim() === '' ? null : { type: block['type'], text };
    }
    case 'tool_use': {
      const id = textOf(block['id']);
      return id === null ? null : { type: 'tool-call', call: toCall(id, block, tree.results.get(id)) };
    }
    case 'image':
      return { type: 'image', ...toImage(block) };
    default:
      return null;
  }
}

function toCall(id: string, block: JsonRecord, result: JsonRecord | undefined): ToolCall {
  const content = result?.['content'];
  const blocks = Array.isArray(content) ? content.filter((part) => isRecord(part)) : [];
  return {
    id,
    name: textOf(block['name']) ?? '',
    input: block['input'],
    result: result === undefined ? null : contentText(content).slice(0, MAX_RESULT_LENGTH),
    isError: result?.['is_error'] === true,
    images: blocks.filter((part) => part['type'] === 'image').map(toImage),
  };
}

function toImage(block: JsonRecord): MessageImage {
  const source = isRecord(block['source']) ? block['source'] : {};
  return base64Image(textOf(source['media_type']) ?? '', textOf(source['data']) ?? '');
}

function messageOf(record: JsonRecord): JsonRecord {
  return isRecord(record['message']) ? record['message'] : {};
}

function blocksOf(record: JsonRecord): JsonRecord[] {
  const content = messageOf(record)['content'];
  return Array.isArray(content) ? content.filter((block) => isRecord(block)) : [];
}
