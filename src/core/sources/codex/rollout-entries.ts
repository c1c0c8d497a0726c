// What a record of a rollout says. Codex writes most things twice (for the model and for its window); what the model was told and gave
// counts here. Versions before 2026 wrote the same items without an envelope.

import { isRecord, parseJsonText, recordsOf, textOf, type JsonRecord } from '../conversation/json-record.ts';

/** Texts in the user's name that Codex wrote, where the record does not say whose they are. */
const WRITTEN_BY_CODEX =
  /^\s*(?:# AGENTS\.md instructions|<(?:environment_context|user_instructions|skills_instructions|permissions instructions|turn_aborted|skill|apps_instructions|collaboration_mode|subagent_notification|user_shell_command)\b)/;
/** Calls that Codex never answers by a record of their own. */
const WITHOUT_RESULT = new Set(['web_search_call', 'image_generation_call', 'tool_search_call']);

export type RolloutEntry =
  | { readonly type: 'session'; readonly meta: JsonRecord }
  | { readonly type: 'context'; readonly context: JsonRecord }
  | {
      readonly type: 'message';
      readonly id: string | null;
      readonly role: 'user' | 'assistant';
      readonly isMeta: boolean;
      readonly content: readonly JsonRecord[];
    }
  | { readonly type: 'thinking'; readonly text: string }
  | {
      readonly type: 'call';
      readonly id: string;
      readonly name: string;
      readonly input: unknown;
      /** False for calls whose result stands nowhere. */
      readonly hasResult: boolean;
    }
  | { readonly type: 'result'; readonly id: string; readonly output: unknown }
  | { readonly type: 'turn'; readonly isOpen: boolean }
  | { readonly type: 'rollback'; readonly turns: number };

/** Null for what tells nothing of the conversation, or is of no known shape. */
export function toEntry(record: JsonRecord): RolloutEntry | null {
  const payload = isRecord(record['payload']) ? record['payload'] : null;
  if (payload === null) return toOldEntry(record);
  switch (record['type']) {
    case 'session_meta':
      return { type: 'session', meta: payload };
    case 'turn_context':
      return { type: 'context', context: payload };
    case 'response_item':
      return toItem(payload);
    case 'event_msg':
      return toEvent(payload);
    case 'compacted':
      return toSummary(payload);
    default:
      return null;
  }
}

function toOldEntry(record: JsonRecord): RolloutEntry | null {
  if (record['type'] !== undefined) return toItem(record);
  return textOf(record['id']) !== null && textOf(record['timestamp']) !== null
    ? { type: 'session', meta: record }
    : null;
}

function toItem(item: JsonRecord): RolloutEntry | null {
  const type = textOf(item['type']) ?? '';
  const id = textOf(item['call_id']) ?? textOf(item['id']);
  switch (type) {
    case 'message':
      return toMessage(item);
    case 'reasoning': {
      const text = [...recordsOf(item['summary']), ...recordsOf(item['content'])].flatMap(
        (part) => textOf(part['text']) ?? [],
      );
      return text.length === 0 ? null : { type: 'thinking', text: text.join('\n') };
    }
    case 'function_call':
    case 'custom_tool_call':
    case 'local_shell_call':
    case 'web_search_call':
    case 'image_generation_call':
    case 'tool_search_call':
      return id === null ? null : toCall(type, id, item);
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
      return id === null ? null : { type: 'result', id, output: item['output'] };
    default:
      return null;
  }
}

function toCall(type: string, id: string, item: JsonRecord): RolloutEntry {
  const input = item['arguments'] ?? item['input'] ?? item['action'];
  return {
    type: 'call',
    id,
    name: textOf(item['name']) ?? type.replace(/_call$/, ''),
    input: typeof input === 'string' ? parseInput(input) : input,
    hasResult: !WITHOUT_RESULT.has(type),
  };
}

function toMessage(item: JsonRecord): RolloutEntry {
  const content = recordsOf(item['content']);
  const role = item['role'] === 'assistant' ? 'assistant' : 'user';
  const isMeta = role === 'user' && (item['role'] !== 'user' || isWrittenByCodex(item, content));
  return { type: 'message', id: textOf(item['id']), role, isMeta, content };
}

function isWrittenByCodex(item: JsonRecord, content: readonly JsonRecord[]): boolean {
  const passed = item['internal_chat_message_metadata_passthrough'];
  const kinds = isRecord(passed) ? passed['content_item_kinds'] : undefined;
  if (Array.isArray(kinds)) return !kinds.some((kind) => typeof kind === 'string' && kind.startsWith('user.'));
  return WRITTEN_BY_CODEX.test(textOf(content[0]?.['text']) ?? '');
}

function toEvent(payload: JsonRecord): RolloutEntry | null {
  switch (payload['type']) {
    case 'task_started':
    case 'turn_started':
      return { type: 'turn', isOpen: true };
    case 'task_complete':
    case 'turn_complete':
    case 'turn_aborted':
      return { type: 'turn', isOpen: false };
    case 'thread_rolled_back': {
      const turns = payload['num_turns'];
      return typeof turns === 'number' && Number.isSafeInteger(turns) && turns > 0 ? { type: 'rollback', turns } : null;
    }
    default:
      return null;
  }
}

/** What a compaction left of everything before it; that itself stays in the file. */
function toSummary(payload: JsonRecord): RolloutEntry | null {
  const text = textOf(payload['message']);
  if (text === null) return null;
  return { type: 'message', id: null, role: 'user', isMeta: true, content: [{ type: 'input_text', text }] };
}

function parseInput(text: string): unknown {
  const value = parseJsonText(text);
  return value === undefined ? text : value; // a patch, or torn by the model
}
