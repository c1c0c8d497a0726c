// Finds the user's GNU screen sessions by their processes and sockets, wherever these lie, and talks to them. While somebody looks at a
// session nothing is asked of it (`-Q`): screen shows every answer on their display too.

import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { readListeningPaths } from '../host/listening-sockets.ts';
import { readProcessVariable, type ProcessInfo } from '../host/proc.ts';
import type { ProcessTable } from '../host/proc-terminal.ts';
import type { ProgramResult } from '../host/run-program.ts';
import type { Host } from '../source.ts';

const SERVER_NAMES = new Set(['screen', 'SCREEN']);
const SOCKET_NAME = /^\d+\./;
const ATTACHED = 0o100;

export interface ScreenSession {
  readonly pid: number;
  readonly startTime: number;
  /** As `-S` gave it; `tty.host` where nobody did. */
  readonly name: string;
  readonly folder: string;
  /** True while it is shown on some terminal. */
  readonly isAttached: boolean;
  /** Tells sessions of the same name apart; their names alone otherwise. */
  readonly label: string;
}

export interface FoundSessions {
  readonly sessions: readonly ScreenSession[];
  /** Running sessions whose socket is gone, so that nobody can talk to them. */
  readonly lost: readonly { readonly pid: number; readonly socket: string }[];
}

export interface ScreenWindow {
  readonly number: number;
  /** Its first process, as a rule a shell. */
  readonly leader: ProcessInfo;
  /** False where a newer window has the number that this one was made with: it was renumbered. */
  readonly hasNumber: boolean;
}

/**
 * The sessions of the user whose home this is, oldest first. Where screen is installed setgid, as Debian does, its processes show
 * neither owner nor files: whose a session is, its socket tells, and its windows in whose home. Another home is another workspace.
 */
export function findScreenSessions(host: Host, table: ProcessTable): FoundSessions {
  const servers = table.all.filter(
    ({ name, ttyNumber, isZombie }) => SERVER_NAMES.has(name) && ttyNumber === 0 && !isZombie,
  );
  if (servers.length === 0) return { sessions: [], lost: [] };
  const listening = readListeningPaths(host.procDir).filter((path) => SOCKET_NAME.test(basename(path)));
  const sessions: ScreenSession[] = [];
  const lost: { pid: number; socket: string }[] = [];
  const names = new Set<string>();
  for (const server of servers.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid)) {
    const { pid, startTime } = server;
    const shells = table.all.filter((process) => process.parentPid === pid);
    if (!isOfHome(host, server, shells)) continue;
    const socket = listening.find((path) => basename(path).startsWith(`${pid}.`));
    const found = findSocket(host, pid, [
      ...(socket === undefined ? [] : [dirname(socket)]),
      ...shells.flatMap((shell) => readProcessVariable(host.procDir, shell.pid, 'SCREENDIR') ?? []),
      ...usualFolders(host),
    ]);
    if (found === null) {
      if (socket !== undefined && isOwnFolder(host, dirname(socket))) lost.push({ pid, socket });
      continue;
    }
    const { folder, isAttached } = found;
    const name = found.name.slice(`${pid}.`.length);
    const label = names.has(name) ? `${name}~${pid}` : name;
    names.add(name);
    sessions.push({ pid, startTime, name, folder, isAttached, label });
  }
  return { sessions, lost };
}

/** The windows of a session, by number: processes tell them, and only those with a process can be brought back. */
export function windowsOf(host: Host, session: ScreenSession, table: ProcessTable): readonly ScreenWindow[] {
  const windows = table.all.flatMap((leader) => {
    if (leader.parentPid !== session.pid || leader.pid !== leader.sessionId || leader.isZombie) return [];
    const number = parseWindowNumber(readProcessVariable(host.procDir, leader.pid, 'WINDOW'));
    const isOurs = readProcessVariable(host.procDir, leader.pid, 'STY')?.startsWith(`${session.pid}.`) === true;
    return number === null || !isOurs ? [] : [{ number, leader }];
  });
  return windows
    .map((window) => ({
      ...window,
      hasNumber: !windows.some(
        ({ number, leader }) => number === window.number && leader.startTime > window.leader.startTime,
      ),
    }))
    .toSorted((a, b) => a.number - b.number || a.leader.startTime - b.leader.startTime);
}

/** Runs one screen command in a session. Its exit code says little: what came of it must be looked at. */
export function runScreen(
  host: Host,
  session: Pick<ScreenSession, 'pid' | 'name' | 'folder'>,
  args: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<ProgramResult> {
  const env = screenEnv(host, session.folder);
  return host.run('screen', ['-S', `${session.pid}.${session.name}`, ...args], { ...options, env, cwd: '/' });
}

/** STY and WINDOW must not be set, or screen would talk to the session that it runs in itself. */
export function screenEnv(host: Host, folder: string | null): Readonly<Record<string, string | undefined>> {
  return {
    STY: undefined,
    WINDOW: undefined,
    TERM: host.env['TERM'] ?? 'xterm-256color',
    LC_ALL: host.env['LC_ALL'],
    ...(folder === null ? {} : { SCREENDIR: folder }),
  };
}

/** A word as screen commands take it: they expand variables, control characters and octal numbers in it. */
export function quoteWord(word: string): string {
  return word.replaceAll(/[\\^$]/g, (character) => `\\${character}`);
}

export function parseWindowNumber(text: string | null): number | null {
  return text !== null && /^\d{1,4}$/.test(text) ? Number(text) : null;
}

function isOfHome(host: Host, server: ProcessInfo, shells: readonly ProcessInfo[]): boolean {
  return [...shells, server].some(({ pid }) => readProcessVariable(host.procDir, pid, 'HOME') === host.homeDir);
}

/** Pipes, in place of sockets, are not among what is listened on: screen was built so, or had to make its socket anew. */
function usualFolders(host: Host): string[] {
  const user = host.env['USER'] ?? host.env['LOGNAME'];
  const own = user === undefined || user.includes('/') ? [] : ['/run/screen', '/var/run/screen'];
  return [...own.map((folder) => join(folder, `S-${user}`)), join(host.homeDir, '.screen')];
}

/** A renamed session has its socket under another name than the one it was opened with. */
function findSocket(
  host: Host,
  pid: number,
  folders: readonly string[],
): { folder: string; name: string; isAttached: boolean } | null {
  for (const folder of new Set(folders)) {
    for (const name of listNames(folder)) {
      if (!name.startsWith(`${pid}.`)) continue;
      const stat = lookAt(join(folder, name));
      if (stat?.uid !== host.uid || !(stat.isSocket() || stat.isFIFO())) continue;
      return { folder, name, isAttached: (stat.mode & ATTACHED) !== 0 };
    }
  }
  return null;
}

function isOwnFolder(host: Host, folder: string): boolean {
  const stat = lookAt(folder);
  return stat?.isDirectory() === true && stat.uid === host.uid;
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // in a folder that is not ours
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone, or not ours
  }
}
