// What is told of a session of Gemini CLI without reading it again.

import {
  addText,
  addTime,
  factOf,
  newConversationFacts,
  type ConversationFacts,
} from '../conversation/conversation-facts.ts';
import type { JsonRecord } from '../conversation/json-record.ts';
import type { LogFormat } from '../conversation/log-reader.ts';
import { callsOf, toMessage } from './read-session.ts';
import { SessionLog } from './session-log.ts';

/** Stands among the open calls while the model has something to say. */
const TURN = 'turn';
const MAX_TEXT_LENGTH = 500;
const ENDED: ReadonlySet<unknown> = new Set(['success', 'error', 'cancelled']);

/** What is remembered of a message. */
interface ToldMessage {
  readonly role: 'user' | 'assistant' | 'program' | null;
  readonly text: string;
  readonly timeMs: number | null;
  readonly model: string | null;
  /** True where something must follow. */
  readonly isOpen: boolean;
}

export interface SessionFacts extends ConversationFacts {
  readonly log: SessionLog<ToldMessage>;
}

export function newSessionFacts(): SessionFacts {
  return { ...newConversationFacts(), log: new SessionLog(toTold) };
}

/** Takes in whole lines; gives the number of bytes used, up to and with the last line end. */
export function readSessionLines(bytes: Uint8Array, facts: SessionFacts): number {
  const used = facts.log.readLines(bytes);
  tell(facts);
  return used;
}

export const SESSION_FORMAT: LogFormat<SessionFacts> = { newFacts: newSessionFacts, readLines: readSessionLines };

/** The facts of a file of before 2026. */
export function parseSessionObject(bytes: Uint8Array): SessionFacts {
  const facts = newSessionFacts();
  facts.log.readAll(bytes, { isObject: true });
  tell(facts);
  return facts;
}

function toTold(record: JsonRecord, id: string): ToldMessage {
  const { role, text, timeMs, model, isMeta, parts } = toMessage(record, id);
  const isUnanswered = record['type'] === 'gemini' && parts.length === 0;
  const isRunning = callsOf(record).some((call) => !ENDED.has(call['status']));
  return {
    role: parts.length === 0 ? null : isMeta ? 'program' : role,
    text: text.trim().slice(0, MAX_TEXT_LENGTH),
    timeMs,
    model: factOf(model),
    isOpen: (record['type'] === 'user' && !isMeta) || isUnanswered || isRunning,
  };
}

/** Operations change earlier messages, so what they tell together is told anew. */
function tell(facts: SessionFacts): void {
  const { log } = facts;
  Object.assign(facts, { ...newConversationFacts(), title: factOf(log.summary), unreadableLines: log.unreadableLines });
  let isOpen = false;
  for (const { role, text, timeMs, model, isOpen: isThisOpen } of log.messages) {
    isOpen = isThisOpen;
    addTime(timeMs, facts);
    if (role === null || role === 'program') continue;
    facts.messages += 1;
    facts.model = model ?? facts.model;
    addText(role, text, facts);
  }
  if (isOpen) facts.openToolCalls.add(TURN);
}
