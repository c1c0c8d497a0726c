// Asks one Neovim what it has open: buffers, tabs, windows, cursors. One question, answered by its own functions, changes nothing. The
// text of modified buffers is read after that, line by line as it is in memory.

import { normalize } from 'node:path';

import { AppError } from '../../../shared/model/app-error.ts';
import { ByteSink } from '../documents/byte-sink.ts';
import { decodeUtf8 } from '../documents/utf8.ts';
import { isList, isMap, type Packed } from './msgpack.ts';
import type { NeovimConnection } from './rpc.ts';

const MAX_BUFFERS = 2_000;
const MAX_WINDOWS = 500;
/** More are not asked for: each is a value of its own. */
const MAX_LINES = 1_000_000;

const BUFFER_FACTS = [
  'b.bufnr',
  'b.name',
  'b.listed',
  'b.loaded',
  'b.changed',
  'b.lnum',
  "getbufvar(b.bufnr, '&buftype')",
  "getbufvar(b.bufnr, '&fileencoding')",
  "getbufvar(b.bufnr, '&fileformat')",
  "getbufvar(b.bufnr, '&endofline') || (getbufvar(b.bufnr, '&fixendofline') && !getbufvar(b.bufnr, '&binary'))",
  "getbufvar(b.bufnr, 'changedtick')",
  'swapname(b.bufnr)',
  'b.loaded ? nvim_buf_line_count(b.bufnr) : 0',
  'b.loaded ? nvim_buf_get_offset(b.bufnr, nvim_buf_line_count(b.bufnr)) : -1',
].join(', ');
const WINDOW_FACTS = 'w.winid, w.bufnr, w.tabnr, w.winnr, nvim_win_get_cursor(w.winid)';
const QUESTION = `[getpid(), getcwd(-1, -1), win_getid(),
  map(getbufinfo(), {_, b -> [${BUFFER_FACTS}]}),
  map(getwininfo(), {_, w -> [${WINDOW_FACTS}]}),
  map(range(1, tabpagenr('$')), {_, t -> winlayout(t)})]`.replaceAll('\n', ' ');

export interface NeovimBuffer {
  readonly number: number;
  /** The full path, another name, or empty; null where it is no text. */
  readonly name: string | null;
  readonly isListed: boolean;
  readonly isModified: boolean;
  /** The line of the cursor, from 1; 0 where it never was in it. */
  readonly line: number;
  /** Empty for a file. */
  readonly type: string;
  readonly encoding: string;
  readonly lineEnd: '\n' | '\r\n' | '\r';
  readonly endsWithNewline: boolean;
  /** Grows with every change of the text. */
  readonly changes: number;
  /** Its swap file; empty where it has none. */
  readonly swapFile: string;
  readonly lineCount: number;
  /** Bytes of its text; below 0 where it is not in memory. */
  readonly sizeBytes: number;
}

export interface NeovimWindow {
  readonly id: number;
  readonly buffer: number;
  readonly tab: number;
  /** Its place in the tab, from 1. */
  readonly place: number;
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
  /** How its neighbours lie: beside it in a row, or above and below in a column. */
  readonly split: 'row' | 'column' | null;
}

export interface NeovimState {
  readonly pid: number;
  readonly cwd: string;
  readonly activeWindow: number;
  readonly buffers: readonly NeovimBuffer[];
  readonly windows: readonly NeovimWindow[];
}

/**
 * @throws AppError SOURCE_UNREADABLE where it waits for a key or answers in an unknown way, SOURCE_TIMEOUT, CANCELLED
 */
export async function readNeovim(connection: NeovimConnection): Promise<NeovimState> {
  // The one call that is answered in every state; any other would wait for the user's key.
  const mode = await connection.call('nvim_get_mode');
  if (isBlocked(mode)) throw new AppError('SOURCE_UNREADABLE', 'it waits for a key', { isRetryable: true });
  const state = parseNeovimState(await connection.call('nvim_eval', QUESTION));
  if (state === null) throw new AppError('SOURCE_UNREADABLE', 'its answer is of an unknown form');
  return state;
}

/** The text of a buffer as its file would hold it, in UTF-8; cut at a line where it is longer. */
export async function readBufferText(
  connection: NeovimConnection,
  buffer: NeovimBuffer,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly isCut: boolean }> {
  const wanted = await countLinesWithin(connection, buffer, maxBytes);
  const isWhole = wanted === buffer.lineCount;
  const lines = await connection.call('nvim_buf_get_lines', buffer.number, 0, wanted, false);
  if (!isList(lines)) throw new AppError('SOURCE_UNREADABLE', 'its answer is of an unknown form');
  const sink = new ByteSink(buffer.lineEnd, maxBytes);
  for (const [index, line] of lines.entries()) {
    const isLast = isWhole && index === lines.length - 1;
    if (line instanceof Uint8Array) sink.addLine(line, { isEnded: !isLast || buffer.endsWithNewline });
  }
  return { bytes: sink.take(), isCut: !isWhole || sink.isCut };
}

