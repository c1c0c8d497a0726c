// Opens a tmux window for a command that is brought back without its old terminal.

import type { Host, OpenTerminal } from '../source.ts';
import { hasControlCharacter, quoteArguments } from '../host/quote-argument.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { findTmuxServers, runTmux, socketFolder, type TmuxServer } from './tmux-servers.ts';

const SESSION = 'cairn';

/** Undefined where tmux is not installed. The window opens on the default server, in the session `cairn`. */
export async function findTmuxTerminal(host: Host): Promise<OpenTerminal | undefined> {
  try {
    if ((await host.run('tmux', ['-V'])).exitCode !== 0) return undefined;
  } catch {
    return undefined; // not installed
  }
  const server = findTmuxServers(host).find((found) => found.label === 'default') ?? {
    socket: `${socketFolder(host)}/default`,
    label: 'default',
  };
  return (request) => openWindow(host, server, request);
}

async function openWindow(
  host: Host,
  server: TmuxServer,
  request: Parameters<OpenTerminal>[0],
): ReturnType<OpenTerminal> {
  const line = quoteArguments(request.command.argv);
  if (line === null) throw new Error('the command holds control characters');
  const { path } = nearestFolder(request.command.cwd);
  const name = hasControlCharacter(request.name) ? 'restored' : request.name.replaceAll('#', '##').slice(0, 60);
  const common = ['-d', '-P', '-F', '#{window_id} #{pane_id} #{pane_pid}', '-n', name, '-c', path];
  const exists = (await runTmux(host, server, ['has-session', '-t', `=${SESSION}`])).exitCode === 0;
  const made = await runTmux(
    host,
    server,
    exists
      ? ['new-window', '-t', `=${SESSION}:`, ...common]
      : ['new-session', '-s', SESSION, '-x', '200', '-y', '50', ...common],
  );
  if (made.exitCode !== 0) throw new Error('tmux did not open a window');
  const [windowId = '', paneId = '', pid = '0'] = made.stdout.toString('utf8').trim().split(' ');
  await runTmux(host, server, ['send-keys', '-t', paneId, '-l', '--', line]);
  if (request.shouldRun) await runTmux(host, server, ['send-keys', '-t', paneId, 'Enter']);
  return {
    where: `tmux session "${SESSION}", window "${name}"`,
    undo: { socket: server.socket, paneId, pid: Number(pid), windowId },
  };
}
