// Types commands on the prompts of panes, without Enter.

import type { JsonObject } from '../../../shared/model/json.ts';
import type { Host } from '../source.ts';
import type { StartingTerminal } from '../terminal/prompt.ts';
import { readShellState } from '../terminal/shell-state.ts';
import { runTmux, type TmuxServer } from './tmux-servers.ts';

export interface PromptPane extends StartingTerminal {
  readonly server: TmuxServer;
  readonly paneId: string;
  readonly pid: number;
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

/** What an undo needs to know the pane again and to see whether it was used since. */
export function readUndoFacts(host: Host, pane: PromptPane): JsonObject {
  return { socket: pane.server.socket, paneId: pane.paneId, ...readShellState(host, pane.pid) };
}
