// Captures the sessions of the Cline CLI: the messages, and the file that says what the session is. The settings beside them, which hold
// keys, are never opened.

import { dirname } from 'node:path';

import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
  type LiveConversation,
} from '../conversation/capture-conversations.ts';
import { newConversationFacts, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { DocumentReader, type DocumentMemory } from '../conversation/document-reader.ts';
import { factsOfMessages } from '../conversation/facts-of-messages.ts';
import { listFiles, toProblems, type ListedFile, type UnreadablePlace } from '../conversation/list-files.ts';
import { baseName } from '../conversation/program-processes.ts';
import { readFiles, type ConversationFile, type ReadingRoom } from '../conversation/read-files.ts';
import type { CaptureContext, Host, SourceCapture } from '../source.ts';
import { CLINE, clineFolder, conversationKey, MESSAGES_FILE, SESSION, SESSION_ID, TRANSCRIPT } from './cline-paths.ts';
import { readLiveSessions, type ToldSession } from './live-sessions.ts';
import { readMessages } from './read-messages.ts';
import { parseSessionFile, type SessionFile } from './session-file.ts';

export interface ClineSession extends ListedFile {
  readonly id: string;
  /** The file that says what the session is; null where there is none. */
  readonly about: ListedFile | null;
}

export interface SessionList {
  readonly sessions: readonly ClineSession[];
  readonly unreadable: readonly UnreadablePlace[];
}

/** What is remembered between captures. */
export interface ClineMemory {
  readonly messages: DocumentMemory<ConversationFacts>;
  readonly about: DocumentMemory<SessionFile>;
}

type FoundSession = ClineSession & FoundConversation;

export function newClineMemory(): ClineMemory {
  return { messages: new Map(), about: new Map() };
}

/** Lists all sessions. @throws AppError SOURCE_UNREADABLE where it cannot be told which there are */
export function listSessions(clineDir: string): SessionList {
  const messages = listFiles(clineDir, { folder: 'sessions', names: [SESSION_ID, MESSAGES_FILE] });
  const about = listFiles(clineDir, { folder: 'sessions', names: [SESSION_ID, /^[^.]+\.json$/] });
  const aboutByPlace = new Map(about.found.map((file) => [file.place, file]));
  const sessions = messages.found.flatMap((file): ClineSession[] => {
    const id = baseName(dirname(file.place));
    if (baseName(file.place) !== `${id}.messages.json`) return [];
    return [{ ...file, id, about: aboutByPlace.get(`sessions/${id}/${id}.json`) ?? null }];
  });
  return { sessions, unreadable: messages.unreadable };
}

export async function captureCline(context: CaptureContext, memory: ClineMemory): Promise<SourceCapture> {
  const clineDir = clineFolder(context.host);
  const { sessions, unreadable } = listSessions(clineDir);
  const messages = new DocumentReader(memory.messages, (bytes) => factsOfMessages(readMessages(bytes)));
  const about = new DocumentReader(memory.about, parseSessionFile);
  return captureConversations<FoundSession>(context, {
    source: CLINE,
    provider: null,
    untitled: 'Cline conversation',
    mainStream: TRANSCRIPT,
    found: sessions.map((session) => ({ ...session, key: conversationKey(session.id), group: clineDir })),
    unreadable: toProblems(unreadable, context.previous),
    live: readRunningSessions(context.host, sessions, about),
    read: (session, room) => readSession(session, room, { messages, about }),
    describe: ({ place }) => place,
  });
}

/** The sessions that Cline works on now, by id. */
export function readRunningSessions(
  host: Host,
  sessions: readonly ClineSession[],
  about: DocumentReader<SessionFile>,
): Map<string, LiveConversation> {
  const told = sessions.flatMap((session): ToldSession[] => {
    const file = tryRead(about, session);
    return file === null ? [] : [{ id: session.id, file, writtenAtMs: session.about?.mtimeMs ?? 0 }];
  });
  return readLiveSessions(host, told);
}

function readSession(
  session: FoundSession,
  room: ReadingRoom,
  readers: { readonly messages: DocumentReader<ConversationFacts>; readonly about: DocumentReader<SessionFile> },
): ConversationReading | null {
  const files: ConversationFile[] = [{ stream: TRANSCRIPT, path: session.path, kind: 'blob' }];
  if (session.about !== null) files.push({ stream: SESSION, path: session.about.path, kind: 'blob' });
  const read = readFiles(files, room);
  if (read === null) return null;
  const told = readers.messages.read(session.path);
  const facts = told ?? newConversationFacts();
  const about = tryRead(readers.about, session);
  return {
    ...read,
    facts: {
      ...facts,
      title: about?.title ?? about?.prompt ?? null,
      provider: about?.provider ?? null,
      model: facts.model ?? about?.model ?? null,
      cwd: about?.cwd ?? null,
      gitBranch: about?.gitBranch ?? null,
      version: about?.version ?? null,
    },
    isComplete: told !== null,
    attributes: { file: session.place },
  };
}

function tryRead(reader: DocumentReader<SessionFile>, { about }: ClineSession): SessionFile | null {
  try {
    return about === null ? null : reader.read(about.path);
  } catch {
    return null; // gone in between
  }
}
