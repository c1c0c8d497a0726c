// Opens a tmux window for something that is brought back without its old terminal.

import { nearestFolder } from '../host/existing-folder.ts';
import { hasControlCharacter, quoteArguments } from '../host/quote-argument.ts';
import type { Host, OpenTerminal } from '../source.ts';
import { waitForPrompt } from '../terminal/prompt.ts';
import { escapeFormat } from './parse-tmux.ts';
import { defaultServer, isTmuxHere, makeSocketFolder, runTmux, type TmuxServer } from './tmux-servers.ts';
import { readUndoFacts, typeCommand } from './type-command.ts';

/** The session in which such windows open. */
export const TERMINAL_SESSION = 'cairn';
const PROMPT_PATIENCE_MS = 1_500;
const NEVER_ABORTED = new AbortController().signal;

/**
 * Undefined where tmux is not installed. The window opens on the default server, in the session `cairn`; nothing is typed where the
 * command has no words. What it gives as `undo`, `undoTmuxStep` takes back.
 */
export async function findTmuxTerminal(host: Host): Promise<OpenTerminal | undefined> {
  if (!(await isTmuxHere(host))) return undefined;
  return (request) => openWindow(host, defaultServer(host), request);
}

async function openWindow(
  host: Host,
  server: TmuxServer,
  { name, command, shouldRun }: Parameters<OpenTerminal>[0],
): ReturnType<OpenTerminal> {
  const line = command.argv.length === 0 ? '' : quoteArguments(command.argv);
  if (line === null) throw new Error('the command holds control characters');
  makeSocketFolder(server);
  const window = terminalWindowName(name);
  const sessions = await runTmux(host, server, [['list-sessions', '-F', '#{session_id} #{session_name}']]);
  const session = /^(\$\d+) cairn$/m.exec(sessions.stdout.toString('utf8'))?.[1];
  const format = ['-P', '-F', '#{window_id} #{pane_id} #{pane_pid} #{pane_tty}'];
  const folder = ['-c', escapeFormat(nearestFolder(command.cwd).path)];
  const create =
    session === undefined
      ? ['new-session', '-E', '-s', TERMINAL_SESSION, '-x', '200', '-y', '50']
      : ['new-window', '-t', `${session}:`];
  const made = await runTmux(host, server, [[...create, '-d', ...format, '-n', escapeFormat(window), ...folder]]);
  if (made.exitCode !== 0) throw new Error('tmux did not open a window');
  const [windowId = '', paneId = '', pid = '0', tty = ''] = made.stdout.toString('utf8').trim().split(' ');
  const pane = { server, paneId, pid: Number(pid), tty, file: null };
  await waitForPrompt(host, pane, { signal: NEVER_ABORTED, deadlineMs: performance.now() + PROMPT_PATIENCE_MS });
  const undo = { ...readUndoFacts(host, pane), windowId };
  if (line !== '') await typeCommand(host, pane, line, shouldRun);
  return { where: `tmux session "${TERMINAL_SESSION}", window "${window}"`, undo };
}

/** What a window for this is called. */
export function terminalWindowName(name: string): string {
  return hasControlCharacter(name) || name.trim() === '' ? 'restored' : name.slice(0, 60);
}
