// Finds the user's running Zellij sessions by the shells of their panes (`ZELLIJ_SESSION_NAME`, `ZELLIJ_PANE_ID`), and talks to them.

import { readBootId, readProcessVariable, type ProcessInfo } from '../host/proc.ts';
import type { ProcessTable } from '../host/proc-terminal.ts';
import type { ProgramResult } from '../host/run-program.ts';
import type { Host } from '../source.ts';

const SERVER = 'zellij';

export interface ZellijSession {
  readonly name: string;
  /** Boot, process number and start of its server. */
  readonly run: string;
  /** Where its socket lies, if not at the usual place. */
  readonly socketDir: string | null;
  /** The first process of each pane, by the pane's id. */
  readonly shells: ReadonlyMap<number, ProcessInfo>;
}

export interface RunZellijOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** The sessions of the user whose home this is, by name. Another home is another workspace. */
export function findZellijSessions(host: Host, table: ProcessTable): readonly ZellijSession[] {
  const found = new Map<string, { server: ProcessInfo; socketDir: string | null; shells: Map<number, ProcessInfo> }>();
  for (const shell of table.all) {
    const server = table.byPid.get(shell.parentPid);
    // What a shell in a pane starts inherits all this, but is no child of Zellij.
    if (shell.pid !== shell.sessionId || shell.ttyNumber === 0 || shell.isZombie || server?.name !== SERVER) continue;
    const read = (name: string): string | null => readProcessVariable(host.procDir, shell.pid, name);
    const name = read('ZELLIJ_SESSION_NAME');
    const paneId = read('ZELLIJ_PANE_ID');
    if (name === null || name === '' || paneId === null || !/^\d{1,9}$/.test(paneId)) continue;
    if (read('HOME') !== host.homeDir) continue;
    const session = found.get(name) ?? { server, socketDir: read('ZELLIJ_SOCKET_DIR'), shells: new Map() };
    session.shells.set(Number(paneId), shell);
    found.set(name, session);
  }
  const bootId = readBootId(host.procDir);
  return [...found]
    .map(([name, { server, socketDir, shells }]) => ({
      ...{ name, socketDir, shells },
      run: `${bootId}-${server.pid}-${server.startTime}`,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Runs Zellij. @throws AppError EXEC_FAILED, EXEC_TIMEOUT, CANCELLED */
export function runZellij(
  host: Host,
  socketDir: string | null,
  args: readonly string[],
  options: RunZellijOptions = {},
): Promise<ProgramResult> {
  const env = {
    ...{ ZELLIJ: undefined, ZELLIJ_SESSION_NAME: undefined, ZELLIJ_PANE_ID: undefined },
    ...{ LC_ALL: host.env['LC_ALL'], TERM: host.env['TERM'] ?? 'xterm-256color' },
    ...(socketDir === null ? {} : { ZELLIJ_SOCKET_DIR: socketDir }),
  };
  return host.run('zellij', args, { ...options, env, cwd: '/' });
}

/** The words of an action in a session. */
export function actionIn(session: string, ...words: readonly string[]): string[] {
  return ['--session', session, 'action', ...words];
}
