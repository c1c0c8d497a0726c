// Other tools on the same tmux workspace, each where it is installed, each with its own commands and the options under which it brings
// back most. They know nothing of Cairn, and are judged by the same comparison.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { findAiProgram as findOnPath } from '../support/ai-program.ts';
import type { FidelityWorkspace } from './fidelity-workspace.ts';
import { tmux } from './terminal-programs.ts';

const CLIENT_PATIENCE_MS = 2_000;
const RESURRECT_OPTIONS = { '@resurrect-capture-pane-contents': 'on', '@resurrect-processes': ':all:' };

export interface TmuxPeer {
  readonly name: string;
  /** What keeps it from being run here; null where nothing does. */
  readonly missing: string | null;
  save(workspace: FidelityWorkspace): Promise<void>;
  /** After everything was killed. */
  restore(workspace: FidelityWorkspace): Promise<void>;
}

export function findPeers(sessions: readonly string[]): readonly TmuxPeer[] {
  return [tmuxResurrect(), tmuxp(sessions)];
}

/** https://github.com/tmux-plugins/tmux-resurrect, in no package: where the variable or a plugin manager has put it. */
function tmuxResurrect(): TmuxPeer {
  const named = process.env['CAIRN_TMUX_RESURRECT'];
  const usual = ['.tmux/plugins', '.config/tmux/plugins', '.local/share/tmux/plugins'];
  const folders = [named ?? '', ...usual.map((folder) => join(homedir(), folder, 'tmux-resurrect'))];
  const folder = folders.find((path) => existsSync(join(path, 'scripts/save.sh')));
  const script = (name: string): string => join(folder ?? '', 'scripts', name);
  return {
    name: 'tmux-resurrect',
    missing:
      folder === undefined
        ? 'it is not installed, and no package has it: `CAIRN_TMUX_RESURRECT` may name its folder'
        : null,
    save: (workspace) => runResurrect(workspace, script('save.sh'), 'work'),
    restore: async (workspace) => {
      // As after a start of the machine: a new server with one empty session.
      tmux(workspace, 'new-session', '-d', '-s', '0', '-x', '120', '-y', '40');
      await runResurrect(workspace, script('restore.sh'), '0');
    },
  };
}

/** From within the server, as its key binding does, with a client attached: it switches clients to what was in front. */
async function runResurrect(workspace: FidelityWorkspace, script: string, session: string): Promise<void> {
  for (const [name, value] of Object.entries(RESURRECT_OPTIONS)) tmux(workspace, 'set-option', '-g', name, value);
  // As large as most of the windows were: tmux fits them to its client.
  const client = workspace.startInTerminal(`stty cols 120 rows 41; exec tmux attach-session -t =${session}`);
  await new Promise((resolve) => setTimeout(resolve, CLIENT_PATIENCE_MS));
  tmux(workspace, 'run-shell', `'${script.replaceAll("'", String.raw`'\''`)}' quiet`);
  client.kill('SIGTERM');
}

/** https://github.com/tmux-python/tmuxp, a Debian package: a file for each session. */
function tmuxp(sessions: readonly string[]): TmuxPeer {
  const fileOf = (workspace: FidelityWorkspace, session: string): string => join(workspace.folder, `${session}.yaml`);
  return {
    name: 'tmuxp',
    missing: findOnPath('tmuxp') === null ? 'it is not installed' : null,
    save: async (workspace) => {
      for (const session of sessions)
        workspace.run('tmuxp', ['freeze', '--yes', '--quiet', '-f', 'yaml', '-o', fileOf(workspace, session), session]);
    },
    restore: async (workspace) => {
      for (const session of sessions) workspace.run('tmuxp', ['load', '-d', '--yes', fileOf(workspace, session)]);
    },
  };
}
