// What is told of a rollout without reading it again. Total: what is no record is counted.

import {
  addText,
  addTime,
  factOf,
  newConversationFacts,
  type ConversationFacts,
} from '../conversation/conversation-facts.ts';
import { isRecord, type JsonRecord } from '../conversation/json-record.ts';
import type { LogFormat } from '../conversation/log-reader.ts';
import { readRecordLines } from '../conversation/record-lines.ts';
import { placeStep, type TurnShape, type TurnStep } from '../conversation/turn-shape.ts';
import { partsOfContent, textOfContent } from './read-rollout.ts';
import { toEntry, type RolloutEntry } from './rollout-entries.ts';

/** Stands among the open calls while Codex works on a turn. */
const TURN = 'turn';
/** Turns that can be taken back. */
const MAX_TURN_STARTS = 10_000;

export interface RolloutFacts extends ConversationFacts {
  /** The conversation that this one was forked from. */
  forkedFrom: string | null;
  /** What it was begun with: `codex-tui`, `codex_exec` ... */
  originator: string | null;
  shape: TurnShape;
  /** How many messages there were before each of the newest turns. */
  readonly turnStarts: number[];
  hasSession: boolean;
}

export function newRolloutFacts(): RolloutFacts {
  return {
    ...newConversationFacts(),
    forkedFrom: null,
    originator: null,
    shape: 'none',
    turnStarts: [],
    hasSession: false,
  };
}

/** Takes in whole lines; gives the number of bytes used, up to and with the last line end. */
export function readRolloutLines(bytes: Uint8Array, facts: RolloutFacts): number {
  return readRecordLines(bytes, {
    take: (record) => readRecord(record, facts),
    skip: () => (facts.unreadableLines += 1),
  });
}

export const ROLLOUT_FORMAT: LogFormat<RolloutFacts> = { newFacts: newRolloutFacts, readLines: readRolloutLines };

function readRecord(record: JsonRecord, facts: RolloutFacts): void {
  const entry = toEntry(record);
  addTime(record['timestamp'], facts);
  if (entry !== null) addEntry(entry, facts);
}

function addEntry(entry: RolloutEntry, facts: RolloutFacts): void {
  switch (entry.type) {
    case 'session':
      // A fork holds the first lines of what it was forked from, too.
      if (!facts.hasSession) addSession(entry.meta, facts);
      return;
    case 'context':
      facts.cwd = factOf(entry.context['cwd']) ?? facts.cwd;
      facts.model = factOf(entry.context['model']) ?? facts.model;
      return;
    case 'turn':
      facts.openToolCalls.clear();
      if (entry.isOpen) facts.openToolCalls.add(TURN);
      return;
    case 'rollback':
      facts.messages = facts.turnStarts.splice(-entry.turns)[0] ?? facts.messages;
      facts.shape = 'none';
      return;
    case 'message':
      if (entry.isMeta || partsOfContent(entry.content).length === 0) return;
      if (entry.role === 'user') facts.turnStarts.push(facts.messages);
      if (facts.turnStarts.length > 2 * MAX_TURN_STARTS) facts.turnStarts.splice(0, MAX_TURN_STARTS);
      addStep(entry.role === 'user' ? 'user' : 'text', facts);
      addText(entry.role, textOfContent(entry.content), facts);
      return;
    case 'thinking':
      addStep('thinking', facts);
      return;
    case 'call':
      addStep('call', facts);
      if (entry.hasResult) facts.openToolCalls.add(entry.id);
      return;
    case 'result':
      addStep('result', facts);
      facts.openToolCalls.delete(entry.id);
      return;
  }
}

function addSession(meta: JsonRecord, facts: RolloutFacts): void {
  facts.hasSession = true;
  facts.cwd = factOf(meta['cwd']);
  facts.version = factOf(meta['cli_version']);
  facts.gitBranch = isRecord(meta['git']) ? factOf(meta['git']['branch']) : null;
  facts.originator = factOf(meta['originator']);
  facts.forkedFrom = factOf(meta['forked_from_id']);
}

function addStep(step: TurnStep, facts: RolloutFacts): void {
  const { shape, begins } = placeStep(facts.shape, step);
  facts.shape = shape;
  if (begins) facts.messages += 1;
}
