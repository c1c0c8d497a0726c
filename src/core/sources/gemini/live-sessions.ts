// Which sessions of Gemini CLI are open, and in which terminal. It holds no file open and leaves no list; but each time it starts it
// writes a header with the time into its session. So a running one is joined to the session of its project that was begun after it
// started, where there is only one. Runs without a window (`-p`) leave no line in the list of what was typed, and are told apart by that.

import { join } from 'node:path';

import { bindClients } from '../conversation/bind-clients.ts';
import type { LiveConversation } from '../conversation/capture-conversations.ts';
import { isRecord, parseJsonText } from '../conversation/json-record.ts';
import { baseName, findProgramProcesses, optionValue, type ProgramProcess } from '../conversation/program-processes.ts';
import { ttyPath } from '../host/proc.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { Host } from '../source.ts';
import { SESSION_ID } from './gemini-paths.ts';
import type { Session } from './list-sessions.ts';
import type { SessionFacts } from './parse-session.ts';

const COMMANDS = new Set(['mcp', 'extensions', 'extension', 'skills', 'skill', 'hooks', 'hook', 'gemma']);
const MAX_TYPED_BYTES = 16 * 1024 * 1024;

/** What is known of a session for this. */
export interface StartedSession {
  readonly session: Session;
  /** The facts of each of its files. */
  readonly facts: readonly SessionFacts[];
}

export interface LiveSessions {
  readonly certain: ReadonlyMap<string, LiveConversation>;
  /** Sessions that a running Gemini CLI may have open, with that one. */
  readonly possible: ReadonlyMap<string, LiveConversation>;
}

/** The running ones, but for those that only answer a command. */
export function findGeminiClients(host: Host): readonly ProgramProcess[] {
  return findProgramProcesses(host, isGemini).filter(({ words }) => !COMMANDS.has(words[0] ?? ''));
}

/** Joins running ones to sessions. */
export function bindSessions(
  clients: readonly ProgramProcess[],
  started: readonly StartedSession[],
  geminiDir: string,
): LiveSessions {
  const typed = new Map<string, ReadonlySet<string> | null>();
  const wasTyped = ({ session, facts }: StartedSession): boolean => {
    if (!typed.has(session.project)) typed.set(session.project, readTypedSessions(geminiDir, session.project));
    const ids = typed.get(session.project) ?? null;
    return ids === null || ids.has(session.id) || facts.every(({ messages }) => messages === 0);
  };
  const mayShow = (client: ProgramProcess, one: StartedSession): boolean => {
    if (client.cwd === null || client.cwd !== one.session.cwd) return false;
    if (resumedId(client) === one.session.id) return true;
    const startedAtMs = client.startedAtMs ?? 0;
    const isLater = one.facts.some(({ log }) => log.startedAtMs.some((timeMs) => timeMs >= startedAtMs));
    return isLater && (!isInteractive(client) || wasTyped(one));
  };
  const shown = bindClients(clients, started, mayShow);
  const certain = new Map<string, LiveConversation>();
  for (const [{ session }, client] of shown) certain.set(session.id, toLive(client));
  const bound = new Set(shown.values());
  const possible = new Map<string, LiveConversation>();
  for (const client of clients.filter((one) => !bound.has(one))) {
    for (const one of started) {
      if (!shown.has(one) && mayShow(client, one))
        possible.set(one.session.id, { ...toLive(client), isUncertain: true });
    }
  }
  return { certain, possible };
}

function isGemini(path: string): boolean {
  return ['gemini', 'gemini.js'].includes(baseName(path)) || path.includes('/@google/gemini-cli/');
}

function isInteractive({ words, process }: ProgramProcess): boolean {
  return process.ttyNumber !== 0 && optionValue(words, ['-p', '--prompt']) === null;
}

function resumedId({ words }: ProgramProcess): string | null {
  const id = optionValue(words, ['-r', '--resume', '--session-id']);
  return id !== null && SESSION_ID.test(id) ? id : null;
}

function toLive({ process }: ProgramProcess): LiveConversation {
  const { pid, startTime, ttyNumber } = process;
  return { pid, startTime, tty: ttyPath(ttyNumber), name: null, status: null };
}

/** The sessions of a project in which somebody typed something; null where that is not known. */
function readTypedSessions(geminiDir: string, project: string): ReadonlySet<string> | null {
  try {
    const text = readRegularFile(join(geminiDir, 'tmp', project, 'logs.json'), MAX_TYPED_BYTES).toString('utf8');
    const lines = parseJsonText(text);
    if (!Array.isArray(lines)) return null;
    return new Set(
      lines.flatMap((line: unknown) =>
        isRecord(line) && typeof line['sessionId'] === 'string' ? line['sessionId'] : [],
      ),
    );
  } catch {
    return null; // being written, too long, or not there
  }
}
