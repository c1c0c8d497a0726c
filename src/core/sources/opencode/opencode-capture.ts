// Captures the sessions of OpenCode. Which one a running program shows is known where it was started with it; one that was started
// without may show any of its folder, and is never guessed at.

import { statSync } from 'node:fs';

import type { CapturedStream } from '../../../shared/model/item.ts';
import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
  type LiveConversation,
} from '../conversation/capture-conversations.ts';
import { factOf, newConversationFacts, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { factsOfMessages } from '../conversation/facts-of-messages.ts';
import { baseName, findProgramProcesses, optionValue, type ProgramProcess } from '../conversation/program-processes.ts';
import type { ReadingRoom } from '../conversation/read-files.ts';
import type { RunningConversation } from '../conversation/restore-conversation.ts';
import { ttyPath } from '../host/proc.ts';
import type { CaptureContext, Host, SourceCapture } from '../source.ts';
import {
  conversationKey,
  databasePath,
  hasDatabase,
  opencodeFolder,
  OPENCODE,
  SESSION,
  SESSION_ID,
} from './opencode-paths.ts';
import { readSession } from './read-session.ts';
import { listStoredSessions, readStoredSession, type ListedSession } from './read-store.ts';

const MAY_SHOW =
  'An OpenCode that runs in its folder may show it; it does not say which one it shows, so its terminal cannot be told.';

type FoundSession = FoundConversation & { readonly listed: ListedSession };

/** What is remembered between captures: the list while the database stays as it is, and what sessions say. */
export interface OpencodeMemory {
  list: { readonly stamp: string; readonly sessions: readonly ListedSession[] } | null;
  readonly facts: Map<string, { readonly version: string; readonly facts: ConversationFacts }>;
}

export function newOpencodeMemory(): OpencodeMemory {
  return { list: null, facts: new Map() };
}

export async function captureOpencode(context: CaptureContext, memory: OpencodeMemory): Promise<SourceCapture> {
  const { host } = context;
  const path = databasePath(host);
  const sessions = listSessions(host, memory);
  const clients = findClients(host);
  return captureConversations<FoundSession>(context, {
    source: OPENCODE,
    provider: null,
    untitled: 'OpenCode conversation',
    mainStream: SESSION,
    found: sessions.map((listed) => ({
      listed,
      id: listed.id,
      key: conversationKey(listed.id),
      group: opencodeFolder(host),
      mtimeMs: listed.updatedAtMs,
    })),
    unreadable: [],
    live: findLive(clients),
    read: (found, room) => readOne(path, found.listed, room, { memory, clients }),
    describe: ({ listed }) => `The OpenCode session ${listed.id}`,
  });
}

/** All sessions that can be resumed by their id. @throws AppError SOURCE_UNREADABLE where they cannot be listed */
export function listSessions(host: Host, memory: OpencodeMemory): readonly ListedSession[] {
  if (!hasDatabase(host)) return [];
  const path = databasePath(host);
  const stamp = stampOf(path);
  if (memory.list?.stamp !== stamp) {
    const sessions = listStoredSessions(path).filter(({ id }) => SESSION_ID.test(id));
    // Written to meanwhile: the next look lists again.
    memory.list = stampOf(path) === stamp ? { stamp, sessions } : { stamp: '', sessions };
  }
  return memory.list.sessions;
}

/** Sessions that a process shows, and those that one of their folder may show. */
export function readRunning(host: Host): ReadonlyMap<string, RunningConversation> {
  const clients = findClients(host);
  if (clients.length === 0) return new Map();
  const running = new Map<string, RunningConversation>(findLive(clients));
  for (const session of listSessions(host, newOpencodeMemory())) {
    const client = mayShow(session, clients);
    if (client === undefined || running.has(session.id)) continue;
    const { pid, ttyNumber } = client.process;
    running.set(session.id, { pid, tty: ttyPath(ttyNumber), isUncertain: true });
  }
  return running;
}

function readOne(
  path: string,
  listed: ListedSession,
  room: ReadingRoom,
  { memory, clients }: { readonly memory: OpencodeMemory; readonly clients: readonly ProgramProcess[] },
): ConversationReading | 'empty' | null {
  const known = room.context.known(room.key, SESSION);
  const earlier = memory.facts.get(listed.id);
  if (known?.version === listed.version && earlier?.version === listed.version)
    return toReading(listed, earlier.facts, { type: 'unchanged' }, { clients, readBytes: 0, missing: null });
  const stored = readStoredSession(path, listed.id);
  if (stored === null) return 'empty'; // gone since it was listed: the next capture keeps what the vault has
  const { provider, ...read } = readSession(stored.bytes);
  if (read.messages.length === 0 && room.previous === undefined) return 'empty';
  const facts = { ...factsOfMessages(read), provider };
  memory.facts.set(listed.id, { version: listed.version, facts });
  if (stored.bytes.length > room.maxBytes && known === undefined) return null;
  const isTooMuch = stored.bytes.length > room.maxBytes;
  const missing = stored.isCut
    ? 'A part of an OpenCode session is too large to be kept.'
    : isTooMuch
      ? 'A conversation has changed and is taken in at the next captures.'
      : null;
  return isTooMuch
    ? toReading(listed, facts, { type: 'unchanged' }, { clients, readBytes: 0, missing })
    : toReading(
        listed,
        facts,
        { type: 'whole', bytes: stored.bytes },
        { clients, readBytes: stored.bytes.length, missing },
      );
}

interface ReadingRest {
  readonly clients: readonly ProgramProcess[];
  readonly readBytes: number;
  readonly missing: string | null;
}

function toReading(
  listed: ListedSession,
  facts: ConversationFacts,
  content: CapturedStream['content'],
  { clients, readBytes, missing }: ReadingRest,
): ConversationReading {
  const isStored = content.type === 'whole' || missing === null;
  const client = mayShow(listed, clients);
  return {
    streams: [{ name: SESSION, kind: 'blob', version: isStored ? listed.version : '', content }],
    readBytes,
    missing,
    problems: [],
    isComplete: true,
    facts: {
      ...newConversationFacts(),
      ...facts,
      title: factOf(listed.title),
      cwd: factOf(listed.directory),
      version: factOf(listed.programVersion),
      createdAtMs: listed.createdAtMs,
      updatedAtMs: listed.updatedAtMs,
    },
    attributes: {
      ...(listed.parentId === null ? {} : { parentId: listed.parentId }),
      ...(client === undefined ? {} : { terminalNote: MAY_SHOW }),
    },
  };
}

function findClients(host: Host): readonly ProgramProcess[] {
  return findProgramProcesses(host, (path) => /^\.?opencode(?:\.exe)?$/.test(baseName(path)));
}

/** Those that were started with a session: `opencode -s ID`, `opencode run --session ID`. */
function findLive(clients: readonly ProgramProcess[]): Map<string, LiveConversation> {
  const live = new Map<string, LiveConversation>();
  for (const { process, words } of clients) {
    const id = optionValue(words, ['-s', '--session']);
    if (id === null || !SESSION_ID.test(id) || words.includes('--fork')) continue;
    const { pid, startTime, ttyNumber } = process;
    live.set(id, { pid, startTime, tty: ttyPath(ttyNumber), name: null, status: null });
  }
  return live;
}

/** One that was started without a session in this folder, and has written since or may be about to. */
function mayShow(session: ListedSession, clients: readonly ProgramProcess[]): ProgramProcess | undefined {
  return clients.find(
    ({ cwd, words, startedAtMs }) =>
      optionValue(words, ['-s', '--session']) === null &&
      cwd !== null &&
      cwd === session.directory &&
      (startedAtMs ?? 0) <= session.updatedAtMs,
  );
}

/** The database and its log: either changes with every write. */
function stampOf(path: string): string {
  return [path, `${path}-wal`]
    .map((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    })
    .join(' ');
}
