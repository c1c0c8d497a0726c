// Reads aider's history of a project as messages, the chats one after another.

import { createMessage, type ConversationMessage, type ReadConversation } from '../conversation/message.ts';
import { readChatLines, toChatLine, type ChatLine } from './chat-lines.ts';

export function readHistory(bytes: Uint8Array): ReadConversation {
  const messages: ConversationMessage[] = [];
  let speaker: 'user' | 'aider' | 'model' | null = null;
  let lines: string[] = [];
  const end = (): void => {
    const text = lines.join('\n').trim();
    if (speaker !== null && text !== '') messages.push(toMessage(speaker, text, messages.length));
    lines = [];
  };
  const take = (line: ChatLine): void => {
    const next = line.type === 'start' ? null : line.type;
    if (next === null || next !== speaker) end();
    speaker = next;
    if (line.type !== 'start') lines.push(line.text);
  };
  const used = readChatLines(bytes, take);
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + used, bytes.byteLength - used).toString('utf8');
  if (rest !== '') take(toChatLine(rest));
  end();
  return { messages, unreadableLines: 0 };
}

/** What aider says of itself is the program's, not the model's. */
function toMessage(speaker: 'user' | 'aider' | 'model', text: string, index: number): ConversationMessage {
  return createMessage({
    id: `message-${index}`,
    role: speaker === 'model' ? 'assistant' : 'user',
    timeMs: null,
    model: null,
    isMeta: speaker === 'aider',
    parts: [{ type: 'text', text }],
  });
}
