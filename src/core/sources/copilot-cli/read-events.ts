// Reads the events of a session as the conversation that a person had. Total.

import { toTimeMs } from '../conversation/conversation-facts.ts';
import { textOf } from '../conversation/json-record.ts';
import { MessageList } from '../conversation/message-list.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { readAllRecords } from '../conversation/record-lines.ts';
import { toEntry } from './event-entries.ts';

export function readEvents(bytes: Uint8Array): ReadConversation {
  const list = new MessageList();
  let unreadableLines = 0;
  readAllRecords(bytes, {
    take: (event) => {
      const entry = toEntry(event);
      if (entry?.type === 'result')
        list.addResult(entry.callId, { text: entry.text, isError: entry.isError, images: [] });
      if (entry?.type !== 'message') return;
      const message = { ...entry, id: textOf(event['id']), timeMs: toTimeMs(event['timestamp']) };
      if (entry.role === 'user') list.addUser(message);
      else list.addAssistant('text', message);
    },
    skip: () => (unreadableLines += 1),
  });
  return { messages: list.messages(), unreadableLines };
}
