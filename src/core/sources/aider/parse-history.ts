// What is told of aider's history of a project without reading it again.

import { beginningOf } from '../conversation/bounded-text.ts';
import { factOf, newConversationFacts, type ConversationFacts } from '../conversation/conversation-facts.ts';
import type { LogFormat } from '../conversation/log-reader.ts';
import { readChatLines, type ChatLine } from './chat-lines.ts';

/** Stands among the open calls while the person waits for an answer. */
const TURN = 'turn';
const MAX_TEXT_LENGTH = 500;
const VERSION = /^Aider v(\d[0-9a-z.+-]{0,40})/i;
const MODEL = /^(?:Main model|Model): (\S{1,200}) with /;

export interface HistoryFacts extends ConversationFacts {
  /** Whose lines come just now; null at a start. */
  speaker: 'user' | 'aider' | 'model' | null;
  /** What was said so far; empty until it is more than blank lines. */
  said: string;
  /** Messages of the person since the last start. */
  asked: number;
  isFirstAsked: boolean;
}

export function newHistoryFacts(): HistoryFacts {
  return { ...newConversationFacts(), speaker: null, said: '', asked: 0, isFirstAsked: true };
}

/** Takes in whole lines; gives the number of bytes used, up to and with the last line end. */
export function readHistoryLines(bytes: Uint8Array, facts: HistoryFacts): number {
  return readChatLines(bytes, (line) => addLine(line, facts));
}

export const HISTORY_FORMAT: LogFormat<HistoryFacts> = { newFacts: newHistoryFacts, readLines: readHistoryLines };

function addLine(line: ChatLine, facts: HistoryFacts): void {
  if (line.type === 'start') {
    facts.createdAtMs ??= line.timeMs;
    facts.speaker = null;
    facts.said = '';
    facts.asked = 0;
    facts.openToolCalls.clear();
    return;
  }
  if (line.type !== facts.speaker) facts.said = '';
  facts.speaker = line.type;
  if (facts.said === '' && line.text.trim() === '') return;
  const isNew = facts.said === '';
  if (facts.said.length < MAX_TEXT_LENGTH)
    facts.said += beginningOf(`${isNew ? '' : '\n'}${line.text}`, MAX_TEXT_LENGTH);
  if (line.type === 'aider') addNotice(line.text, facts);
  else addSaid(line.type, isNew, facts);
}

function addSaid(speaker: 'user' | 'model', isNew: boolean, facts: HistoryFacts): void {
  const text = facts.said.trim().slice(0, MAX_TEXT_LENGTH);
  facts.lastText = text;
  if (isNew) facts.messages += 1;
  facts.openToolCalls.clear();
  if (speaker === 'model') return;
  facts.openToolCalls.add(TURN);
  if (isNew) facts.asked += 1;
  // Begins the newest chat, which tells most of what the project is about now.
  if (facts.asked === 1) facts.title = text;
  if (isNew && facts.firstText !== null) facts.isFirstAsked = false;
  if (facts.isFirstAsked) facts.firstText = text;
}

function addNotice(text: string, facts: HistoryFacts): void {
  facts.openToolCalls.clear();
  if (!/^(?:Aider v|Main model: |Model: )/i.test(text)) return;
  facts.version = factOf(VERSION.exec(text)?.[1]) ?? facts.version;
  facts.model = factOf(MODEL.exec(text)?.[1]) ?? facts.model;
  // Models of other makers bear the name of their maker: `anthropic/claude-...`.
  facts.provider = facts.model?.includes('/') === true ? (facts.model.split('/')[0] ?? null) : facts.provider;
}
