// Captures the conversations of Codex: each rollout to the byte, named by Codex' index, joined to the process that has it open.

import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
} from '../conversation/capture-conversations.ts';
import { DocumentReader, type DocumentMemory } from '../conversation/document-reader.ts';
import { listFiles, toProblems, type FileList } from '../conversation/list-files.ts';
import { LogReader, type LogMemory } from '../conversation/log-reader.ts';
import { readFiles, type ReadingRoom } from '../conversation/read-files.ts';
import type { CaptureContext, SourceCapture } from '../source.ts';
import {
  CODEX,
  codexFolder,
  conversationKey,
  PACKED_TRANSCRIPT,
  parseRolloutPath,
  ROLLOUT_PLACES,
  TRANSCRIPT,
} from './codex-paths.ts';
import { readLiveThreads } from './live-threads.ts';
import { newRolloutFacts, readRolloutLines, ROLLOUT_FORMAT, type RolloutFacts } from './parse-rollout.ts';
import { newThreadIndexMemory, readThreadIndex, type ThreadIndexMemory } from './thread-index.ts';
import { unpackRollout } from './read-rollout.ts';

/** What is remembered between captures. */
export interface CodexMemory {
  readonly logs: LogMemory<RolloutFacts>;
  readonly packed: DocumentMemory<RolloutFacts>;
  readonly index: ThreadIndexMemory;
}

interface FoundRollout extends FoundConversation {
  readonly path: string;
  readonly place: string;
  readonly isPacked: boolean;
}

export function newCodexMemory(): CodexMemory {
  return { logs: new Map(), packed: new Map(), index: newThreadIndexMemory() };
}

/** Lists all rollouts; opens none. @throws AppError SOURCE_UNREADABLE where it cannot be told which there are */
export function listRollouts(codexDir: string): FileList {
  const lists = ROLLOUT_PLACES.map((place) => listFiles(codexDir, place));
  return { found: lists.flatMap(({ found }) => found), unreadable: lists.flatMap(({ unreadable }) => unreadable) };
}

export async function captureCodex(context: CaptureContext, memory: CodexMemory): Promise<SourceCapture> {
  const codexDir = codexFolder(context.host);
  const { found, unreadable } = listRollouts(codexDir);
  const index = readThreadIndex(codexDir, memory.index);
  const logs = new LogReader(memory.logs, ROLLOUT_FORMAT);
  const packed = new DocumentReader(memory.packed, readPacked);
  return captureConversations<FoundRollout>(context, {
    source: CODEX,
    provider: 'openai',
    untitled: 'Codex conversation',
    mainStream: TRANSCRIPT,
    found: found.flatMap((file): FoundRollout[] => {
      const name = parseRolloutPath(file.path);
      return name === null ? [] : [{ ...file, ...name, key: conversationKey(name.id), group: codexDir }];
    }),
    unreadable: toProblems(unreadable, context.previous, (place) => {
      const id = parseRolloutPath(place)?.id;
      return id === undefined ? null : conversationKey(id);
    }),
    live: readLiveThreads(context.host, codexDir, index),
    read: (rollout, room) => readRollout(rollout, room, { logs, packed, title: index.get(rollout.id)?.title ?? null }),
    describe: ({ place }) => place,
  });
}

interface Readers {
  readonly logs: LogReader<RolloutFacts>;
  readonly packed: DocumentReader<RolloutFacts>;
  readonly title: string | null;
}

function readRollout(rollout: FoundRollout, room: ReadingRoom, readers: Readers): ConversationReading | null {
  const { path, place, isPacked } = rollout;
  const read = readFiles(
    [isPacked ? { stream: PACKED_TRANSCRIPT, path, kind: 'blob' } : { stream: TRANSCRIPT, path, kind: 'append' }],
    room,
  );
  if (read === null) return null;
  const { facts, isComplete } = isPacked ? readPackedFacts(path, readers.packed) : readers.logs.read(path);
  const attributes = {
    file: place,
    ...(place.startsWith('archived_sessions/') ? { isArchived: true } : {}),
    ...(facts.originator === null ? {} : { originator: facts.originator }),
    ...(facts.forkedFrom === null ? {} : { forkedFrom: facts.forkedFrom }),
  };
  return { ...read, facts: { ...facts, title: readers.title ?? facts.title }, isComplete, attributes };
}

function readPackedFacts(
  path: string,
  packed: DocumentReader<RolloutFacts>,
): { facts: RolloutFacts; isComplete: boolean } {
  const facts = packed.read(path);
  return facts === null ? { facts: newRolloutFacts(), isComplete: false } : { facts, isComplete: true };
}

function readPacked(bytes: Uint8Array): RolloutFacts {
  const facts = newRolloutFacts();
  const unpacked = unpackRollout(bytes);
  if (unpacked === null) facts.unreadableLines += 1;
  else readRolloutLines(unpacked, facts);
  return facts;
}
