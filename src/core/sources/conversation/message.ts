// A conversation with an AI tool as messages, whatever the tool's own format is. What previews, sessions, exports and searches read.

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** What the model asked for, as it stands in the transcript. */
  readonly input: unknown;
  /** What the tool gave back, shortened; null where the conversation ended before it did. */
  readonly result: string | null;
  readonly isError: boolean;
  /** Images that it gave back. */
  readonly images: readonly MessageImage[];
}

/** An image is told of, not read. */
export interface MessageImage {
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** A message's content in its order. */
export type MessagePart =
  | { readonly type: 'text' | 'thinking'; readonly text: string }
  | { readonly type: 'tool-call'; readonly call: ToolCall }
  | ({ readonly type: 'image' } & MessageImage);

export interface ConversationMessage {
  /** The tool's own id of the message; unique within the conversation. */
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly timeMs: number | null;
  /** Null for a person's message, and where the transcript does not say. */
  readonly model: string | null;
  /** The text parts, joined by line ends. */
  readonly text: string;
  readonly parts: readonly MessagePart[];
  /** The calls among the parts. */
  readonly toolCalls: readonly ToolCall[];
  /** Written by the program, not by the person: reminders, summaries of a compaction, context. */
  readonly isMeta: boolean;
  /** Of a subagent. */
  readonly isSidechain: boolean;
}

export interface ReadConversation {
  /** The current branch, in order; those of a subagent only where its own transcript was read. */
  readonly messages: readonly ConversationMessage[];
  /** Lines, records or rows that could not be read: torn, spliced, of no known shape. */
  readonly unreadableLines: number;
}

/** Tells of an image in a `data:` URL; null for anything else. */
export function dataUrlImage(url: unknown): MessageImage | null {
  if (typeof url !== 'string') return null;
  const match = /^data:([a-z0-9.+/-]{1,100});base64,/i.exec(url.slice(0, 200));
  if (match?.[1] === undefined) return null;
  return base64Image(match[1], url.slice(match[0].length));
}

/** Tells of an image whose bytes stand as base64. */
export function base64Image(mediaType: string, base64: string): MessageImage {
  return { mediaType, sizeBytes: Math.floor((base64.replace(/={1,2}$/, '').length * 3) / 4) };
}

/** Completes a message from its parts. */
export function createMessage(
  message: Omit<ConversationMessage, 'text' | 'toolCalls' | 'isSidechain'>,
): ConversationMessage {
  const texts = message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const toolCalls = message.parts.flatMap((part) => (part.type === 'tool-call' ? [part.call] : []));
  return { ...message, text: texts.join('\n'), toolCalls, isSidechain: false };
}
