// Reads the text of panes: scrollback with colours, in as few tmux runs as can be, and not at all where nothing can have changed.

import { randomUUID } from 'node:crypto';

import { AppError } from '../../../shared/model/app-error.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedStream } from '../../../shared/model/item.ts';
import type { ProgramResult } from '../host/run-program.ts';
import type { CaptureContext, SourceProblem } from '../source.ts';
import {
  fitTexts,
  lastLines,
  MAX_SCROLLBACK_LINES,
  MAX_STREAM_BYTES,
  PROGRAM_SCREEN,
  SCROLLBACK,
  toTextStream,
  withoutBlankEnd,
  type TerminalText,
} from '../terminal/terminal-text.ts';
import { isServerGone, runTmux, type TmuxServer } from './tmux-servers.ts';
import type { PaneRows } from './pane-rows.ts';

/** What one tmux run prints: so many panes, and so many bytes of history as tmux counts them. */
const MAX_PANES_PER_RUN = 40;
const MAX_BYTES_PER_RUN = 16 * 1024 * 1024;
const RUN_TIMEOUT_MS = 3_000;
const RESET_COLOURS = Buffer.from('\u001b[0m', 'utf8');

export interface PaneTexts {
  /** By key; panes that closed while they were read are missing. */
  readonly texts: ReadonlyMap<ItemKey, TerminalText>;
  readonly problems: readonly SourceProblem[];
}

interface Request {
  readonly pane: PaneRows;
  readonly version: string;
}

/** The text of these panes. A pane that cannot be read costs no other. */
export async function readPaneTexts(
  context: CaptureContext,
  server: TmuxServer,
  panes: readonly PaneRows[],
): Promise<PaneTexts> {
  let texts = new Map<ItemKey, TerminalText>();
  const requests: Request[] = [];
  for (const pane of panes) {
    const version = paneVersion(pane, context.nowMs);
    const names = streamNames(pane);
    if (version !== '' && names.every((name) => context.known(pane.key, name)?.version === version)) {
      const wasCut = context.previous.find(({ key }) => key === pane.key)?.attributes['isScrollbackCut'] === true;
      texts.set(pane.key, { streams: names.map((name) => unchanged(name, version)), isCut: wasCut });
    } else {
      requests.push({ pane, version });
    }
  }
  const problems: SourceProblem[] = [];
  for (const batch of toBatches(requests)) {
    const read = await readBatch(context, server, batch);
    problems.push(...read.problems);
    // Cut after each run: all panes of a large server at once would be more than fits into memory.
    texts = new Map(fitTexts(new Map([...texts, ...read.texts]), context.maxBytes));
  }
  return { texts, problems };
}

/**
 * A token of a pane's text. tmux tells when a window last had output, to the second: a reading taken in that very second may miss
 * what came later in it, so such a reading has no token.
 */
