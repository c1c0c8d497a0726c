// Asks a tmux server what it has, in one run, and joins sessions, windows and panes.

import { createHash, randomUUID } from 'node:crypto';

import { parseItemKey, type ItemKey } from '../../../shared/model/ids.ts';
import type { Host } from '../source.ts';
import {
  CLIENT_FORMAT,
  formatArgument,
  PANE_FORMAT,
  parseRows,
  SESSION_FORMAT,
  WINDOW_FORMAT,
  type Row,
} from './parse-tmux.ts';
import { isServerGone, runTmux, serverKey, type RunTmuxOptions, type TmuxServer } from './tmux-servers.ts';

const MAX_KEY_LENGTH = 900;

/** One pane with the window and session that it stands in. A window linked into two sessions gives its panes twice. */
export interface PaneRows {
  readonly key: ItemKey;
  readonly session: Row<typeof SESSION_FORMAT>;
  readonly window: Row<typeof WINDOW_FORMAT>;
  readonly pane: Row<typeof PANE_FORMAT>;
}

export type ServerRows =
  | { readonly status: 'gone' }
  /** It runs, and has no session (any more). */
  | { readonly status: 'empty' }
  | { readonly status: 'refused'; readonly message: string }
  | {
      readonly status: 'read';
      readonly panes: readonly PaneRows[];
      /** Sessions that the terminals of tmux clients show, by their device. */
      readonly shownSessions: ReadonlyMap<string, string>;
      readonly unreadable: number;
    };

/** @throws AppError EXEC_TIMEOUT where the server hangs, EXEC_FAILED where tmux cannot be run, CANCELLED */
export async function readServerRows(host: Host, server: TmuxServer, options: RunTmuxOptions): Promise<ServerRows> {
  const marker = `cairn ${randomUUID()}`;
  const mark = ['display-message', '-p', marker];
  const result = await runTmux(
    host,
    server,
    [
      ['list-sessions', '-F', formatArgument(SESSION_FORMAT)],
      mark,
      ['list-clients', '-F', formatArgument(CLIENT_FORMAT)],
      mark,
      ['list-windows', '-a', '-F', formatArgument(WINDOW_FORMAT)],
      mark,
      ['list-panes', '-a', '-F', formatArgument(PANE_FORMAT)],
    ],
    { ...options, onlyAnswers: true },
  );
  const [sessionText = '', clientText = '', windowText = '', paneText = ''] = result.stdout
    .toString('utf8')
    .split(`${marker}\n`);
  if (result.exitCode !== 0) {
    if (isServerGone(result)) return { status: 'gone' };
    const said = result.stderr.toString('utf8').trim().slice(0, 200);
    return said === 'no current target' && sessionText === ''
      ? { status: 'empty' }
      : { status: 'refused', message: said };
  }
  const sessions = parseRows(sessionText, SESSION_FORMAT);
  const clients = parseRows(clientText, CLIENT_FORMAT);
  const windows = parseRows(windowText, WINDOW_FORMAT);
  const panes = parseRows(paneText, PANE_FORMAT);
  return {
    status: 'read',
    panes: joinRows(host, server, sessions.rows, windows.rows, panes.rows),
    shownSessions: new Map(clients.rows.map((client) => [client.client_tty, client.client_session])),
    unreadable: sessions.unreadable + windows.unreadable + panes.unreadable,
  };
}

function joinRows(
  host: Host,
  server: TmuxServer,
  sessions: readonly Row<typeof SESSION_FORMAT>[],
  windows: readonly Row<typeof WINDOW_FORMAT>[],
  panes: readonly Row<typeof PANE_FORMAT>[],
): PaneRows[] {
  const sessionById = new Map(sessions.map((session) => [session.session_id, session]));
  // A window linked into two sessions has a row in each.
  const windowByPlace = new Map(windows.map((window) => [`${window.session_id} ${window.window_index}`, window]));
  return panes.flatMap((pane) => {
    const session = sessionById.get(pane.session_id);
    const window = windowByPlace.get(`${pane.session_id} ${pane.window_index}`);
    if (session === undefined || window === undefined) return [];
    return [{ session, window, pane, key: paneKey(serverKey(server, host), session.session_name, pane) }];
  });
}

/** `tmux:main:1.0` on the default server, `tmux:other:main:1.0` elsewhere; session names have no colon. */
function paneKey(server: string, session: string, pane: Row<typeof PANE_FORMAT>): ItemKey {
  const place = `${server}${session.replaceAll(':', '_')}`;
  // Too long for a key: what is left out still counts.
  const short =
    place.length <= MAX_KEY_LENGTH
      ? place
      : `${place.slice(0, MAX_KEY_LENGTH)}~${createHash('sha256').update(place).digest('hex').slice(0, 16)}`;
  return parseItemKey(`tmux:${short}:${pane.window_index}.${pane.pane_index}`);
}