/** How many lines fit: asked for by halving, so that no more than these are sent. */
async function countLinesWithin(
  connection: NeovimConnection,
  { number, lineCount, sizeBytes }: NeovimBuffer,
  maxBytes: number,
): Promise<number> {
  if (sizeBytes <= maxBytes && lineCount <= MAX_LINES) return lineCount;
  let fits = 0;
  let most = Math.min(lineCount, MAX_LINES);
  while (fits < most) {
    const middle = Math.ceil((fits + most) / 2);
    const offset = await connection.call('nvim_buf_get_offset', number, middle);
    if (typeof offset === 'number' && offset <= maxBytes) fits = middle;
    else most = middle - 1;
  }
  return fits;
}

/** Parses the answer to the question; null where it is none. */
export function parseNeovimState(answer: Packed): NeovimState | null {
  if (!isList(answer)) return null;
  const [pid, cwd, activeWindow, buffers, windows, layouts] = answer;
  const folder = textOf(cwd);
  if (typeof pid !== 'number' || folder === null || typeof activeWindow !== 'number') return null;
  if (!isList(buffers) || !isList(windows) || !isList(layouts)) return null;
  const splits = new Map<number, NeovimWindow['split']>();
  for (const layout of layouts) readLayout(layout, null, splits, 0);
  return {
    pid,
    cwd: folder,
    activeWindow,
    buffers: buffers.slice(0, MAX_BUFFERS).flatMap((buffer) => parseBuffer(buffer) ?? []),
    windows: windows.slice(0, MAX_WINDOWS).flatMap((window) => parseWindow(window, splits) ?? []),
  };
}

function isBlocked(mode: Packed): boolean {
  return isMap(mode) && mode.entries.some(([name, value]) => textOf(name) === 'blocking' && value === true);
}

function parseBuffer(facts: Packed): NeovimBuffer | null {
  if (!isList(facts)) return null;
  const [number, name, listed, , changed, line, type, encoding, format, eol, changes, swap, lines, size] = facts;
  if (typeof number !== 'number') return null;
  const lineFormat = textOf(format);
  return {
    number,
    name: textOf(name),
    isListed: listed === 1,
    isModified: changed === 1,
    line: numberOf(line),
    type: textOf(type) ?? '?',
    encoding: textOf(encoding) ?? '',
    lineEnd: lineFormat === 'dos' ? '\r\n' : lineFormat === 'mac' ? '\r' : '\n',
    endsWithNewline: eol === 1 || eol === true,
    changes: numberOf(changes),
    // It may hold a doubled slash.
    swapFile: normalizeName(textOf(swap) ?? ''),
    lineCount: numberOf(lines),
    sizeBytes: typeof size === 'number' ? size : -1,
  };
}

function parseWindow(facts: Packed, splits: ReadonlyMap<number, NeovimWindow['split']>): NeovimWindow | null {
  if (!isList(facts)) return null;
  const [id, buffer, tab, place, cursor] = facts;
  if (typeof id !== 'number' || typeof buffer !== 'number' || !isList(cursor)) return null;
  // Floating windows are in no layout: they show no file that the user opened.
  if (!splits.has(id)) return null;
  return {
    id,
    buffer,
    tab: numberOf(tab),
    place: numberOf(place),
    line: Math.max(1, numberOf(cursor[0])),
    column: numberOf(cursor[1]) + 1,
    split: splits.get(id) ?? null,
  };
}

/** A layout is `['leaf', window]`, or `['row' or 'col', [layouts]]`. */
function readLayout(
  layout: Packed | undefined,
  within: NeovimWindow['split'],
  splits: Map<number, NeovimWindow['split']>,
  depth: number,
): void {
  if (!isList(layout) || depth > 20 || splits.size > MAX_WINDOWS) return;
  const [kind, content] = layout;
  const name = textOf(kind);
  if (name === 'leaf' && typeof content === 'number') splits.set(content, within);
  else if (isList(content)) {
    for (const part of content) readLayout(part, name === 'row' ? 'row' : 'column', splits, depth + 1);
  }
}

function normalizeName(path: string): string {
  return path === '' ? '' : normalize(path);
}

function textOf(value: Packed | undefined): string | null {
  return value instanceof Uint8Array ? decodeUtf8(value) : null;
}

function numberOf(value: Packed | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}
