// Captures the sessions of Continue. It writes a session only when something was said, holds no file open and names no process: which
// session a running one has cannot be told.

import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
} from '../conversation/capture-conversations.ts';
import { newConversationFacts, toTimeMs, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { DocumentReader, type DocumentMemory } from '../conversation/document-reader.ts';
import { isRecord, parseJsonText } from '../conversation/json-record.ts';
import { listFiles, toProblems, type FileList, type ListedFile } from '../conversation/list-files.ts';
import { baseName, findProgramProcesses, type ProgramProcess } from '../conversation/program-processes.ts';
import { readFiles, type ReadingRoom } from '../conversation/read-files.ts';
import type { RunningConversation } from '../conversation/restore-conversation.ts';
import { ttyPath } from '../host/proc.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { CaptureContext, Host, SourceCapture } from '../source.ts';
import { CONTINUE, continueFolder, conversationKey, SESSION_FILE, TRANSCRIPT } from './continue-paths.ts';
import { parseSessionFacts } from './read-session.ts';

const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAY_BE_OPEN =
  'A Continue that runs in its folder may have it open; Continue does not say which one it has, so its terminal cannot be told.';

type FoundSession = FoundConversation & ListedFile;

/** Lists all sessions. @throws AppError SOURCE_UNREADABLE where it cannot be told which there are */
export function listSessions(continueDir: string): FileList {
  return listFiles(continueDir, { folder: 'sessions', names: [SESSION_FILE] });
}

export async function captureContinue(
  context: CaptureContext,
  memory: DocumentMemory<ConversationFacts>,
): Promise<SourceCapture> {
  const continueDir = continueFolder(context.host);
  const { found, unreadable } = listSessions(continueDir);
  const reader = new DocumentReader(memory, parseSessionFacts);
  const created = found.length === 0 ? new Map<string, number>() : readCreationTimes(continueDir);
  const clients = found.length === 0 ? [] : findClients(context.host);
  return captureConversations<FoundSession>(context, {
    source: CONTINUE,
    provider: null,
    untitled: 'Continue conversation',
    mainStream: TRANSCRIPT,
    found: found.map((file) => {
      const id = sessionIdOf(file);
      return { ...file, id, key: conversationKey(id), group: continueDir };
    }),
    unreadable: toProblems(unreadable, context.previous),
    live: new Map(),
    read: (session, room) => readOne(session, room, { reader, created, clients }),
    describe: ({ place }) => place,
  });
}

/** Sessions that a running Continue may have open: of its folder, and written to since it was started. */
export function readPossiblyRunning(host: Host): Map<string, RunningConversation> {
  const clients = findClients(host);
  const running = new Map<string, RunningConversation>();
  if (clients.length === 0) return running;
  const reader = new DocumentReader<ConversationFacts>(new Map(), parseSessionFacts);
  for (const file of listSessions(continueFolder(host)).found) {
    const client = findClient(clients, file, () => tryReadFolder(reader, file.path));
    if (client === undefined) continue;
    const { pid, ttyNumber } = client.process;
    running.set(sessionIdOf(file), { pid, tty: ttyPath(ttyNumber), isUncertain: true });
  }
  return running;
}

interface Readers {
  readonly reader: DocumentReader<ConversationFacts>;
  readonly created: ReadonlyMap<string, number>;
  readonly clients: readonly ProgramProcess[];
}

function readOne(session: FoundSession, room: ReadingRoom, readers: Readers): ConversationReading | null {
  const read = readFiles([{ stream: TRANSCRIPT, path: session.path, kind: 'blob' }], room);
  if (read === null) return null;
  const told = readers.reader.read(session.path);
  const facts = told ?? newConversationFacts();
  const createdAtMs = readers.created.get(session.id) ?? facts.createdAtMs;
  const client = findClient(readers.clients, session, () => facts.cwd);
  return {
    ...read,
    facts: { ...facts, createdAtMs },
    isComplete: told !== null,
    attributes: { file: session.place, ...(client === undefined ? {} : { terminalNote: MAY_BE_OPEN }) },
  };
}

function findClients(host: Host): ProgramProcess[] {
  return findProgramProcesses(host, (path) => baseName(path) === 'cn' || path.includes('/@continuedev/cli/'));
}

function findClient(
  clients: readonly ProgramProcess[],
  file: ListedFile,
  cwd: () => string | null,
): ProgramProcess | undefined {
  const later = clients.filter(({ startedAtMs }) => (startedAtMs ?? 0) <= file.mtimeMs);
  const folder = later.length === 0 ? null : cwd();
  return later.find((client) => client.cwd !== null && client.cwd === folder);
}

function tryReadFolder(reader: DocumentReader<ConversationFacts>, path: string): string | null {
  try {
    return reader.read(path)?.cwd ?? null;
  } catch {
    return null; // gone in between
  }
}

/** When sessions were begun, which stands in their list only. */
function readCreationTimes(continueDir: string): Map<string, number> {
  try {
    const list = parseJsonText(readRegularFile(`${continueDir}/sessions/sessions.json`, MAX_LIST_BYTES).toString());
    return new Map(
      (Array.isArray(list) ? list : []).flatMap((entry: unknown): [string, number][] => {
        if (!isRecord(entry) || typeof entry['sessionId'] !== 'string') return [];
        const written = entry['dateCreated'];
        const timeMs = toTimeMs(typeof written === 'string' && /^\d+$/.test(written) ? Number(written) : written);
        return timeMs === null ? [] : [[entry['sessionId'], timeMs]];
      }),
    );
  } catch {
    return new Map(); // being written, or not there
  }
}

function sessionIdOf({ place }: ListedFile): string {
  return SESSION_FILE.exec(baseName(place))?.[1] ?? '';
}