function paneVersion({ window, pane, session }: PaneRows, nowMs: number): string {
  if (Number(window.window_activity) >= Math.floor(nowMs / 1000)) return '';
  return [
    session.pid,
    session.start_time,
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

function streamNames({ pane }: PaneRows): string[] {
  return pane.alternate_on === '1' ? [SCROLLBACK, PROGRAM_SCREEN] : [SCROLLBACK];
}

function unchanged(name: string, version: string): CapturedStream {
  return { name, kind: 'ring', version, content: { type: 'unchanged' } };
}

function toBatches(requests: readonly Request[]): Request[][] {
  const batches: Request[][] = [];
  let bytes = 0;
  for (const request of requests) {
    const size = Number(request.pane.pane.history_bytes) || 0;
    const last = batches.at(-1);
    if (last === undefined || last.length >= MAX_PANES_PER_RUN || bytes + size > MAX_BYTES_PER_RUN) {
      batches.push([request]);
      bytes = size;
    } else {
      last.push(request);
      bytes += size;
    }
  }
  return batches;
}

/** A run ends at the first pane that has closed meanwhile; the panes after it are read by another. */
async function readBatch(context: CaptureContext, server: TmuxServer, batch: readonly Request[]): Promise<PaneTexts> {
  const texts = new Map<ItemKey, TerminalText>();
  const problems: SourceProblem[] = [];
  let left = batch;
  while (left.length > 0) {
    const { pieces, failure } = await readRun(context, server, left);
    for (const [index, piece] of pieces.entries()) {
      const request = left[index];
      if (request !== undefined) texts.set(request.pane.key, toText(request, piece));
    }
    const [refused, ...others] = left.slice(pieces.length);
    if (refused !== undefined && failure === 'refused') problems.push(unreadable(refused.pane, 'tmux refused'));
    if (refused !== undefined && failure === 'gone') {
      problems.push(...[refused, ...others].map(({ pane }) => unreadable(pane, 'its server ended')));
      break;
    }
    left = others;
  }
  return { texts, problems };
}

function unreadable({ key, session, window, pane }: PaneRows, why: string): SourceProblem {
  const name = `${session.session_name}:${window.window_index}.${pane.pane_index}`;
  return { key, reason: 'unreadable', message: `The text of pane ${name} could not be read: ${why}.` };
}

interface RunOutput {
  readonly pieces: readonly Piece[];
  /** Why the pane after the last piece was not read. */
  readonly failure: 'closed' | 'gone' | 'refused' | null;
}

interface Piece {
  readonly history: Buffer;
  readonly shell: Buffer;
  readonly program: Buffer;
}

async function readRun(context: CaptureContext, server: TmuxServer, requests: readonly Request[]): Promise<RunOutput> {
  const marker = `cairn ${randomUUID()}`;
  const mark = ['display-message', '-p', marker];
  const commands = requests.flatMap(({ pane: { pane } }) => {
    const print = ['capture-pane', '-p', '-e', '-J', '-t', pane.pane_id];
    const lines = ['-S', String(-linesToRead(Number(pane.history_size), Number(pane.history_bytes)))];
    if (pane.alternate_on !== '1') return [mark, [...print, ...lines], mark, mark];
    // Without a history, `-E -1` would mean the first line of the screen.
    const history = pane.history_size === '0' ? [] : [[...print, ...lines, '-E', '-1']];
    return [...history, mark, [...print, '-a', '-q'], mark, print, mark];
  });
  try {
    const result = await runTmux(context.host, server, commands, {
      signal: context.signal,
      timeoutMs: RUN_TIMEOUT_MS,
      onlyAnswers: true,
    });
    return { pieces: toPieces(result.stdout, `${marker}\n`), failure: failureOf(result) };
  } catch (error) {
    const isTooMuch = error instanceof AppError && error.code === 'EXEC_FAILED' && requests.length > 1;
    if (!isTooMuch) throw error;
    // More colours than text: so much that the panes must be read one by one.
    const pieces: Piece[] = [];
    for (const request of requests) {
      const one = await readRun(context, server, [request]);
      if (one.pieces[0] === undefined) return { pieces, failure: one.failure };
      pieces.push(one.pieces[0]);
    }
    return { pieces, failure: null };
  }
}

function failureOf(result: ProgramResult): RunOutput['failure'] {
  if (result.exitCode === 0) return null;
  if (isServerGone(result)) return 'gone';
  return result.stderr.toString('utf8').startsWith("can't find pane") ? 'closed' : 'refused';
}

/** Fewer lines of a history that is so large that it would be cut anyway. */
function linesToRead(historyLines: number, historyBytes: number): number {
  const share = historyBytes > 0 ? Math.min(1, (2 * MAX_STREAM_BYTES) / historyBytes) : 1;
  return Math.min(MAX_SCROLLBACK_LINES, Math.max(1, Math.ceil(historyLines * share)));
}

/** Parts the output of one run by its marker lines: three parts a pane. */
function toPieces(output: Buffer, marker: string): Piece[] {
  const line = Buffer.from(marker, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = output.indexOf(line); at >= 0; at = output.indexOf(line, from)) {
    parts.push(output.subarray(from, at));
    from = at + line.length;
  }
  const pieces: Piece[] = [];
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [history, shell, program] = parts.slice(at, at + 3);
    if (history !== undefined && shell !== undefined && program !== undefined) pieces.push({ history, shell, program });
  }
  return pieces;
}

function toText({ pane, version }: Request, piece: Piece): TerminalText {
  const shell = withoutBlankEnd(piece.shell);
  const whole = piece.history.length === 0 ? shell : Buffer.concat([piece.history, RESET_COLOURS, shell]);
  const text = lastLines(whole, MAX_STREAM_BYTES);
  const streams = [toTextStream(SCROLLBACK, version, text)];
  if (pane.pane.alternate_on === '1') {
    streams.push(toTextStream(PROGRAM_SCREEN, version, lastLines(withoutBlankEnd(piece.program), MAX_STREAM_BYTES)));
  }
  const { history_size: lines, history_bytes: bytes } = pane.pane;
  return { streams, isCut: text.length < whole.length || linesToRead(Number(lines), Number(bytes)) < Number(lines) };
}
