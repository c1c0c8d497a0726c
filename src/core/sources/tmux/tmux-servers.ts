// Finds the user's tmux servers, wherever their sockets lie, and talks to them. Always `-u`: without it every letter beyond ASCII
// comes back as `_`.

import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { makeFoldersSync } from '../../system/make-folders.ts';
import { readListeningSockets } from '../host/listening-sockets.ts';
import type { ProgramResult } from '../host/run-program.ts';
import { readOwner, readProcesses, readProcessVariable, type ProcessInfo } from '../host/proc.ts';
import type { Host } from '../source.ts';
import { joinCommands } from './parse-tmux.ts';

const SERVER_NAMES = new Set(['tmux: server', 'tmux']);

export interface TmuxServer {
  readonly socket: string;
  /** `default` for the server that plain `tmux` talks to, the socket's path for every other. */
  readonly label: string;
}

export interface FoundServers {
  /** All sockets that look alive. A server that does not answer is found out when it is asked. */
  readonly servers: readonly TmuxServer[];
  /** Sockets of running servers whose file is gone, so that nobody can talk to them. */
  readonly lost: readonly { readonly pid: number; readonly socket: string }[];
}

export interface RunTmuxOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** The commands only read. */
  readonly onlyAnswers?: boolean;
}

/** Finds servers by the sockets in their usual folder and by the sockets that the user's tmux processes listen on. */
export function findTmuxServers(host: Host, processes: readonly ProcessInfo[] = readProcesses(host)): FoundServers {
  const folder = socketFolder(host);
  const listening = readListening(host, processes);
  const found = new Map<string, TmuxServer>();
  const lost: { pid: number; socket: string }[] = [];
  for (const socket of listFolder(folder)) {
    const identity = socketIdentity(socket, host.uid);
    if (identity !== null) found.set(identity, { socket, label: basename(socket) === 'default' ? 'default' : socket });
  }
  for (const { pid, socket } of listening) {
    const identity = socketIdentity(socket, host.uid);
    if (identity === null) lost.push({ pid, socket });
    else if (!found.has(identity)) found.set(identity, { socket, label: socket });
  }
  return { servers: [...found.values()].toSorted((a, b) => (a.socket < b.socket ? -1 : 1)), lost };
}

export function socketFolder(host: Host): string {
  const parent = host.env['TMUX_TMPDIR'] || '/tmp';
  try {
    return join(realpathSync(parent), `tmux-${host.uid}`); // as tmux itself resolves it
  } catch {
    return join(parent, `tmux-${host.uid}`); // not there: neither is a server
  }
}

/** When sockets last came or went in the usual folder, in ms since the epoch; 0 where there is none. */
export function readFolderChange(host: Host): number {
  try {
    return statSync(socketFolder(host)).mtimeMs;
  } catch {
    return 0; // no server has run yet
  }
}

export function defaultServer(host: Host): TmuxServer {
  return { socket: join(socketFolder(host), 'default'), label: 'default' };
}

/** The folder of a socket is gone after a reboot, and tmux makes only its own. */
export function makeSocketFolder(server: TmuxServer): void {
  makeFoldersSync(dirname(server.socket));
}

/** Runs commands, in order and up to the first that fails, on one server. */
export function runTmux(
  host: Host,
  server: TmuxServer,
  commands: readonly (readonly string[])[],
  options: RunTmuxOptions = {},
): Promise<ProgramResult> {
  // TMUX must not be set, or tmux would refuse to nest. Locale and folder are what a server that starts here keeps, the former for
  // every shell.
  const env = { TMUX: undefined, TMUX_PANE: undefined, LC_ALL: host.env['LC_ALL'] };
  return host.run('tmux', ['-u', '-S', server.socket, ...joinCommands(commands)], {
    ...options,
    env,
    cwd: '/',
  });
}

export async function isTmuxHere(host: Host, signal?: AbortSignal): Promise<boolean> {
  try {
    return (await host.run('tmux', ['-V'], signal === undefined ? {} : { signal })).exitCode === 0;
  } catch {
    return false; // not installed
  }
}

/** True where tmux said that nobody listens at the socket: the server is gone. */
export function isServerGone(result: ProgramResult): boolean {
  return /^(?:no server running|error connecting to|server exited|lost server)/.test(result.stderr.toString('utf8'));
}

/**
 * The part of an item key that names a server: nothing for the default one, else its name and a colon, of which session names have
 * none.
 */
export function serverKey(server: TmuxServer, host: Host): string {
  if (server.label === 'default') return '';
  const name = dirname(server.socket) === socketFolder(host) ? basename(server.socket) : server.socket;
  return `${name.replaceAll(/[%:]/g, encodeURIComponent)}:`;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return []; // no server has run yet
  }
}

/**
 * The sockets on which the user's tmux servers listen: finds those with another TMUX_TMPDIR and those of `-S` too. A server of
 * another home is another workspace.
 */
function readListening(host: Host, processes: readonly ProcessInfo[]): { pid: number; socket: string }[] {
  const servers = processes.filter(
    ({ pid, name }) =>
      SERVER_NAMES.has(name) &&
      readOwner(host.procDir, pid) === host.uid &&
      readProcessVariable(host.procDir, pid, 'HOME') === host.homeDir,
  );
  return readListeningSockets(
    host.procDir,
    servers.map(({ pid }) => pid),
  );
}

/** Device and inode of a socket of the user; null for everything else. */
function socketIdentity(path: string, uid: number): string | null {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isSocket() === true && stat.uid === uid ? `${stat.dev}:${stat.ino}` : null;
  } catch {
    return null; // in a folder that is not ours
  }
}
