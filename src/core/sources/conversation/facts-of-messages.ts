// The facts of a conversation that is read as a whole each time it has changed.

import { addText, factOf, newConversationFacts, type ConversationFacts } from './conversation-facts.ts';
import type { ReadConversation } from './message.ts';

/** Stands among the open calls where the model has something to say. */
const TURN = 'turn';

export function factsOfMessages({ messages, unreadableLines }: ReadConversation): ConversationFacts {
  const facts = { ...newConversationFacts(), unreadableLines };
  const shown = messages.filter(({ isMeta, isSidechain }) => !isMeta && !isSidechain);
  for (const { role, text, timeMs, model } of shown) {
    facts.messages += 1;
    facts.model = factOf(model) ?? facts.model;
    addText(role, text.trim(), facts);
    if (timeMs === null) continue;
    facts.createdAtMs ??= timeMs;
    facts.updatedAtMs = Math.max(facts.updatedAtMs ?? 0, timeMs);
  }
  const last = shown.at(-1);
  if (last?.role === 'user') facts.openToolCalls.add(TURN);
  for (const { id, result } of last?.toolCalls ?? []) if (result === null) facts.openToolCalls.add(id);
  return facts;
}
