// A conversation as it was, in windows: a long one has thousands of messages, and a person reads its end.

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PreviewContext, Source } from '../source.ts';
import type { ConversationMessage, MessagePart, ToolCall } from './message.ts';
import { isReadCut } from './read-end.ts';

const MAX_INPUT_LENGTH = 8_000;
const MAX_TEXT_LENGTH = 200_000;
/** Beyond these nothing of an input would be shown anyway; deeper nesting would make its indented text grow with the square. */
const MAX_INPUT_DEPTH = 20;
const MAX_INPUT_ENTRIES = 2_000;
/** The last moment whose year has four digits. */
const MAX_TIME_MS = Date.UTC(10_000, 0) - 1;

type ConversationPreview = Extract<Preview, { type: 'conversation' }>;
type PreviewMessage = ConversationPreview['messages'][number];
type PreviewPart = PreviewMessage['parts'][number];

/** The preview of a source's conversations, which reads them as the source does. */
export function createConversationPreview(
  readConversation: NonNullable<Source['readConversation']>,
): (item: SnapshotItem, context: PreviewContext) => Promise<ConversationPreview> {
  return async (item, context) => ({
    ...previewMessages((await readConversation(item, context)).messages, context),
    ...(isReadCut(item) ? { isCut: true } : {}),
  });
}

/** The window of the messages that is wanted: the newest ones where none is named. */
export function previewMessages(
  messages: readonly ConversationMessage[],
  context: Pick<PreviewContext, 'firstIndex' | 'limit'>,
): ConversationPreview {
  const limit = Math.max(0, Math.trunc(context.limit));
  const wanted = context.firstIndex ?? messages.length - limit;
  const firstIndex = Math.min(Math.max(0, Math.trunc(wanted)), messages.length);
  return {
    type: 'conversation',
    messages: messages.slice(firstIndex, firstIndex + limit).map(toPreviewMessage),
    firstIndex,
    messageCount: messages.length,
  };
}

function toPreviewMessage({ role, isMeta, timeMs, model, parts }: ConversationMessage): PreviewMessage {
  const isTold = timeMs !== null && timeMs >= 0 && timeMs <= MAX_TIME_MS;
  return {
    role: isMeta ? 'system' : role,
    ...(isTold ? { at: new Date(timeMs).toISOString() } : {}),
    ...(model === null ? {} : { model }),
    parts: parts.flatMap(toPreviewParts),
  };
}

function toPreviewParts(part: MessagePart): PreviewPart[] {
  switch (part.type) {
    case 'text':
    case 'thinking':
      return [{ type: part.type, text: shorten(part.text, MAX_TEXT_LENGTH) }];
    case 'image':
      return [part];
    case 'tool-call':
      return toCallParts(part.call);
  }
}

/** The result stands with its call, where a person looks for it. */
function toCallParts({ name, input, result, isError, images }: ToolCall): PreviewPart[] {
  return [
    { type: 'tool-call', name, input: toInputText(input) },
    ...(result === null ? [] : [{ type: 'tool-result', text: result, isError } as const]),
    ...images.map((image): PreviewPart => ({ type: 'image', ...image })),
  ];
}

function toInputText(input: unknown): string {
  return shorten(JSON.stringify(toShown(input, MAX_INPUT_DEPTH), null, 2) ?? '', MAX_INPUT_LENGTH);
}

function toShown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_INPUT_LENGTH);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_INPUT_ENTRIES).map((entry) => toShown(entry, depth - 1));
  const entries = Object.entries(value).slice(0, MAX_INPUT_ENTRIES);
  return Object.fromEntries(entries.map(([name, entry]) => [name, toShown(entry, depth - 1)]));
}

function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
