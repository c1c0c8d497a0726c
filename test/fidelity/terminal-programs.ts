// What runs in the terminals: each program is started as a person does it, by typing it at the prompt of a pane.

import { waitFor } from '../support/test-host.ts';
import type { FidelityWorkspace } from './fidelity-workspace.ts';

const PATIENCE_MS = 60_000;
export const TMUX_SESSIONS = ['work', 'split'];

export interface PaneProgram {
  /** The program, as it is found and listed. */
  readonly name: string;
  /** The window's name, where it is another. */
  readonly window?: string;
  /** Typed at the prompt; empty means that the shell stays at it. */
  readonly command: string;
  /** What the pane shows once it runs. */
  readonly shows: string;
  readonly cwd: string;
  /** Keys after that, each with what the pane shows then. */
  readonly keys?: readonly { readonly press: readonly string[]; readonly shows: string }[];
}

/** Runs tmux on the workspace's only server. */
export function tmux(workspace: FidelityWorkspace, ...args: readonly string[]): string {
  return workspace.run('tmux', ['-u', ...args]);
}

export function writeStartFiles(workspace: FidelityWorkspace): void {
  workspace.write('.bashrc', "PS1='$ '\n. ~/.environment\n");
  workspace.write('.bash_profile', '. ~/.bashrc\n');
  workspace.write('.zshrc', "PS1='%% '\n");
  workspace.write('.config/fish/config.fish', "set -g fish_greeting\nfunction fish_prompt; echo '> '; end\n");
  workspace.write('.screenrc', 'startup_message off\nshell /bin/bash\n');
  workspace.write('.tmux.conf', 'set -g history-limit 10000\nset -g default-terminal screen-256color\n');
}

/** A session with a window for each program, and a split one with two shells, all with text of their own above the prompt. */
export async function openTmux(workspace: FidelityWorkspace, programs: readonly PaneProgram[]): Promise<void> {
  for (const [index, program] of programs.entries()) {
    const place = ['-n', program.window ?? program.name, '-c', program.cwd];
    if (index === 0) tmux(workspace, 'new-session', '-d', '-s', 'work', '-x', '120', '-y', '40', ...place);
    else tmux(workspace, 'new-window', '-d', '-t', 'work:', ...place);
    await openPane(workspace, `work:${index}.0`, program);
  }
  const cwd = programs[0]?.cwd ?? workspace.home;
  tmux(workspace, 'new-session', '-d', '-s', 'split', '-x', '160', '-y', '50', '-c', cwd);
  tmux(workspace, 'split-window', '-h', '-d', '-t', 'split:0', '-c', workspace.home);
  for (const pane of ['split:0.0', 'split:0.1'])
    await typeLine(workspace, pane, `seq -f 'line %g of ${pane}' 200`, `line 200 of ${pane}`);
}

async function openPane(workspace: FidelityWorkspace, pane: string, program: PaneProgram): Promise<void> {
  await typeLine(workspace, pane, `echo before-${program.name} $((40 + 2))`, `before-${program.name} 42`);
  if (program.command !== '') await typeLine(workspace, pane, program.command, program.shows);
  for (const { press, shows } of program.keys ?? []) {
    tmux(workspace, 'send-keys', '-t', pane, ...press);
    await untilShown(workspace, pane, shows);
  }
}

async function typeLine(workspace: FidelityWorkspace, pane: string, line: string, shows: string): Promise<void> {
  await untilShown(workspace, pane, '');
  tmux(workspace, 'send-keys', '-t', pane, '-l', line);
  tmux(workspace, 'send-keys', '-t', pane, 'Enter');
  await untilShown(workspace, pane, shows);
}

/** Waits until a pane shows a text; with no text, until it shows anything: its prompt. */
async function untilShown(workspace: FidelityWorkspace, pane: string, text: string): Promise<void> {
  const shown = (): string => tmux(workspace, 'capture-pane', '-p', '-t', pane);
  try {
    await waitFor(`"${text}"`, () => shown().trim() !== '' && shown().includes(text), PATIENCE_MS);
  } catch (error) {
    throw new Error(`${pane} never showed "${text}", but:\n${shown()}`, { cause: error });
  }
}
