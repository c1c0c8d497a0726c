// Finds the user's running WezTerms by what they tell the shells in their panes (`WEZTERM_UNIX_SOCKET`, `WEZTERM_PANE`), and talks to them
// through `wezterm cli`, whose protocol changes with each version.

import { lstatSync } from 'node:fs';

import { readBootId, readProcessVariable, ttyPath, type ProcessInfo } from '../host/proc.ts';
import type { ProcessTable } from '../host/proc-terminal.ts';
import type { ProgramResult } from '../host/run-program.ts';
import type { Host } from '../source.ts';
import type { WeztermPane } from './parse-panes.ts';

export interface WeztermInstance {
  readonly socket: string;
  /** Boot, process number and start of what runs the panes. */
  readonly run: string;
  /** Tells several apart; empty for the oldest. */
  readonly label: string;
  /** The first processes of its panes, oldest first. */
  readonly shells: readonly ProcessInfo[];
}

export interface RunWeztermOptions {
  readonly signal?: AbortSignal;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** The instances of the user whose home this is. Another home is another workspace. */
export function findWezterms(host: Host, table: ProcessTable): readonly WeztermInstance[] {
  const shells = table.all
    .filter(({ pid, sessionId, ttyNumber, isZombie }) => pid === sessionId && ttyNumber !== 0 && !isZombie)
    .flatMap((shell) => {
      const socket = readProcessVariable(host.procDir, shell.pid, 'WEZTERM_UNIX_SOCKET');
      const isOfHome = readProcessVariable(host.procDir, shell.pid, 'HOME') === host.homeDir;
      return socket !== null && isOfHome && isOwnSocket(socket, host.uid) ? [{ socket, shell }] : [];
    })
    .toSorted((a, b) => a.shell.startTime - b.shell.startTime || a.shell.pid - b.shell.pid);
  const bootId = readBootId(host.procDir);
  return [...Map.groupBy(shells, ({ socket }) => socket)].map(([socket, inPanes], at) => {
    const parent = table.byPid.get(inPanes[0]?.shell.parentPid ?? 0);
    return {
      socket,
      run: `${bootId}-${parent?.pid ?? 0}-${parent?.startTime ?? 0}`,
      label: at === 0 ? '' : String(parent?.pid ?? at),
      shells: inPanes.map(({ shell }) => shell),
    };
  });
}

/**
 * The first process of a pane: on the terminal that WezTerm names; where an older one names none, the oldest that was told to be in this
 * pane. Null for panes of other machines.
 */
export function leaderOf(
  host: Host,
  instance: WeztermInstance,
  pane: WeztermPane,
  table: ProcessTable,
): ProcessInfo | null {
  if (pane.tty === null) {
    const isInPane = ({ pid }: ProcessInfo): boolean =>
      readProcessVariable(host.procDir, pid, 'WEZTERM_PANE') === String(pane.id);
    return instance.shells.find((shell) => isInPane(shell)) ?? null;
  }
  return (
    table.all.find(
      (process) => process.pid === process.sessionId && !process.isZombie && ttyPath(process.ttyNumber) === pane.tty,
    ) ?? null
  );
}

/** Runs one `wezterm cli` command. Never starts a WezTerm by itself. @throws AppError EXEC_FAILED, EXEC_TIMEOUT, CANCELLED */
export function runWezterm(
  host: Host,
  socket: string,
  args: readonly string[],
  options: RunWeztermOptions = {},
): Promise<ProgramResult> {
  const env = { WEZTERM_UNIX_SOCKET: socket, WEZTERM_PANE: undefined };
  return host.run('wezterm', ['cli', '--no-auto-start', ...args], { ...options, env, cwd: '/' });
}

function isOwnSocket(path: string, uid: number): boolean {
  try {
    const stat = path.startsWith('/') ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    return stat?.isSocket() === true && stat.uid === uid;
  } catch {
    return false; // in a folder that is not ours
  }
}
