// Finds the user's tmux servers, wherever their sockets lie, and talks to them. Always `-u`: without it every letter beyond ASCII
// comes back as `_`.

import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Host } from '../source.ts';
import type { ProgramResult } from '../host/run-program.ts';

const LISTENING = '00010000';

export interface TmuxServer {
  readonly socket: string;
  /** `default` for the server that plain `tmux` talks to. */
  readonly label: string;
}

/** All sockets that look alive. A server that does not answer is found out when it is asked. */
export function findTmuxServers(host: Host): TmuxServer[] {
  const folder = socketFolder(host);
  const sockets = new Set<string>([...listFolder(folder), ...listListening(host)]);
  return [...sockets]
    .filter((socket) => isOwnSocket(socket, host.uid))
    .toSorted()
    .map((socket) => ({ socket, label: socket === join(folder, 'default') ? 'default' : socket }));
}

export function socketFolder(host: Host): string {
  return join(host.env['TMUX_TMPDIR'] || '/tmp', `tmux-${host.uid}`);
}

/** Runs tmux against one server. */
export function runTmux(
  host: Host,
  server: TmuxServer,
  args: readonly string[],
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<ProgramResult> {
  // TMUX must not be set, or tmux would refuse to nest; HOME and the rest are those of the host.
  return host.run('tmux', ['-u', '-S', server.socket, ...args], {
    ...options,
    env: { TMUX: undefined, TMUX_PANE: undefined },
  });
}

/** The part of an item key that names a server: empty for the default one. */
export function serverKey(server: TmuxServer): string {
  return server.label === 'default' ? '' : `${encodeURIComponent(basename(server.socket))}@`;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return []; // no server has run yet
  }
}

/** Sockets that some process listens on and whose path looks like tmux': finds servers with another TMUX_TMPDIR too. */
function listListening(host: Host): string[] {
  try {
    const pattern = new RegExp(`/tmux-${host.uid}/[^/]+$`);
    return readFileSync(join(host.procDir, 'net/unix'), 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTENING)
      .map((fields) => fields.slice(7).join(' '))
      .filter(
        (path) =>
          pattern.test(path) && (host.env['TMUX_TMPDIR'] === undefined || path.startsWith(host.env['TMUX_TMPDIR'])),
      );
  } catch {
    return []; // no /proc on this system
  }
}

function isOwnSocket(path: string, uid: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isSocket() === true && stat.uid === uid;
}
