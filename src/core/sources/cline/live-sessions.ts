// Which sessions of the Cline CLI are at work. Each names its process, which in newer versions is one background process for all: then the
// window is the one that was told to go on with the session, or was started with its prompt.

import type { LiveConversation } from '../conversation/capture-conversations.ts';
import { baseName, findProgramProcesses, optionValue, type ProgramProcess } from '../conversation/program-processes.ts';
import { readArguments, readBootTimeMs, readProcess, ttyPath, type ProcessInfo } from '../host/proc.ts';
import type { Host } from '../source.ts';
import type { SessionFile } from './session-file.ts';

const HUB = '--cline-hub-daemon';
const TICK_MS = 10;
const UNKNOWN_TERMINAL =
  'Cline works on it in its background process; which terminal shows it, if any does, cannot be told.';

/** A session with what its file says, and when that was written. */
export interface ToldSession {
  readonly id: string;
  readonly file: SessionFile;
  readonly writtenAtMs: number;
}

/** The sessions that Cline works on or shows now, by id. */
export function readLiveSessions(host: Host, sessions: readonly ToldSession[]): Map<string, LiveConversation> {
  const live = new Map<string, LiveConversation>();
  if (sessions.length === 0) return live;
  const clients = findClients(host);
  // A window that goes on with a session shows it, also while Cline has nothing to do there.
  for (const session of sessions) {
    const client = clients.find(({ words }) => optionValue(words, ['--id']) === session.id);
    if (client !== undefined) live.set(session.id, toLive(client.process, session));
  }
  const running = sessions.flatMap((session) => {
    const process = findHolder(host, session);
    return process === null || live.has(session.id) ? [] : [{ session, process }];
  });
  const atWork = running.map(({ session }) => session);
  for (const { session, process } of running) {
    const client = isHub(host, process.pid) ? findOnlyClient(clients, session, atWork) : null;
    if (client !== null) live.set(session.id, toLive(client.process, session));
    else if (process.ttyNumber !== 0) live.set(session.id, toLive(process, session));
    else live.set(session.id, { ...toLive(process, session), terminalNote: UNKNOWN_TERMINAL });
  }
  return live;
}

/** The process that the file names, where it is Cline and was there when the file was written. */
function findHolder(host: Host, { file, writtenAtMs }: ToldSession): ProcessInfo | null {
  if (file.status !== 'running' || file.pid === null) return null;
  const process = readProcess(host.procDir, file.pid);
  const bootTimeMs = readBootTimeMs(host.procDir);
  if (process === null || process.isZombie || bootTimeMs === null) return null;
  const isCline = readArguments(host, file.pid).slice(0, 2).some(isClinePath);
  return isCline && bootTimeMs + process.startTime * TICK_MS <= writtenAtMs ? process : null;
}

function findOnlyClient(
  clients: readonly ProgramProcess[],
  session: ToldSession,
  sessions: readonly ToldSession[],
): ProgramProcess | null {
  const [client, ...more] = clients.filter((one) => mayShow(one, session));
  if (client === undefined || more.length > 0) return null;
  return sessions.filter((one) => mayShow(client, one)).length === 1 ? client : null;
}

function mayShow({ words, cwd, startedAtMs }: ProgramProcess, { file, writtenAtMs }: ToldSession): boolean {
  const isItsPrompt = file.prompt !== null && words.some((word) => word.trim() === file.prompt);
  return isItsPrompt && cwd === file.cwd && (startedAtMs ?? 0) <= writtenAtMs;
}

function findClients(host: Host): ProgramProcess[] {
  return findProgramProcesses(host, (path, words) => isClinePath(path) && !words.includes(HUB));
}

function isHub(host: Host, pid: number): boolean {
  return readArguments(host, pid).includes(HUB);
}

function isClinePath(path: string): boolean {
  return baseName(path) === 'cline' || path.includes('/@cline/cli');
}

function toLive({ pid, startTime, ttyNumber }: ProcessInfo, { file }: ToldSession): LiveConversation {
  return { pid, startTime, tty: ttyPath(ttyNumber), name: null, status: file.status };
}
