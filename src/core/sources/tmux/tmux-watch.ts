// Hears of changes as they happen: one control-mode client a session, read-only and without a size of its own, so that it neither
// resizes nor keeps anything. Sessions that appear later are found when any client hears of them, or at the next slow look.

import { spawn, type ChildProcess } from 'node:child_process';

import type { WatchContext } from '../source.ts';
import { findTmuxServers, runTmux, type TmuxServer } from './tmux-servers.ts';

const LOOK_EVERY_MS = 10_000;
const NOTICE =
  /^%(layout-change|window-|unlinked-window-|session-|sessions-changed|subscription-changed|pane-mode-changed)/;
const PANES_SUBSCRIPTION = "refresh-client -B 'cairn:%*:#{pane_current_command} #{pane_current_path}'\n";

/** Watches every session of every server until the signal. */
export async function watchTmux(context: WatchContext): Promise<void> {
  const clients = new Map<string, ChildProcess>();
  const look = async (): Promise<void> => {
    if (context.signal.aborted) return;
    for (const server of findTmuxServers(context.host)) await attachToSessions(context, server, clients, look);
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  context.signal.addEventListener(
    'abort',
    () => {
      clearInterval(timer);
      for (const client of clients.values()) client.kill();
    },
    { once: true },
  );
  await look();
}

async function attachToSessions(
  context: WatchContext,
  server: TmuxServer,
  clients: Map<string, ChildProcess>,
  look: () => Promise<void>,
): Promise<void> {
  let ids: string[];
  try {
    const listed = await runTmux(context.host, server, ['list-sessions', '-F', '#{session_id}'], {
      signal: context.signal,
    });
    ids =
      listed.exitCode === 0
        ? listed.stdout
            .toString('utf8')
            .split('\n')
            .filter((id) => /^\$\d+$/.test(id))
        : [];
  } catch {
    return; // the server went away or hangs: the capture itself says so, the next look tries again
  }
  for (const id of ids) {
    const name = `${server.socket} ${id}`;
    if (clients.has(name) || context.signal.aborted) continue;
    clients.set(
      name,
      attach(context, server, id, () => clients.delete(name), look),
    );
  }
}

function attach(
  context: WatchContext,
  server: TmuxServer,
  sessionId: string,
  onEnd: () => void,
  look: () => Promise<void>,
): ChildProcess {
  const env = { ...context.host.env, LC_ALL: 'C.UTF-8', TMUX: undefined, TMUX_PANE: undefined };
  const client = spawn(
    'tmux',
    ['-u', '-S', server.socket, '-C', 'attach-session', '-t', sessionId, '-f', 'no-output,ignore-size,read-only'],
    {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  let rest = '';
  let hasSubscribed = false;
  client.stdout.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString('utf8')).split('\n');
    rest = (lines.pop() ?? '').slice(-4096);
    if (lines.some((line) => NOTICE.test(line)) && hasSubscribed) context.onChange();
    if (lines.some((line) => line.startsWith('%sessions-changed'))) void look();
  });
  client.stdin.on('error', onEnd);
  client.on('error', onEnd);
  client.on('close', () => {
    onEnd();
    if (!context.signal.aborted) context.onChange();
  });
  client.stdin.write(PANES_SUBSCRIPTION, () => {
    hasSubscribed = true;
  });
  return client;
}
