// A tmux server while a restore works on it: what it has, asked once, and what the restore adds.

import type { ProgramResult } from '../host/run-program.ts';
import type { RestoreContext } from '../source.ts';
import { identityOf } from './pane-facts.ts';
import { readServerRows } from './pane-rows.ts';
import { makeSocketFolder, runTmux, type TmuxServer } from './tmux-servers.ts';

const RUN_TIMEOUT_MS = 5_000;
/** A server that was told to end holds its socket until its last client has gone: so long its successor is waited for. */
const ENDING_PATIENCE_MS = 2_000;
const RETRY_EVERY_MS = 50;
const ENDING = /^(?:server exited|lost server)/;

export interface LivePane {
  readonly id: string;
  readonly index: number;
  readonly identity: string;
}

export interface LiveWindow {
  readonly id: string;
  readonly sessionId: string;
  readonly panes: readonly LivePane[];
  /** The pane that fills the window now; null where none does. */
  readonly zoomedPane: string | null;
}

export interface LiveSession {
  readonly id: string;
  /** True where this restore made it. */
  readonly isOurs: boolean;
}

export class LiveServer {
  readonly server: TmuxServer;
  /** By name, as tmux prints it. */
  readonly sessions = new Map<string, LiveSession>();
  /** By identity. */
  readonly windows = new Map<string, LiveWindow>();
  readonly #context: RestoreContext;

  private constructor(server: TmuxServer, context: RestoreContext) {
    this.server = server;
    this.#context = context;
  }

  /** Looks what the server has; a server that does not run has nothing yet. @throws AppError where it hangs */
  static async open(server: TmuxServer, context: RestoreContext): Promise<LiveServer> {
    makeSocketFolder(server);
    const live = new LiveServer(server, context);
    const rows = await readServerRows(context.host, server, { signal: context.signal, timeoutMs: RUN_TIMEOUT_MS });
    if (rows.status === 'refused') throw new Error(`its server refused (${rows.message})`);
    for (const { session, window, pane } of rows.status === 'read' ? rows.panes : []) {
      const serverId = `${session.start_time}-${session.pid}`;
      live.sessions.set(session.session_name, { id: session.session_id, isOurs: false });
      const identity = identityOf(window['@cairn_window'], serverId, window.window_id);
      const known = live.windows.get(identity);
      if (known !== undefined && known.sessionId !== session.session_id) continue;
      const livePane = {
        id: pane.pane_id,
        index: Number(pane.pane_index),
        identity: identityOf(pane['@cairn_pane'], serverId, pane.pane_id),
      };
      const panes = [...(known?.panes ?? []), livePane];
      const isZoomed = window.window_zoomed_flag === '1' && pane.pane_active === '1';
      const zoomedPane = isZoomed ? pane.pane_id : (known?.zoomedPane ?? null);
      live.windows.set(identity, { id: window.window_id, sessionId: session.session_id, panes, zoomedPane });
    }
    return live;
  }

  /** Runs commands; gives what they print. @throws Error with tmux' own words where one fails */
  async run(...commands: readonly (readonly string[])[]): Promise<string> {
    const deadlineMs = performance.now() + ENDING_PATIENCE_MS;
    let result = await this.#runOnce(commands);
    while (isEnding(result) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
      result = await this.#runOnce(commands);
    }
    if (result.exitCode === 0) return result.stdout.toString('utf8');
    const said = result.stderr.toString('utf8').trim().slice(0, 200);
    throw new Error(`\`tmux ${commands[0]?.[0] ?? ''}\` said: ${said}`);
  }

  /** Runs commands of which nothing depends; false where one fails. */
  async tryRun(...commands: readonly (readonly string[])[]): Promise<boolean> {
    return (await this.#runOnce(commands)).exitCode === 0;
  }

  #runOnce(commands: readonly (readonly string[])[]): Promise<ProgramResult> {
    const { host, signal } = this.#context;
    return runTmux(host, this.server, commands, { signal, timeoutMs: RUN_TIMEOUT_MS });
  }
}

function isEnding({ exitCode, stderr }: ProgramResult): boolean {
  return exitCode !== 0 && ENDING.test(stderr.toString('utf8'));
}
