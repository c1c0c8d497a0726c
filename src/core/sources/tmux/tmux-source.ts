// The tmux source: every server of the user, every pane with its text, exact layouts; brought back without running anything.

import { AppError } from '../../../shared/model/app-error.ts';
import { readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import type { CaptureContext, Host, Source, SourceCapture, SourceDetection, SourceProblem } from '../source.ts';
import { previewTerminal } from '../terminal/preview.ts';
import { TMUX } from './pane-facts.ts';
import { captureServer, listServer, type ShownSession } from './tmux-capture.ts';
import { planTmuxRestore } from './tmux-plan.ts';
import { applyTmuxRestore } from './tmux-restore.ts';
import { findTmuxServers, runTmux, type TmuxServer } from './tmux-servers.ts';
import { undoTmuxStep } from './tmux-undo.ts';
import { watchTmux } from './tmux-watch.ts';

export function createTmuxSource(): Source {
  return {
    id: TMUX,
    title: 'tmux',
    kinds: ['terminal'],
    readsPaths: false,
    detect: detectTmux,
    capture: captureTmux,
    watch: watchTmux,
    preview: previewTerminal,
    planRestore: planTmuxRestore,
    applyRestore: applyTmuxRestore,
    undoRestore: undoTmuxStep,
  };
}

async function detectTmux(host: Host): Promise<SourceDetection> {
  const answers = await Promise.all(
    findTmuxServers(host).servers.map((server) => askQuietly(host, server, ['list-sessions', '-F', '#{session_id}'])),
  );
  const listed = answers.filter((answer) => answer !== null);
  const sessions = listed.flatMap((answer) => answer.split('\n')).filter((line) => line !== '').length;
  if (listed.length === 0) return { isPresent: false, summary: 'no tmux server is running' };
  return { isPresent: true, summary: `${count(sessions, 'session')} in ${count(listed.length, 'server')}` };
}

/** Servers are read side by side, so that one that hangs takes no time from the others. */
async function captureTmux(context: CaptureContext): Promise<SourceCapture> {
  const processes = readProcesses(context.host);
  const { servers, lost } = findTmuxServers(context.host, processes);
  const problems: SourceProblem[] = lost.map(({ pid, socket }) => ({
    reason: 'unreadable',
    message: `The socket of a running tmux server is gone (${socket}). \`kill -USR1 ${pid}\` makes tmux bring it back.`,
  }));
  const listed = await Promise.all(
    servers.map((server) => orProblem(context, server, problems, () => listServer(context, server))),
  );
  const shown = new Map<string, ShownSession>();
  for (const [at, rows] of listed.entries()) {
    if (rows?.status !== 'read') continue;
    for (const [tty, session] of rows.shownSessions) {
      if (tty !== '') shown.set(tty, { socket: servers[at]?.socket ?? '', session });
    }
  }
  const table = indexProcesses(processes);
  const captures = await Promise.all(
    servers.map(async (server, at) => {
      const rows = listed[at] ?? null;
      if (rows === null) return null;
      return await orProblem(context, server, problems, () => captureServer(context, { server, rows, table, shown }));
    }),
  );
  const good = captures.filter((capture) => capture !== null);
  return {
    items: good.flatMap(({ items }) => items),
    problems: [...problems, ...good.flatMap((capture) => capture.problems)],
    closed: good.flatMap(({ closed }) => closed),
  };
}

/** A server that hangs or fails costs only its own items: they are carried forward. */
async function orProblem<Result>(
  context: CaptureContext,
  server: TmuxServer,
  problems: SourceProblem[],
  work: () => Promise<Result>,
): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || context.signal.aborted) throw error;
    const reason = error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed';
    const message = `The tmux server ${server.label} could not be read: ${error.message}`;
    problems.push({ reason, message, group: server.socket });
    return null;
  }
}

async function askQuietly(host: Host, server: TmuxServer, args: readonly string[]): Promise<string | null> {
  try {
    const result = await runTmux(host, server, [args]);
    return result.exitCode === 0 ? result.stdout.toString('utf8') : null;
  } catch {
    return null; // no tmux here, or it hangs: for a first look that is "nothing found"
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
