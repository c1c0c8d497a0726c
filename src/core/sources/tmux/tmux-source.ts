// The tmux source: every server of the user, every pane with its text, exact layouts; brought back without running anything.

import { AppError } from '../../../shared/model/app-error.ts';
import { readProcesses } from '../host/proc.ts';
import type { CaptureContext, Host, Source, SourceCapture, SourceDetection, SourceProblem } from '../source.ts';
import { captureServer, TMUX } from './tmux-capture.ts';
import { applyTmuxRestore, planTmuxRestore } from './tmux-restore.ts';
import { findTmuxServers, runTmux } from './tmux-servers.ts';
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
    planRestore: planTmuxRestore,
    applyRestore: applyTmuxRestore,
    undoRestore: undoTmuxStep,
  };
}

async function detectTmux(host: Host): Promise<SourceDetection> {
  let sessions = 0;
  let servers = 0;
  for (const server of findTmuxServers(host)) {
    const listed = await askQuietly(host, server, ['list-sessions', '-F', '#{session_id}']);
    if (listed === null) continue;
    servers += 1;
    sessions += listed.split('\n').filter((line) => line !== '').length;
  }
  if (servers === 0) return { isPresent: false, summary: 'no tmux server is running' };
  return { isPresent: true, summary: `${count(sessions, 'session')} in ${count(servers, 'server')}` };
}

async function captureTmux(context: CaptureContext): Promise<SourceCapture> {
  const processes = readProcesses(context.host.procDir);
  const items: SourceCapture['items'][number][] = [];
  const problems: SourceProblem[] = [];
  for (const server of findTmuxServers(context.host)) {
    try {
      const captured = await captureServer(context, server, processes);
      if (captured === null) continue; // a socket that a dead server left behind: its items are carried forward as lost
      items.push(...captured.items);
      problems.push(...captured.problems);
    } catch (error) {
      if (!(error instanceof AppError) || context.signal.aborted) throw error;
      problems.push({
        reason: error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed',
        message: `The tmux server ${server.label} could not be read: ${error.message}`,
      });
    }
  }
  return { items, problems, closed: [] };
}

async function askQuietly(
  host: Host,
  server: Parameters<typeof runTmux>[1],
  args: readonly string[],
): Promise<string | null> {
  try {
    const result = await runTmux(host, server, args);
    return result.exitCode === 0 ? result.stdout.toString('utf8') : null;
  } catch {
    return null; // no tmux here, or it hangs: for a first look that is "nothing found"
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
