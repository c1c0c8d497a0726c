// A session as a document: Markdown to read, JSON to read back.

import { toFileName } from '../../shared/text/file-name.ts';
import type { ConversationMessage, ToolCall } from '../sources/conversation/message.ts';
import { isRecord } from '../sources/conversation/json-record.ts';
import type { Session } from './session.ts';
import type { SessionMessages } from './read-messages.ts';

export const EXPORT_FORMATS = ['markdown', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const MAX_RESULT = 4_000;
/** The last moment that a date can be. */
const MAX_TIME_MS = 8.64e15;

export function exportSession(
  session: Session,
  { messages, partial }: Pick<SessionMessages, 'messages' | 'partial'>,
  format: ExportFormat,
): string {
  if (format === 'json') return `${JSON.stringify(toDocument(session, messages, partial), null, 2)}\n`;
  const facts = [
    ['Tool', session.tool],
    ['Model', session.model],
    ['Project', session.project],
    ['Folder', session.folder],
    ['Status', session.status],
    ['Created', toIso(session.createdAtMs)],
    ['Updated', toIso(session.updatedAtMs)],
  ].filter(([, value]) => value !== null);
  const parts = [
    `# ${oneLine(session.name)}`,
    facts.map(([name, value]) => `- ${name}: ${oneLine(value ?? '')}`).join('\n'),
    ...(session.systemPrompt === null ? [] : [`## System prompt\n\n${session.systemPrompt}`]),
    ...messages
      .filter(({ isSidechain }) => !isSidechain)
      .map((message) => toMarkdown(message, partial.has(message.id))),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A file name for it: letters, digits and dashes of its name. */
export function exportFileName({ name, id }: Session, format: ExportFormat): string {
  const words = toFileName(name, 60);
  return `${words === '' ? 'session' : words}-${id.slice(0, 8)}.${format === 'json' ? 'json' : 'md'}`;
}

function toDocument(session: Session, messages: readonly ConversationMessage[], partial: ReadonlySet<string>): object {
  return {
    id: session.id,
    name: session.name,
    provider: session.provider,
    tool: session.tool,
    externalId: session.externalId,
    model: session.model,
    systemPrompt: session.systemPrompt,
    project: session.project,
    folder: session.folder,
    status: session.status,
    createdAt: toIso(session.createdAtMs),
    updatedAt: toIso(session.updatedAtMs),
    details: session.details,
    messages: messages.map(({ id, role, timeMs, model, text, toolCalls, isMeta, isSidechain }) => ({
      id,
      role: isMeta ? 'system' : role,
      at: timeMs === null ? null : toIso(timeMs),
      model,
      content: text,
      ...(toolCalls.length === 0 ? {} : { toolCalls: toolCalls.map(toCallDocument) }),
      ...(isSidechain ? { isSidechain } : {}),
      ...(partial.has(id) ? { isPartial: true } : {}),
    })),
  };
}

function toCallDocument({ id, name, input, result, isError }: ToolCall): object {
  return { id, name, input, result, isError };
}

function toMarkdown(message: ConversationMessage, isPartial: boolean): string {
  const who = message.isMeta ? 'System' : message.role === 'user' ? 'User' : 'Assistant';
  const when = message.timeMs === null ? '' : ` · ${toIso(message.timeMs)}`;
  const body = message.parts.flatMap((part): string[] => {
    switch (part.type) {
      case 'text':
        return part.text === '' ? [] : [part.text];
      case 'thinking':
        return [quote(`Thinking: ${part.text}`)];
      case 'image':
        return [`*Image, ${part.mediaType}, ${part.sizeBytes} bytes*`];
      case 'tool-call':
        return toolCallLines(part.call);
    }
  });
  return [`## ${who}${when}`, ...body, ...(isPartial ? ['*The answer was broken off here.*'] : [])].join('\n\n');
}

function toolCallLines({ name, input, result, isError }: ToolCall): string[] {
  const asked = isRecord(input) || Array.isArray(input) ? JSON.stringify(input, null, 2) : String(input);
  const answered = result === null ? 'no result' : result.slice(0, MAX_RESULT);
  return [`**Tool: ${oneLine(name)}**`, fence(asked, 'json'), ...(isError ? ['It failed:'] : []), fence(answered, '')];
}

/** A fence longer than any in the text, so that the text cannot end it. */
function fence(text: string, language: string): string {
  const longest = [...text.matchAll(/`{3,}/g)].reduce((most, [ticks]) => Math.max(most, ticks.length), 2);
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text}\n${ticks}`;
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function toIso(timeMs: number): string {
  return new Date(Math.abs(timeMs) <= MAX_TIME_MS ? timeMs : 0).toISOString();
}
