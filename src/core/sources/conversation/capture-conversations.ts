// Captures the conversations of one tool, newest first, as far as there is room: what cannot be read keeps its last good state, and
// what the tool has deleted stays, since the vault's copy is then the only one left.

import type { ItemKey, SourceId } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { whyUnreadable } from '../host/read-file.ts';
import type { CaptureContext, PreviousItem, SourceCapture, SourceProblem } from '../source.ts';
import type { ConversationFacts } from './conversation-facts.ts';
import { keptItem } from './kept-item.ts';
import type { ReadingRoom, ReadStreams } from './read-files.ts';
import type { RunningConversation } from './restore-conversation.ts';

/** In characters; what is longer is cut there. */
export const MAX_TITLE_LENGTH = 120;
/** Attributes that are read from a conversation's content. */
const FACT_NAMES = [
  'provider',
  'model',
  'cwd',
  'gitBranch',
  'version',
  'messageCount',
  'firstMessage',
  'lastMessage',
  'createdAtMs',
  'updatedAtMs',
  'isMidTurn',
  'unreadableLines',
] as const;

/** A conversation before it is read. */
export interface FoundConversation {
  readonly key: ItemKey;
  /** The tool's own id, as its resume command wants it. */
  readonly id: string;
  /** See `CapturedItem.group`. */
  readonly group: string;
  readonly mtimeMs: number;
}

/** A process that has a conversation open, with what it says of itself. */
export interface LiveConversation extends RunningConversation {
  /** Clock ticks since boot: together with the pid it names one process for good. */
  readonly startTime: number;
  /** What the tool calls the conversation; null where it says nothing. */
  readonly name: string | null;
  readonly status: string | null;
  /** Why no terminal is named, as a sentence, where the conversation may be shown in one. */
  readonly terminalNote?: string;
}

/** A conversation as it was read. */
export interface ConversationReading extends ReadStreams {
  readonly facts: ConversationFacts;
  /** False where the facts do not tell of all of it yet: until then the earlier ones count. */
  readonly isComplete: boolean;
  /** What only this tool tells. */
  readonly attributes: JsonObject;
}

/** How the conversations of one tool are captured. */
export interface ConversationCapture<Found extends FoundConversation> {
  readonly source: SourceId;
  /** Who makes the models, where the conversation does not say. */
  readonly provider: string | null;
  /** The title of a conversation that says nothing. */
  readonly untitled: string;
  /** The stream without which there is no conversation. */
  readonly mainStream: string;
  /** In any order; of several with the same key the newest counts. */
  readonly found: readonly Found[];
  /** What was listed and cannot be looked at: no sign that it was deleted. */
  readonly unreadable: readonly SourceProblem[];
  /** By id. */
  readonly live: ReadonlyMap<string, LiveConversation>;
  /**
   * Reads one; null where there is no room for it and nothing of it is stored, `empty` where nobody has said
   * anything and nothing of it is stored.
   * @throws NodeJS.ErrnoException, AppError SOURCE_UNREADABLE where it cannot be read
   */
  read(found: Found, room: ReadingRoom): ConversationReading | 'empty' | null;
  /** Names one in a sentence, before "could not be read": `A transcript in api`. */
  describe(found: Found): string;
}

export async function captureConversations<Found extends FoundConversation>(
  context: CaptureContext,
  capture: ConversationCapture<Found>,
): Promise<SourceCapture> {
  const { source } = capture;
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  const captured = new Set<ItemKey>();
  const previous = new Map(context.previous.map((item) => [item.key, item]));
  let maxBytes = context.maxBytes;
  let waiting = 0;
  for (const found of capture.found.toSorted((a, b) => b.mtimeMs - a.mtimeMs)) {
    context.signal.throwIfAborted();
    const { key } = found;
    if (captured.has(key)) continue;
    captured.add(key);
    const before = previous.get(key);
    if (maxBytes <= 0 && context.known(key, capture.mainStream) === undefined && before === undefined) {
      waiting += 1; // an item without its transcript would look like a saved one
      continue;
    }
    try {
      const reading = capture.read(found, { context, key, previous: before, maxBytes });
      if (reading === 'empty') continue;
      if (reading === null) {
        const message = `${capture.describe(found)} has changed and is taken in at the next captures.`;
        if (before === undefined) waiting += 1;
        else problems.push({ reason: 'partial', message, key });
        continue;
      }
      maxBytes -= reading.readBytes;
      items.push(toItem(capture, found, reading, before));
      problems.push(...reading.problems);
      if (reading.missing !== null) problems.push({ reason: 'partial', message: reading.missing });
    } catch (error) {
      const message = `${capture.describe(found)} could not be read: ${whyUnreadable(error)}.`;
      problems.push({ reason: 'unreadable', message, key });
    }
    // Many conversations take a while the first time: others get their turn.
    if (items.length % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
  }
  if (waiting > 0) {
    problems.push({ reason: 'partial', message: `${waiting} older conversations are taken in at the next captures.` });
  }
  for (const problem of capture.unreadable) {
    if (problem.key === undefined || !captured.has(problem.key)) problems.push(problem);
    if (problem.key !== undefined) captured.add(problem.key);
  }
  for (const item of context.previous) if (!captured.has(item.key)) items.push(keptItem(context, item, source));
  return { items, problems, closed: [] };
}

function toItem<Found extends FoundConversation>(
  capture: ConversationCapture<Found>,
  found: Found,
  reading: ConversationReading,
  previous: PreviousItem | undefined,
): CapturedItem {
  const { facts } = reading;
  const live = capture.live.get(found.id);
  const title = oneLine(facts.title ?? live?.name ?? facts.firstText ?? capture.untitled);
  // After a start the facts are read anew, in several captures where there is much: until then the earlier ones count.
  const isEarlier = !reading.isComplete && previous !== undefined;
  return {
    key: found.key,
    kind: 'conversation',
    source: capture.source,
    group: found.group,
    title: isEarlier ? previous.title : title,
    attributes: {
      id: found.id,
      ...factAttributes(facts, capture.provider, found.mtimeMs),
      ...reading.attributes,
      ...liveAttributes(live),
      ...(isEarlier ? earlierFacts(previous) : {}),
      ...(reading.missing === null ? {} : { isPartial: true }),
    },
    streams: reading.streams,
  };
}

function factAttributes(facts: ConversationFacts, provider: string | null, mtimeMs: number): JsonObject {
  return {
    provider: facts.provider ?? provider,
    model: facts.model,
    cwd: facts.cwd,
    gitBranch: facts.gitBranch,
    version: facts.version,
    messageCount: facts.messages,
    firstMessage: facts.firstText,
    lastMessage: facts.lastText,
    createdAtMs: facts.createdAtMs,
    updatedAtMs: facts.updatedAtMs ?? Math.round(mtimeMs),
    ...(facts.openToolCalls.size > 0 ? { isMidTurn: true } : {}),
    ...(facts.unreadableLines > 0 ? { unreadableLines: facts.unreadableLines } : {}),
  };
}

function liveAttributes(live: LiveConversation | undefined): JsonObject {
  if (live === undefined) return { isLive: false };
  const { pid, startTime, status, tty, terminalNote } = live;
  return {
    isLive: true,
    pid,
    procStart: startTime,
    status,
    ...(tty === null ? {} : { tty }),
    ...(terminalNote === undefined ? {} : { terminalNote }),
  };
}

function earlierFacts(previous: PreviousItem): JsonObject {
  return Object.fromEntries(FACT_NAMES.map((name) => [name, previous.attributes[name]]));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_TITLE_LENGTH);
}
