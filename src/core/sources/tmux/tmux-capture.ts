// Captures one tmux server: one run that lists everything, then one that prints the text of every pane whose content may have changed.

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcess } from '../host/proc.ts';
import { readTerminalProgram, type ProcessTable, type TerminalProgram } from '../host/proc-terminal.ts';
import type { CaptureContext, SourceProblem } from '../source.ts';
import type { TerminalText } from '../terminal/terminal-text.ts';
import { identityOf, TMUX } from './pane-facts.ts';
import { readServerRows, type PaneRows, type ServerRows } from './pane-rows.ts';
import { readPaneTexts } from './pane-text.ts';
import type { TmuxServer } from './tmux-servers.ts';

/** Programs set titles and names as they like; what is longer is no name. */
const MAX_TITLE_LENGTH = 500;

export interface ServerCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
  readonly closed: readonly ItemKey[];
}

/** A session that a terminal shows: the answer to which panes hold a tmux of their own. */
export interface ShownSession {
  readonly socket: string;
  readonly session: string;
}

export interface CaptureServerInput {
  readonly server: TmuxServer;
  readonly rows: ServerRows;
  readonly table: ProcessTable;
  /** What the clients of all servers show, by terminal. */
  readonly shown: ReadonlyMap<string, ShownSession>;
}

/** @throws AppError where the server hangs or tmux cannot be run */
export function listServer(context: CaptureContext, server: TmuxServer): Promise<ServerRows> {
  return readServerRows(context.host, server, { signal: context.signal });
}

/** The items of one server whose rows were read. @throws AppError as `listServer` */
export async function captureServer(context: CaptureContext, input: CaptureServerInput): Promise<ServerCapture> {
  const { server, rows } = input;
  switch (rows.status) {
    case 'gone':
      // Its socket stayed behind. Nothing is known of why it ended, so the collector carries its items forward as lost.
      return { items: [], problems: [], closed: [] };
    case 'empty': {
      // A living server without sessions: they were closed, one by one.
      const closed = context.previous.filter(({ group }) => group === server.socket).map(({ key }) => key);
      return { items: [], problems: [], closed };
    }
    case 'refused': {
      const message = `The tmux server ${server.label} refused to list its sessions (${rows.message}).`;
      return { items: [], problems: [{ reason: 'unreadable', message, group: server.socket }], closed: [] };
    }
    case 'read':
      return capturePanes(context, input, rows);
  }
}

async function capturePanes(
  context: CaptureContext,
  { server, table, shown }: CaptureServerInput,
  rows: Extract<ServerRows, { status: 'read' }>,
): Promise<ServerCapture> {
  const programs = new Map(rows.panes.map((pane) => [pane.key, programOf(context, pane, table)]));
  const isHidden = ({ key, session }: PaneRows): boolean => {
    const program = programs.get(key);
    const { excludes } = context;
    return excludes.path(program?.cwd ?? session.session_path) || excludes.command(program?.argv.join(' ') ?? '');
  };
  // What the user excludes is not even read; the collector drops its items.
  const hidden = new Set(rows.panes.filter(isHidden).map(({ key }) => key));
  const read = await readPaneTexts(
    context,
    server,
    rows.panes.filter(({ key }) => !hidden.has(key)),
  );
  const items = rows.panes.flatMap((pane) => {
    const text = hidden.has(pane.key) ? { streams: [], isCut: false } : read.texts.get(pane.key);
    // A pane without text closed while it was read, or is among the problems.
    if (text === undefined) return [];
    return [toItem({ server, pane, text, program: programs.get(pane.key) ?? null, shown })];
  });
  const problems: SourceProblem[] = [...read.problems];
  if (rows.unreadable > 0) {
    problems.push({ reason: 'unreadable', message: `tmux printed ${rows.unreadable} lines that could not be read.` });
  }
  return { items, problems, closed: [] };
}

function programOf(context: CaptureContext, { pane }: PaneRows, table: ProcessTable): TerminalProgram | null {
  if (pane.pane_dead === '1') return null;
  const pid = Number(pane.pane_pid);
  // A pane that opened after the processes were read.
  const leader = table.byPid.get(pid) ?? readProcess(context.host.procDir, pid);
  if (leader === null) return null;
  return readTerminalProgram(context.host, leader, table, { announcedUrl: pane.pane_path });
}

interface ItemInput {
  readonly server: TmuxServer;
  readonly pane: PaneRows;
  readonly text: TerminalText;
  readonly program: TerminalProgram | null;
  readonly shown: ReadonlyMap<string, ShownSession>;
}

function toItem({ server, pane: rows, text, program, shown }: ItemInput): CapturedItem {
  const { key, session, window, pane } = rows;
  const argv = program?.argv ?? [];
  const nested = shown.get(pane.pane_tty);
  const attributes: JsonObject = {
    server: server.label,
    socket: server.socket,
    session: {
      name: session.session_name,
      path: session.session_path,
      ...(session.session_group === '' ? {} : { group: session.session_group }),
    },
    ...placeOf(rows),
    // A dead pane's terminal may be another's by now.
    ...(pane.pane_dead === '1' ? {} : { tty: pane.pane_tty }),
    cwd: program?.cwd ?? session.session_path,
    shell: program?.shell ?? pane.pane_current_command,
    ...(argv.length > 0 ? { argv } : {}),
    ...(program !== null && program.pipeline.length > 0 ? { pipeline: toPipeline(program.pipeline) } : {}),
    ...(program !== null && !program.isArgvExact ? { isArgvExact: false } : {}),
    ...(program !== null && program.commandCwd !== null ? { commandCwd: program.commandCwd } : {}),
    ...(program?.isCwdDeleted === true ? { isCwdDeleted: true } : {}),
    ...(nested === undefined ? {} : { nestedTmux: { ...nested } }),
    ...(text.isCut ? { isScrollbackCut: true } : {}),
  };
  const command = argv[0]?.split('/').at(-1) ?? program?.shell ?? pane.pane_current_command;
  return {
    key,
    kind: 'terminal',
    source: TMUX,
    group: server.socket,
    title: `${session.session_name}:${window.window_index}.${pane.pane_index} ${command}`,
    attributes,
    streams: text.streams,
  };
}

function placeOf({ session, window, pane }: PaneRows): JsonObject {
  const serverId = `${session.start_time}-${session.pid}`;
  return {
    window: {
      identity: identityOf(window['@cairn_window'], serverId, window.window_id),
      index: Number(window.window_index),
      name: window.window_name.slice(0, MAX_TITLE_LENGTH),
      isActive: window.window_active === '1',
      isZoomed: window.window_zoomed_flag === '1',
      isAutomaticallyNamed: window['automatic-rename'] === '1',
      width: Number(window.window_width),
      height: Number(window.window_height),
      layout: window.window_layout,
    },
    pane: {
      identity: identityOf(pane['@cairn_pane'], serverId, pane.pane_id),
      index: Number(pane.pane_index),
      isActive: pane.pane_active === '1',
      isDead: pane.pane_dead === '1',
      isFullScreen: pane.alternate_on === '1',
      title: pane.pane_title.slice(0, MAX_TITLE_LENGTH),
      width: Number(pane.pane_width),
      height: Number(pane.pane_height),
    },
  };
}

function toPipeline(pipeline: TerminalProgram['pipeline']): JsonObject {
  return Object.fromEntries(pipeline.map((argv, at) => [String(at + 2), { argv }]));
}
