// Captures one tmux server: three list commands, then one run that prints the text of every pane whose content may have changed.

import { randomUUID } from 'node:crypto';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { foregroundOf, readArguments, readWorkingDirectory, type ProcessInfo } from '../host/proc.ts';
import type { CaptureContext, SourceProblem } from '../source.ts';
import { formatArgument, PANE_FORMAT, parseRows, SESSION_FORMAT, WINDOW_FORMAT, type Row } from './parse-tmux.ts';
import { runTmux, serverKey, type TmuxServer } from './tmux-servers.ts';

export const TMUX = parseSourceId('tmux');
export const SCROLLBACK = 'scrollback';
/** What a full-screen program hides: the shell's own screen below it. */
export const HIDDEN_SCREEN = 'hidden-screen';
export const MAX_SCROLLBACK_LINES = 10_000;
/** How many panes one tmux run prints. */
const PANES_PER_RUN = 40;

export interface ServerCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

interface Pane {
  readonly session: Row<typeof SESSION_FORMAT>;
  readonly window: Row<typeof WINDOW_FORMAT>;
  readonly pane: Row<typeof PANE_FORMAT>;
  readonly key: ItemKey;
}

/** Null where no server answers at the socket. */
export async function captureServer(
  context: CaptureContext,
  server: TmuxServer,
  processes: readonly ProcessInfo[],
): Promise<ServerCapture | null> {
  const { host, signal } = context;
  const marker = randomUUID();
  const listed = await runTmux(
    host,
    server,
    [
      'list-sessions',
      '-F',
      formatArgument(SESSION_FORMAT),
      ';',
      'display-message',
      '-p',
      marker,
      ';',
      'list-windows',
      '-a',
      '-F',
      formatArgument(WINDOW_FORMAT),
      ';',
      'display-message',
      '-p',
      marker,
      ';',
      'list-panes',
      '-a',
      '-F',
      formatArgument(PANE_FORMAT),
    ],
    { signal },
  );
  if (listed.exitCode !== 0) return null;
  const [sessionText = '', windowText = '', paneText = ''] = listed.stdout.toString('utf8').split(`${marker}\n`);
  const sessions = parseRows(sessionText, SESSION_FORMAT);
  const windows = parseRows(windowText, WINDOW_FORMAT);
  const panes = parseRows(paneText, PANE_FORMAT);
  const unreadable = sessions.unreadable + windows.unreadable + panes.unreadable;
  const problems: SourceProblem[] =
    unreadable === 0
      ? []
      : [{ reason: 'unreadable', message: `tmux printed ${unreadable} lines that could not be read.` }];
  const joined = joinRows(server, sessions.rows, windows.rows, panes.rows);
  const texts = await readTexts(context, server, joined);
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const items = joined.map((pane) => toItem(context, server, pane, texts.get(pane.key) ?? [], byPid, processes));
  return { items, problems };
}

function joinRows(
  server: TmuxServer,
  sessions: readonly Row<typeof SESSION_FORMAT>[],
  windows: readonly Row<typeof WINDOW_FORMAT>[],
  panes: readonly Row<typeof PANE_FORMAT>[],
): Pane[] {
  const sessionById = new Map(sessions.map((session) => [session.session_id, session]));
  // A window linked into two sessions has a row in each.
  const windowByPlace = new Map(windows.map((window) => [`${window.session_id} ${window.window_index}`, window]));
  return panes.flatMap((pane) => {
    const session = sessionById.get(pane.session_id);
    const window = windowByPlace.get(`${pane.session_id} ${pane.window_index}`);
    if (session === undefined || window === undefined) return [];
    return [{ session, window, pane, key: paneKey(server, session.session_name, pane.window_index, pane.pane_index) }];
  });
}

