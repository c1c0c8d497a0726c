// What is told of a session of Gemini CLI without reading it again.

import {
  addText,
  addTime,
  factOf,
  newConversationFacts,
  type ConversationFacts,
} from '../conversation/conversation-facts.ts';
import { beginningOf } from '../conversation/bounded-text.ts';
import type { JsonRecord } from '../conversation/json-record.ts';
import type { LogFormat } from '../conversation/log-reader.ts';
import { callsOf, toMessage } from './read-session.ts';
import { SessionLog } from './session-log.ts';

/** Stands among the open calls while the model has something to say. */
const TURN = 'turn';
const MAX_TEXT_LENGTH = 500;
const ENDED: ReadonlySet<unknown> = new Set(['success', 'error', 'cancelled']);

/** Messages that Gemini CLI may change or take back still. */
const KEPT_MESSAGES = 500;

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
  /** What messages tell that are not remembered one by one. */
  readonly older: ConversationFacts;
  readonly log: SessionLog<ToldMessage>;
}

export function newSessionFacts(): SessionFacts {
  const older = newConversationFacts();
  const log = new SessionLog(toTold, {
    keep: KEPT_MESSAGES,
    add: (message) => addTold(message, older),
    clear: () => Object.assign(older, newConversationFacts()),
  });
  return { ...newConversationFacts(), older, log };
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
    text: beginningOf(text.trim(), MAX_TEXT_LENGTH),
    timeMs,
    model: factOf(model),
    isOpen: (record['type'] === 'user' && !isMeta) || isUnanswered || isRunning,
  };
}

/** Operations change earlier messages, so what they tell together is told anew. */
function tell(facts: SessionFacts): void {
  const { log, older } = facts;
  const { openToolCalls } = newConversationFacts();
  Object.assign(facts, {
    ...older,
    title: factOf(log.summary),
    unreadableLines: log.unreadableLines,
    openToolCalls,
  });
  let isOpen = false;
  for (const message of log.messages) {
    isOpen = message.isOpen;
    addTold(message, facts);
  }
  if (isOpen) facts.openToolCalls.add(TURN);
}

function addTold({ role, text, timeMs, model }: ToldMessage, facts: ConversationFacts): void {
  addTime(timeMs, facts);
  if (role === null || role === 'program') return;
  facts.messages += 1;
  facts.model = model ?? facts.model;
  addText(role, text, facts);
}
