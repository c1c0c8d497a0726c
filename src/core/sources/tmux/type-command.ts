// Types commands on the prompts of panes that have just started, without Enter. A shell that is still starting would show what is
// typed twice, so its line editor is waited for, but not for long.

import { existsSync } from 'node:fs';

import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcess, readProcesses, readWorkingDirectory } from '../host/proc.ts';
import type { Host } from '../source.ts';
import { runTmux, type TmuxServer } from './tmux-servers.ts';

const POLL_EVERY_MS = 20;
const STTY_TIMEOUT_MS = 1_000;

export interface PromptPane {
  readonly server: TmuxServer;
  readonly paneId: string;
  readonly pid: number;
  readonly tty: string;
  /** The old text that the pane prints before its shell starts. */
  readonly file: string | null;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** On `performance.now()`'s clock. */
  readonly deadlineMs: number;
}

/** Resolves once the pane's shell edits lines, or at the deadline: then the shell has no line editor, or is slow to start. */
export async function waitForPrompt(host: Host, pane: PromptPane, { signal, deadlineMs }: WaitOptions): Promise<void> {
  while (!signal.aborted && performance.now() < deadlineMs) {
    const hasPrinted = pane.file === null || !existsSync(pane.file);
    if (hasPrinted && (await editsLines(host, pane.tty))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}

/** Puts the line on the prompt, run only if asked. False where the pane is gone. */
export async function typeCommand(host: Host, pane: PromptPane, line: string, shouldRun: boolean): Promise<boolean> {
  const target = ['send-keys', '-t', pane.paneId];
  const commands = [[...target, '-l', '--', line], ...(shouldRun ? [[...target, 'Enter']] : [])];
  return (await runTmux(host, pane.server, commands)).exitCode === 0;
}

/** Leaves the name of the pane's window to what runs in it, also where the restore is being cancelled. */
export async function nameByProgram(host: Host, pane: PromptPane): Promise<void> {
  await runTmux(host, pane.server, [['set-option', '-w', '-t', pane.paneId, 'automatic-rename', 'on']]);
}

/**
 * What an undo needs to know the pane again and to see whether it was used since: the shell, its folder, and the work of the children
 * that it has waited for.
 */
export function readUndoFacts(host: Host, pane: PromptPane): JsonObject {
  const children = readProcesses(host.procDir)
    .filter((process) => process.parentPid === pane.pid && !process.isZombie)
    .map(({ pid, startTime }) => `${pid}-${startTime}`);
  const shell = readProcess(host.procDir, pane.pid);
  return {
    socket: pane.server.socket,
    paneId: pane.paneId,
    pid: pane.pid,
    startTime: shell?.startTime ?? -1,
    childFaults: shell?.childFaults ?? -1,
    cwd: readWorkingDirectory(host.procDir, pane.pid)?.path ?? '',
    children,
  };
}

/** A shell's line editor reads keys one by one, so the terminal is not in its line mode. */
async function editsLines(host: Host, tty: string): Promise<boolean> {
  if (!/^\/dev\/[A-Za-z0-9/]+$/.test(tty)) return false;
  const option = host.platform === 'darwin' ? '-f' : '-F';
  try {
    const { stdout } = await host.run('stty', [option, tty, '-a'], { timeoutMs: STTY_TIMEOUT_MS });
    return /(?:^|\s)-icanon(?:[\s;]|$)/.test(stdout.toString('utf8'));
  } catch {
    return false; // no stty here, or the pane is gone: the deadline ends the wait
  }
}