/** `tmux:main:1.0` on the default server; another server's socket name and `@` stand before the session elsewhere. */
export function paneKey(server: TmuxServer, session: string, window: string, pane: string): ItemKey {
  return parseItemKey(`tmux:${serverKey(server)}${session.slice(0, 800)}:${window}.${pane}`);
}

/** The streams of every pane; those that surely did not change are not read again. */
async function readTexts(
  context: CaptureContext,
  server: TmuxServer,
  panes: readonly Pane[],
): Promise<Map<ItemKey, CapturedStream[]>> {
  const texts = new Map<ItemKey, CapturedStream[]>();
  const toRead: { pane: Pane; version: string }[] = [];
  for (const pane of panes) {
    const version = paneVersion(pane, context.nowMs);
    const known = context.known(pane.key, SCROLLBACK);
    const isHiddenKnown = pane.pane.alternate_on !== '1' || context.known(pane.key, HIDDEN_SCREEN)?.version === version;
    if (version !== '' && known?.version === version && isHiddenKnown)
      texts.set(pane.key, unchangedStreams(pane, version));
    else toRead.push({ pane, version });
  }
  for (let start = 0; start < toRead.length; start += PANES_PER_RUN) {
    for (const [key, streams] of await readSome(context, server, toRead.slice(start, start + PANES_PER_RUN)))
      texts.set(key, streams);
  }
  return texts;
}

/**
 * A token of a pane's text. tmux tells when a window last had output, to the second: a reading taken in that very second may miss
 * what came later in it, so such a token is given a mark of its own and never matches.
 */
function paneVersion({ window, pane, session }: Pane, nowMs: number): string {
  if (Number(window.window_activity) >= Math.floor(nowMs / 1000)) return '';
  return [
    session.session_id,
    session.session_created,
    pane.pane_id,
    pane.pane_pid,
    window.window_activity,
    pane.history_size,
    pane.history_bytes,
    pane.cursor_x,
    pane.cursor_y,
    pane.pane_width,
    pane.pane_height,
    pane.alternate_on,
  ].join(' ');
}

function unchangedStreams({ pane }: Pane, version: string): CapturedStream[] {
  const names = pane.alternate_on === '1' ? [SCROLLBACK, HIDDEN_SCREEN] : [SCROLLBACK];
  return names.map((name) => ({ name, kind: 'ring', version, content: { type: 'unchanged' } }));
}

async function readSome(
  context: CaptureContext,
  server: TmuxServer,
  panes: readonly { pane: Pane; version: string }[],
): Promise<Map<ItemKey, CapturedStream[]>> {
  if (panes.length === 0) return new Map();
  const marker = `cairn ${randomUUID()}`;
  const args: string[] = [];
  for (const { pane } of panes) {
    const target = ['-t', pane.pane.pane_id];
    // A pane that closes meanwhile would end the whole run: its commands are in a group of their own.
    args.push(
      'capture-pane',
      '-p',
      '-e',
      '-J',
      '-S',
      `-${MAX_SCROLLBACK_LINES}`,
      ...target,
      ';',
      'display-message',
      '-p',
      marker,
      ';',
    );
    if (pane.pane.alternate_on === '1') args.push('capture-pane', '-p', '-e', '-J', '-a', '-q', ...target, ';');
    args.push('display-message', '-p', marker, ';');
  }
  const result = await runTmux(context.host, server, args.slice(0, -1), { signal: context.signal, timeoutMs: 5_000 });
  if (result.exitCode !== 0 && panes.length > 1) return readOneByOne(context, server, panes);
  return splitTexts(result.stdout, marker, panes);
}

async function readOneByOne(
  context: CaptureContext,
  server: TmuxServer,
  panes: readonly { pane: Pane; version: string }[],
): Promise<Map<ItemKey, CapturedStream[]>> {
  const texts = new Map<ItemKey, CapturedStream[]>();
  for (const pane of panes)
    for (const [key, streams] of await readSome(context, server, [pane])) texts.set(key, streams);
  return texts;
}

