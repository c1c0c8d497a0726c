// What is told of a conversation without reading it again, the same for every tool: how it is called, where it ran, how it begins and
// ends, and whether it stands in the middle of a turn.

import { beginningOf, RecentIds } from './bounded-text.ts';
import { textOf } from './json-record.ts';
import type { LogFacts } from './log-reader.ts';

const MAX_TEXT_LENGTH = 500;
/** Folders, branches, models: whatever a hostile transcript claims, the attributes stay small. */
const MAX_FACT_LENGTH = 4096;
/** More calls than any model makes at once. */
const MAX_OPEN_CALLS = 1_000;

/** Grows as the conversation grows. */
export interface ConversationFacts extends LogFacts {
  /** Null where only the tool is known to belong to one. */
  provider: string | null;
  model: string | null;
  cwd: string | null;
  gitBranch: string | null;
  /** Of the program that wrote it. */
  version: string | null;
  title: string | null;
  /** Messages of the person and of the model, as a person would count them. */
  messages: number;
  firstText: string | null;
  lastText: string | null;
  createdAtMs: number | null;
  updatedAtMs: number | null;
  /** Tool calls that have no result yet: the conversation stands in the middle of a turn. */
  readonly openToolCalls: RecentIds;
}

export function newConversationFacts(): ConversationFacts {
  return {
    provider: null,
    model: null,
    cwd: null,
    gitBranch: null,
    version: null,
    title: null,
    messages: 0,
    unreadableLines: 0,
    firstText: null,
    lastText: null,
    createdAtMs: null,
    updatedAtMs: null,
    openToolCalls: new RecentIds(MAX_OPEN_CALLS),
  };
}

/** A text of a file as a fact; null for what is none. */
export function factOf(value: unknown): string | null {
  const text = textOf(value);
  return text === null ? null : beginningOf(text, MAX_FACT_LENGTH);
}

/** Takes in when something was said: a date as text or milliseconds since 1970; anything else tells nothing. */
export function addTime(value: unknown, facts: ConversationFacts): void {
  const timeMs = toTimeMs(value);
  if (timeMs === null) return;
  facts.createdAtMs ??= timeMs;
  facts.updatedAtMs = Math.max(facts.updatedAtMs ?? 0, timeMs);
}

/** A moment as tools write it; null where it is none. */
export function toTimeMs(value: unknown): number | null {
  const timeMs = typeof value === 'string' ? Date.parse(value) : value;
  return typeof timeMs === 'number' && Number.isFinite(timeMs) ? Math.trunc(timeMs) : null;
}

/** Takes in what was said. */
export function addText(role: 'user' | 'assistant', text: string, facts: ConversationFacts): void {
  if (text === '') return;
  facts.lastText = beginningOf(text, MAX_TEXT_LENGTH);
  if (role === 'user') facts.firstText ??= facts.lastText;
}
