// Captures the sessions of Gemini CLI: each file to the byte, one item for all files with the same id.

import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
} from '../conversation/capture-conversations.ts';
import { DocumentReader, type DocumentMemory } from '../conversation/document-reader.ts';
import { textOf } from '../conversation/json-record.ts';
import { toProblems } from '../conversation/list-files.ts';
import { LogReader, type LogMemory } from '../conversation/log-reader.ts';
import { readFiles, type ConversationFile, type ReadingRoom } from '../conversation/read-files.ts';
import type { CaptureContext, Host, SourceCapture } from '../source.ts';
import { conversationKey, GEMINI, geminiFolder, TRANSCRIPT } from './gemini-paths.ts';
import { listSessions, type Session, type SessionFile, type SessionIdMemory } from './list-sessions.ts';
import { bindSessions, findGeminiClients, type LiveSessions, type StartedSession } from './live-sessions.ts';
import { newSessionFacts, parseSessionObject, SESSION_FORMAT, type SessionFacts } from './parse-session.ts';

const MAY_BE_OPEN =
  'A Gemini CLI that runs in its folder may have it open; which one it has, and so its terminal, cannot be told.';

/** What is remembered between captures. */
export interface GeminiMemory {
  readonly ids: SessionIdMemory;
  readonly logs: LogMemory<SessionFacts>;
  readonly objects: DocumentMemory<SessionFacts>;
}

type FoundSession = Session & FoundConversation;

export function newGeminiMemory(): GeminiMemory {
  return { ids: new Map(), logs: new Map(), objects: new Map() };
}

export async function captureGemini(context: CaptureContext, memory: GeminiMemory): Promise<SourceCapture> {
  const geminiDir = geminiFolder(context.host);
  const { sessions, unreadable } = listSessions(geminiDir, memory.ids);
  const facts = new FactsReader(memory);
  const live = readLiveSessions(context.host, sessions, facts);
  return captureConversations<FoundSession>(context, {
    source: GEMINI,
    provider: 'google',
    untitled: 'Gemini CLI conversation',
    mainStream: TRANSCRIPT,
    found: sessions.map((session) => ({
      ...session,
      key: conversationKey(session.id),
      group: geminiDir,
      mtimeMs: Math.max(...session.files.map(({ mtimeMs }) => mtimeMs)),
    })),
    unreadable: toProblems(unreadable, context.previous),
    live: live.certain,
    read: (session, room) => readSession(session, room, facts, live),
    describe: ({ project }) => `A session in ${project}`,
  });
}

/** The sessions that run now. */
export function readLiveSessions(host: Host, sessions: readonly Session[], reader: FactsReader): LiveSessions {
  const clients = sessions.length === 0 ? [] : findGeminiClients(host);
  const folders = new Set(clients.map(({ cwd }) => cwd));
  const started = sessions
    .filter(({ cwd }) => folders.has(cwd))
    .map((session): StartedSession => ({
      session,
      facts: session.files.flatMap((file) => reader.tryRead(file) ?? []),
    }));
  return bindSessions(clients, started, geminiFolder(host));
}

/** Reads what the files of sessions say, one capture long. */
export class FactsReader {
  readonly #logs: LogReader<SessionFacts>;
  readonly #objects: DocumentReader<SessionFacts>;

  constructor(memory: GeminiMemory) {
    this.#logs = new LogReader(memory.logs, SESSION_FORMAT);
    this.#objects = new DocumentReader(memory.objects, parseSessionObject);
  }

  /** @throws NodeJS.ErrnoException, AppError SOURCE_UNREADABLE */
  read({ path, isObject }: SessionFile): { readonly facts: SessionFacts; readonly isComplete: boolean } {
    if (!isObject) return this.#logs.read(path);
    const facts = this.#objects.read(path);
    return facts === null ? { facts: newSessionFacts(), isComplete: false } : { facts, isComplete: true };
  }

  /** Null where the file cannot be read; who captures it says why. */
  tryRead(file: SessionFile): SessionFacts | null {
    try {
      return this.read(file).facts;
    } catch {
      return null;
    }
  }
}

function readSession(
  session: FoundSession,
  room: ReadingRoom,
  reader: FactsReader,
  live: LiveSessions,
): ConversationReading | 'empty' | null {
  const told = session.files.map((file) => reader.read(file));
  const isComplete = told.every((one) => one.isComplete);
  // Of equal ones the first: the file that the session was begun in.
  const { facts } = told.reduce((best, one) => (one.facts.messages > best.facts.messages ? one : best));
  // Every start makes a file before anything is said.
  const isEmpty = told.every((one) => one.facts.messages + one.facts.unreadableLines === 0);
  if (isComplete && isEmpty && room.previous === undefined) return 'empty';
  const main = textOf(room.previous?.attributes['file']) ?? session.files[0]?.place ?? '';
  const read = readFiles(toFiles(session, main), room);
  if (read === null) return null;
  const attributes = {
    project: session.project,
    file: main,
    ...(live.possible.has(session.id) ? { terminalNote: MAY_BE_OPEN } : {}),
    ...(session.subagents.length > 0 ? { subagents: session.subagents.length } : {}),
  };
  return { ...read, facts: { ...facts, cwd: session.cwd }, isComplete, attributes };
}

function toFiles({ files, subagents }: Session, main: string): ConversationFile[] {
  return [
    ...files.map(({ path, place, name, isObject }): ConversationFile => {
      return { stream: place === main ? TRANSCRIPT : `parts/${name}`, path, kind: isObject ? 'blob' : 'append' };
    }),
    ...subagents.map(({ path, place }): ConversationFile => {
      return { stream: `subagents/${place.slice(place.lastIndexOf('/') + 1)}`, path, kind: 'append' };
    }),
  ];
}
