// Reads a task of Cline's extension for VS Code: the conversation with the model is a list of messages, and a history beside all tasks
// says what each was asked for. Source: the extension's own code (`api_conversation_history.json`, `taskHistory.json`). Total.

import { toConversation } from '../cline/read-messages.ts';
import { factOf } from '../conversation/conversation-facts.ts';
import { parseListBytes, textOf } from '../conversation/json-record.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { MAX_DOCUMENT_MEMORY_BYTES, MAX_LINE_MEMORY_BYTES } from '../host/json-memory.ts';

/** What the extension's history says of a task. */
export interface TaskFacts {
  readonly title: string | null;
  readonly model: string | null;
  readonly cwd: string | null;
}

export function readTask(bytes: Uint8Array): ReadConversation {
  const messages = parseListBytes(bytes, MAX_DOCUMENT_MEMORY_BYTES);
  return messages === null ? { messages: [], unreadableLines: 1 } : toConversation(messages);
}

/** By task; empty where it makes no sense. */
export function parseTaskHistory(bytes: Uint8Array): ReadonlyMap<string, TaskFacts> {
  const tasks = parseListBytes(bytes, MAX_LINE_MEMORY_BYTES) ?? [];
  return new Map(
    tasks.flatMap((task): [string, TaskFacts][] => {
      const id = textOf(task['id']);
      const facts = {
        title: factOf(task['task']),
        model: factOf(task['modelId']),
        cwd: factOf(task['cwdOnTaskInitialization']),
      };
      return id === null ? [] : [[id, facts]];
    }),
  );
}
