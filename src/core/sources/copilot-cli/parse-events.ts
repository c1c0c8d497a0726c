// What is told of a session of Copilot CLI without reading it again. Total: what is no record is counted.

import {
  addText,
  addTime,
  factOf,
  newConversationFacts,
  type ConversationFacts,
} from '../conversation/conversation-facts.ts';
import type { JsonRecord } from '../conversation/json-record.ts';
import type { LogFormat } from '../conversation/log-reader.ts';
import { readRecordLines } from '../conversation/record-lines.ts';
import { toEntry, type EventEntry } from './event-entries.ts';

/** Stands among the open calls while the model is at work. */
const TURN = 'turn';

/** Takes in whole lines; gives the number of bytes used, up to and with the last line end. */
export function readEventLines(bytes: Uint8Array, facts: ConversationFacts): number {
  return readRecordLines(bytes, {
    take: (event) => readEvent(event, facts),
    skip: () => (facts.unreadableLines += 1),
  });
}

export const EVENT_FORMAT: LogFormat<ConversationFacts> = { newFacts: newConversationFacts, readLines: readEventLines };

function readEvent(event: JsonRecord, facts: ConversationFacts): void {
  addTime(event['timestamp'], facts);
  const entry = toEntry(event);
  if (entry !== null) addEntry(entry, facts);
}

function addEntry(entry: EventEntry, facts: ConversationFacts): void {
  switch (entry.type) {
    case 'session':
      facts.openToolCalls.clear();
      facts.cwd = factOf(entry.context['cwd']) ?? facts.cwd;
      facts.gitBranch = factOf(entry.context['branch']) ?? facts.gitBranch;
      facts.version = factOf(entry.data['copilotVersion']) ?? facts.version;
      facts.model = factOf(entry.data['selectedModel']) ?? facts.model;
      return;
    case 'turn':
      facts.openToolCalls.clear();
      if (entry.isOpen) facts.openToolCalls.add(TURN);
      return;
    case 'result':
      facts.openToolCalls.delete(entry.callId);
      return;
    case 'message': {
      if (entry.isMeta || entry.parts.length === 0) return;
      facts.messages += 1;
      facts.model = factOf(entry.model) ?? facts.model;
      const texts = entry.parts.flatMap((part) => (part.type === 'text' ? [part.text.trim()] : []));
      addText(entry.role, texts.join('\n'), facts);
      for (const part of entry.parts) if (part.type === 'tool-call') facts.openToolCalls.add(part.call.id);
      return;
    }
  }
}
