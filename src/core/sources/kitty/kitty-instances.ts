// Finds the user's running kitties, and the sockets on which they may be spoken to: kitty tells its windows (`KITTY_PID`,
// `KITTY_LISTEN_ON`). Without such a socket nothing is asked of a kitty.

import { lstatSync } from 'node:fs';

import { readArguments, readBootId, readOwner, readProcessVariable, type ProcessInfo } from '../host/proc.ts';
import type { ProcessTable } from '../host/proc-terminal.ts';
import type { Host } from '../source.ts';
import { socketPathOf } from './kitty-remote.ts';

export interface KittyInstance {
  readonly pid: number;
  /** Boot, process number and start. */
  readonly run: string;
  /** Tells several kitties apart; empty for the oldest. */
  readonly label: string;
  /** Null where the user configured no Unix socket. */
  readonly remote: { readonly address: string; readonly socketPath: string; readonly allowed: string | null } | null;
  /** The first processes of its windows. */
  readonly shells: readonly ProcessInfo[];
}

/** The kitties of the user whose home this is, oldest first. Another home is another workspace. */
export function findKitties(host: Host, table: ProcessTable): readonly KittyInstance[] {
  const bootId = readBootId(host.procDir);
  const kitties = table.all
    .filter(({ pid, name, isZombie }) => name === 'kitty' && !isZombie && readOwner(host.procDir, pid) === host.uid)
    .toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid);
  const found: KittyInstance[] = [];
  for (const { pid, startTime } of kitties) {
    const shells = table.all.filter(
      (process) =>
        process.parentPid === pid &&
        process.pid === process.sessionId &&
        process.ttyNumber !== 0 &&
        !process.isZombie &&
        readProcessVariable(host.procDir, process.pid, 'KITTY_PID') === String(pid) &&
        readProcessVariable(host.procDir, process.pid, 'HOME') === host.homeDir,
    );
    if (shells.length === 0) continue;
    found.push({
      ...{ pid, shells, run: `${bootId}-${pid}-${startTime}` },
      label: found.length === 0 ? '' : String(pid),
      remote: remoteOf(host, pid, shells),
    });
  }
  return found;
}

function remoteOf(host: Host, pid: number, shells: readonly ProcessInfo[]): KittyInstance['remote'] {
  for (const shell of shells) {
    const address = readProcessVariable(host.procDir, shell.pid, 'KITTY_LISTEN_ON');
    const socketPath = address === null ? null : socketPathOf(address);
    if (address === null || socketPath === null || !isOwnSocket(socketPath, host.uid)) continue;
    return { address, socketPath, allowed: allowedBy(readArguments(host, pid)) };
  }
  return null;
}

/** Sockets without a file can be told by nobody but the process that listens. */
function isOwnSocket(path: string, uid: number): boolean {
  if (path.startsWith('\0')) return true;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isSocket() === true && stat.uid === uid;
  } catch {
    return false; // in a folder that is not ours
  }
}

/** What `-o allow_remote_control=...` on kitty's command line says; null where it says nothing. */
export function allowedBy(argv: readonly string[]): string | null {
  for (const [at, word] of argv.entries()) {
    const option = /^(?:-o|--override)(?:=(.*))?$/s.exec(word);
    const setting = option === null ? undefined : (option[1] ?? argv[at + 1]);
    const match = /^allow_remote_control[= ](yes|socket|socket-only|password)$/.exec(setting ?? '');
    if (match?.[1] !== undefined) return match[1];
  }
  return null;
}
