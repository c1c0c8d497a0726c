// Captures the sessions of Copilot CLI: the events and what lies beside them, to the byte.

import { join } from 'node:path';

import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
} from '../conversation/capture-conversations.ts';
import type { ConversationFacts } from '../conversation/conversation-facts.ts';
import { listFiles, toProblems, type FileList, type ListedFile } from '../conversation/list-files.ts';
import { LogReader, type LogMemory } from '../conversation/log-reader.ts';
import { readFiles, type ReadingRoom } from '../conversation/read-files.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { CaptureContext, SourceCapture } from '../source.ts';
import { conversationKey, COPILOT, copilotFolder, SESSION_ID, SIDE_FILE, TRANSCRIPT } from './copilot-paths.ts';
import { readLiveSessions } from './live-sessions.ts';
import { EVENT_FORMAT } from './parse-events.ts';

const MAX_WORKSPACE_BYTES = 256 * 1024;
/** Compactions, each a file; more are left out. */
const MAX_SIDE_FILES = 200;

interface FoundSession extends FoundConversation, ListedFile {
  /** The session's folder. */
  readonly folder: string;
}

/** Lists all sessions. @throws AppError SOURCE_UNREADABLE where it cannot be told which there are */
export function listSessions(copilotDir: string): FileList {
  return listFiles(copilotDir, { folder: 'session-state', names: [SESSION_ID, /^events\.jsonl$/] });
}

export async function captureCopilot(
  context: CaptureContext,
  memory: LogMemory<ConversationFacts>,
): Promise<SourceCapture> {
  const copilotDir = copilotFolder(context.host);
  const { found, unreadable } = listSessions(copilotDir);
  const reader = new LogReader(memory, EVENT_FORMAT);
  const sessions = found.map((file): FoundSession => {
    const id = sessionIdOf(file);
    return { ...file, id, key: conversationKey(id), group: copilotDir, folder: join(file.path, '..') };
  });
  return captureConversations<FoundSession>(context, {
    source: COPILOT,
    provider: 'github',
    untitled: 'Copilot CLI conversation',
    mainStream: TRANSCRIPT,
    found: sessions,
    unreadable: toProblems(unreadable, context.previous),
    live: readLiveSessions(
      context.host,
      sessions.map(({ id, folder }) => ({ id, path: folder })),
    ),
    read: (session, room) => readSession(session, room, reader),
    describe: ({ place }) => place,
  });
}

/** The id that names the session's folder. */
export function sessionIdOf({ place }: Pick<ListedFile, 'place'>): string {
  return place.split('/')[1] ?? '';
}

function readSession(
  session: FoundSession,
  room: ReadingRoom,
  reader: LogReader<ConversationFacts>,
): ConversationReading | null {
  const side = listSideFiles(session.folder);
  const read = readFiles(
    [
      { stream: TRANSCRIPT, path: session.path, kind: 'append' },
      ...side.map((name) => ({ stream: name, path: join(session.folder, name), kind: 'blob' as const })),
    ],
    room,
  );
  if (read === null) return null;
  const { facts, isComplete } = reader.read(session.path);
  const workspace = readWorkspace(join(session.folder, 'workspace.yaml'));
  return {
    ...read,
    facts: { ...facts, title: workspace.get('name') ?? facts.title, cwd: facts.cwd ?? workspace.get('cwd') ?? null },
    isComplete,
    attributes: { file: session.place },
  };
}

function listSideFiles(folder: string): string[] {
  try {
    const { found } = listFiles(folder, { folder: '.', names: [/^(?:workspace\.yaml|plan\.md)$/] });
    const checkpoints = listFiles(folder, { folder: 'checkpoints', names: [/\.md$/] });
    return [...found, ...checkpoints.found]
      .map(({ place }) => place)
      .filter((place) => SIDE_FILE.test(place))
      .toSorted()
      .slice(0, MAX_SIDE_FILES);
  } catch {
    return []; // what lies beside the events is worth no gap
  }
}

/** The values of a flat YAML file that stand on one line. */
function readWorkspace(path: string): ReadonlyMap<string, string> {
  try {
    const text = readRegularFile(path, MAX_WORKSPACE_BYTES).toString('utf8');
    return new Map(
      [...text.matchAll(/^([a-z_]{1,40}): (.+)$/gm)].map(([, name = '', value = '']) => [name, unquote(value)]),
    );
  } catch {
    return new Map(); // being written
  }
}

function unquote(value: string): string {
  const text = value.trim();
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1).replaceAll("''", "'");
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
