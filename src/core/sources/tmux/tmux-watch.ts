// Hears of changes as they happen: one control-mode client a session, read-only, without a size of its own and without touching the
// session's environment. A session or server that would live longer for being looked at is not watched: the interval captures it.

import { spawn, type ChildProcess } from 'node:child_process';

import type { WatchContext } from '../source.ts';
import { formatArgument, parseRows, SESSION_FORMAT } from './parse-tmux.ts';
import { findTmuxServers, readFolderChange, runTmux, type TmuxServer } from './tmux-servers.ts';

/** New servers are found by looking; new sessions of a known one are told by its clients. */
const LOOK_EVERY_MS = 10_000;
/** A new socket in the usual folder is seen by the folder alone, which costs next to nothing. */
const GLANCE_EVERY_MS = 1_000;
/** After a client was sent away (`attach -d`) or its session ended. */
const LOOK_AGAIN_MS = 1_000;
const MAX_CLIENTS = 64;
const MAX_LINE_LENGTH = 4096;
const PANES_SUBSCRIPTION = "refresh-client -B 'cairn:%*:#{pane_current_command} #{pane_current_path}'\n";

/** Watches every session of every server until the signal. Never rejects: what cannot be watched is captured at the interval. */
export async function watchTmux(context: WatchContext): Promise<void> {
  if (context.signal.aborted) return;
  const watch = new TmuxWatch(context);
  const timers = [
    setInterval(() => void watch.look(), LOOK_EVERY_MS),
    setInterval(() => watch.glance(), GLANCE_EVERY_MS),
  ];
  for (const timer of timers) timer.unref();
  const end = (): void => {
    for (const timer of timers) clearInterval(timer);
    watch.end();
  };
  context.signal.addEventListener('abort', end, { once: true });
  await watch.look();
}

class TmuxWatch {
  readonly #context: WatchContext;
  readonly #clients = new Map<string, ChildProcess>();
  #again: NodeJS.Timeout | null = null;
  #isLooking = false;
  #folderChangedAtMs: number;

  constructor(context: WatchContext) {
    this.#context = context;
    this.#folderChangedAtMs = readFolderChange(context.host);
  }

  /** Looks where sockets came or went. */
  glance(): void {
    const changedAtMs = readFolderChange(this.#context.host);
    if (changedAtMs === this.#folderChangedAtMs) return;
    this.#folderChangedAtMs = changedAtMs;
    void this.look();
    // A server has its socket before it has a session.
    this.#lookAgain();
  }

  /** Attaches to sessions that have no client yet. */
  async look(): Promise<void> {
    if (this.#isLooking) {
      this.#lookAgain();
      return;
    }
    this.#isLooking = true;
    try {
      const { servers } = findTmuxServers(this.#context.host);
      for (const server of servers) await this.#attachTo(server);
    } finally {
      this.#isLooking = false;
    }
  }

  end(): void {
    if (this.#again !== null) clearTimeout(this.#again);
    for (const client of this.#clients.values()) client.kill();
  }

  #lookAgain(): void {
    if (this.#again !== null || this.#context.signal.aborted) return;
    this.#again = setTimeout(() => {
      this.#again = null;
      void this.look();
    }, LOOK_AGAIN_MS);
    this.#again.unref();
  }

  async #attachTo(server: TmuxServer): Promise<void> {
    for (const id of await this.#watchableSessions(server)) {
      const name = `${server.socket} ${id}`;
      if (this.#clients.has(name) || this.#clients.size >= MAX_CLIENTS || this.#context.signal.aborted) continue;
      this.#clients.set(name, this.#attach(server, id, name));
    }
  }

  /** Least recently used first, so that attaching leaves them in the order in which plain `tmux attach` picks them. */
  async #watchableSessions(server: TmuxServer): Promise<string[]> {
    try {
      const { host, signal } = this.#context;
      const list = ['list-sessions', '-F', formatArgument(SESSION_FORMAT)];
      const { exitCode, stdout } = await runTmux(host, server, [list], { signal });
      const { rows } = parseRows(exitCode === 0 ? stdout.toString('utf8') : '', SESSION_FORMAT);
      return rows
        .filter(
          (row) => /^\$\d+$/.test(row.session_id) && !isOn(row['destroy-unattached']) && !isOn(row['exit-unattached']),
        )
        .toSorted((a, b) => Number(a.session_activity) - Number(b.session_activity))
        .map((row) => row.session_id);
    } catch {
      return []; // the server went away or hangs: the capture says so, the next look tries again
    }
  }

  #attach(server: TmuxServer, sessionId: string, name: string): ChildProcess {
    const { host, signal } = this.#context;
    const flags = ['-E', '-f', 'no-output,ignore-size,read-only'];
    const client = spawn('tmux', ['-u', '-S', server.socket, '-C', 'attach-session', '-t', sessionId, ...flags], {
      cwd: '/',
      env: { ...host.env, TMUX: undefined, TMUX_PANE: undefined },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const forget = (): void => {
      if (this.#clients.get(name) === client) this.#clients.delete(name);
    };
    const notices = new Notices(sessionId);
    client.stdout.on('data', (bytes: Buffer) => {
      const { isAttached, isChange, hasNewSessions, isElsewhere } = notices.read(bytes.toString('utf8'));
      if (signal.aborted) return;
      // Not sooner: a client that is still attaching is refused.
      if (isAttached) client.stdin.write(PANES_SUBSCRIPTION);
      if (isChange) this.#context.onChange();
      if (hasNewSessions) void this.look();
      // Its session ended and the user's options sent it to another one, which has a client of its own.
      if (isElsewhere) client.kill();
    });
    client.stdin.on('error', forget); // it ended before it was asked anything
    client.on('error', forget);
    client.on('close', () => {
      forget();
      if (signal.aborted) return;
      this.#context.onChange();
      this.#lookAgain();
    });
    return client;
  }
}

/** The first report of a pane counts too: what it tells may be news since the pane was captured. */
const CHANGE =
  /^%(?:layout-change|window-|unlinked-window-|session-renamed|session-window-changed|sessions-changed|subscription-changed cairn )/;
const SESSION = /^%session-changed (\$\d+) /;

export interface Notice {
  /** True once: when the client has its session. */
  readonly isAttached: boolean;
  readonly isChange: boolean;
  readonly hasNewSessions: boolean;
  /** True where it was sent to another session. */
  readonly isElsewhere: boolean;
}

/** Reads what one control client says. */
export class Notices {
  readonly #sessionId: string;
  #rest = '';
  #isAttached = false;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** What the next piece of output means. */
  read(text: string): Notice {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    const sessions = lines.flatMap((line) => SESSION.exec(line)?.[1] ?? []);
    const isAttached = !this.#isAttached && sessions.includes(this.#sessionId);
    this.#isAttached ||= isAttached;
    return {
      isAttached,
      isChange: lines.some((line) => CHANGE.test(line)),
      hasNewSessions: lines.some((line) => line.startsWith('%sessions-changed')),
      isElsewhere: sessions.some((id) => id !== this.#sessionId),
    };
  }
}

/** An option as a format prints it: older versions know only on and off. */
function isOn(option: string): boolean {
  return option !== '' && option !== '0' && option !== 'off';
}