/** Parts the output of one run by its marker lines: two pieces a pane. */
function splitTexts(
  output: Buffer,
  marker: string,
  panes: readonly { pane: Pane; version: string }[],
): Map<ItemKey, CapturedStream[]> {
  const line = Buffer.from(`${marker}\n`, 'utf8');
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = output.indexOf(line); at >= 0; at = output.indexOf(line, from)) {
    pieces.push(output.subarray(from, at));
    from = at + line.length;
  }
  const texts = new Map<ItemKey, CapturedStream[]>();
  for (const [index, { pane, version }] of panes.entries()) {
    const screen = pieces[index * 2];
    const hidden = pieces[index * 2 + 1];
    if (screen === undefined || hidden === undefined) continue;
    const streams = [toStream(SCROLLBACK, version, withoutBlankEnd(screen))];
    if (pane.pane.alternate_on === '1') streams.push(toStream(HIDDEN_SCREEN, version, withoutBlankEnd(hidden)));
    texts.set(pane.key, streams);
  }
  return texts;
}

function toStream(name: string, version: string, text: Buffer): CapturedStream {
  return { name, kind: 'ring', version, content: { type: 'whole', bytes: new Uint8Array(text) } };
}

/** A screen's empty lines below the cursor are no text. */
function withoutBlankEnd(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && text[end - 1] === 0x0a) end -= 1;
  return end === text.length ? text : text.subarray(0, Math.min(text.length, end + 1));
}

function toItem(
  context: CaptureContext,
  server: TmuxServer,
  { session, window, pane, key }: Pane,
  streams: readonly CapturedStream[],
  byPid: ReadonlyMap<number, ProcessInfo>,
  processes: readonly ProcessInfo[],
): CapturedItem {
  const shell = byPid.get(Number(pane.pane_pid));
  const foreground =
    shell === undefined ? [] : foregroundOf(shell, processes).filter((process) => process.pid !== shell.pid);
  const leader = foreground.find((process) => process.pid === process.processGroup) ?? foreground[0];
  const argv = leader === undefined ? [] : readArguments(context.host.procDir, leader.pid);
  const shellDirectory = shell === undefined ? null : readWorkingDirectory(context.host.procDir, shell.pid);
  const directory =
    (leader === undefined ? null : readWorkingDirectory(context.host.procDir, leader.pid)) ?? shellDirectory;
  const attributes: JsonObject = {
    server: server.label,
    socket: server.socket,
    session: { name: session.session_name, path: session.session_path },
    window: {
      index: Number(window.window_index),
      name: window.window_name,
      isActive: window.window_active === '1',
      isZoomed: window.window_zoomed_flag === '1',
      isAutomaticallyNamed: window['automatic-rename'] === '1',
      width: Number(window.window_width),
      height: Number(window.window_height),
      layout: window.window_layout,
    },
    pane: {
      index: Number(pane.pane_index),
      isActive: pane.pane_active === '1',
      isDead: pane.pane_dead === '1',
      isFullScreen: pane.alternate_on === '1',
      title: pane.pane_title,
    },
    tty: pane.pane_tty,
    cwd: shellDirectory?.path ?? directory?.path ?? session.session_path,
    shell: shell?.name ?? pane.pane_current_command,
    ...(argv.length > 0 ? { argv } : {}),
    ...(leader !== undefined && directory !== null && directory.path !== shellDirectory?.path
      ? { commandCwd: directory.path }
      : {}),
    ...(shellDirectory?.isDeleted === true ? { isCwdDeleted: true } : {}),
  };
  const command =
    argv[0] === undefined ? (shell?.name ?? pane.pane_current_command) : (argv[0].split('/').at(-1) ?? argv[0]);
  return {
    key,
    kind: 'terminal',
    source: TMUX,
    group: server.socket,
    title: `${session.session_name}:${window.window_index}.${pane.pane_index} ${command}`,
    attributes,
    streams,
  };
}
