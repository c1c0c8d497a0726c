// Running Neovims: each listens on a socket, which is found by its process. Linux only, since nowhere else /proc tells.

import { readListeningSockets } from '../host/listening-sockets.ts';
import { readOwner, readProcess, readProcesses, ttyPath, type ProcessInfo } from '../host/proc.ts';
import type { Host } from '../source.ts';

const NAME = 'nvim';

export interface NeovimProcess {
  readonly pid: number;
  readonly startTime: number;
  /** The terminal that shows it; null where none does. */
  readonly tty: string | null;
  /** The path of the socket on which it listens. */
  readonly socket: string;
}

/** The Neovims of this user that listen. One that only shows another one's screen does not. */
export function findNeovims(host: Host): NeovimProcess[] {
  const candidates = readProcesses(host).filter(
    (process) => process.name === NAME && !process.isZombie && readOwner(host.procDir, process.pid) === host.uid,
  );
  const sockets = readListeningSockets(
    host.procDir,
    candidates.map(({ pid }) => pid),
  );
  return candidates.flatMap((process) => {
    const socket = sockets.find(({ pid }) => pid === process.pid)?.socket;
    if (socket === undefined) return [];
    return [{ pid: process.pid, startTime: process.startTime, tty: terminalOf(host, process), socket }];
  });
}

/** Newer ones run as a child without a terminal of the process that shows them. */
function terminalOf(host: Host, process: ProcessInfo): string | null {
  if (process.ttyNumber !== 0) return ttyPath(process.ttyNumber);
  const parent = readProcess(host.procDir, process.parentPid);
  return parent !== null && parent.name === NAME ? ttyPath(parent.ttyNumber) : null;
}
