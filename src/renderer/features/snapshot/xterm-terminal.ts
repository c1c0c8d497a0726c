// xterm.js as a picture of what a terminal held. It takes no input, asks for nothing and opens nothing: sequences that could name the
// window, copy or link are swallowed, though what comes here should hold colours only. Loaded when a terminal is first shown.

import { Terminal, type ITheme } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

/** Titles, colours, links, clipboard, marks: everything that xterm would act on. */
const OSC_SEQUENCES = [0, 1, 2, 4, 7, 8, 9, 10, 11, 12, 52, 104, 110, 111, 112, 133, 633, 777, 1337];
const HIDE_CURSOR = '\u001b[?25l';
const LINE_HEIGHT = 1.25;
/** Written one after the other, so that the window answers in between; the first is the picture that is seen last. */
const PART_LENGTH = 64 * 1024;

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
  readonly fontSize: number;
}

export interface TerminalPicture {
  /** Draws all of the text, the end of which is seen already, and then takes the place of that. */
  readonly complete: (text: string, onDrawn: () => void) => void;
  /** Takes the size of its box, and the theme of the page, again. */
  readonly fit: () => void;
  readonly paint: () => void;
  readonly scroll: (how: 'lines' | 'pages' | 'end', amount: number) => void;
  /** Brings a line of the text into sight and marks what stands there. */
  readonly show: (line: number, column: number, length: number) => void;
  readonly dispose: () => void;
}

export interface DrawTerminalOptions {
  readonly box: HTMLElement;
  readonly text: string;
  readonly columns: number;
  readonly fontFamily: string;
}

/** Draws the end at once and all of it soon: a person who opens a long terminal sees its last lines while the rest is written. */
export function drawTerminal(options: DrawTerminalOptions): TerminalPicture {
  const { box } = options;
  let shown = openLayer(options);
  let shownText = options.text;
  let next: Layer | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDrawn = false;
  let onceDrawn = (): void => undefined;
  shown.write(() => {
    isDrawn = true;
    onceDrawn();
  });
  const drawWhole = (text: string, onDrawn: () => void): void => {
    const whole = openLayer({ ...options, text });
    next = whole;
    whole.layer.style.visibility = 'hidden';
    whole.write(() => {
      whole.terminal.scrollLines(-linesBelow(shown.terminal));
      whole.layer.style.visibility = '';
      shown.close();
      shown = whole;
      shownText = text;
      next = null;
      onDrawn();
    });
  };
  return {
    complete: (text, onDrawn) => {
      clearTimeout(timer);
      next?.close();
      next = null;
      onceDrawn = () => {
        if (text === shownText) onDrawn();
        else timer = setTimeout(() => drawWhole(text, onDrawn));
      };
      if (isDrawn) onceDrawn();
    },
    fit: () => {
      shown.fit();
      next?.fit();
    },
    paint: () => {
      shown.terminal.options.theme = themeOf(box);
      if (next !== null) next.terminal.options.theme = themeOf(box);
    },
    scroll: (how, amount) => {
      if (how === 'lines') shown.terminal.scrollLines(amount);
      else if (how === 'pages') shown.terminal.scrollPages(amount);
      else if (amount < 0) shown.terminal.scrollToTop();
      else shown.terminal.scrollToBottom();
    },
    show: (line, column, length) => showLine(shown.terminal, line, column, length),
    dispose: () => {
      clearTimeout(timer);
      shown.close();
      next?.close();
    },
  };
}

interface Layer {
  readonly terminal: Terminal;
  readonly layer: HTMLElement;
  readonly write: (onDone: () => void) => void;
  readonly fit: () => void;
  readonly close: () => void;
}

function openLayer({ box, text, columns, fontFamily }: DrawTerminalOptions): Layer {
  const layer = document.createElement('div');
  layer.style.cssText = 'position:absolute;inset:0';
  box.append(layer);
  const size = sizeFor(box, columns, fontFamily);
  const terminal = new Terminal({
    cols: size.columns,
    rows: size.rows,
    fontSize: size.fontSize,
    fontFamily,
    lineHeight: LINE_HEIGHT,
    // Narrower than it was, a line takes several rows.
    scrollback: countLines(text) * Math.max(1, Math.ceil(columns / size.columns)) + size.rows,
    convertEol: true,
    disableStdin: true,
    cursorInactiveStyle: 'none',
    minimumContrastRatio: 4.5,
    theme: themeOf(box),
    linkHandler: { activate: () => undefined },
  });
  for (const id of OSC_SEQUENCES) terminal.parser.registerOscHandler(id, () => true);
  terminal.attachCustomKeyEventHandler(() => false);
  terminal.open(layer);
  if (terminal.textarea !== undefined) {
    terminal.textarea.tabIndex = -1;
    terminal.textarea.readOnly = true;
  }
  fitRows(terminal, box);
  let isClosed = false;
  return {
    terminal,
    layer,
    write: (onDone) =>
      writeParts(terminal, `${HIDE_CURSOR}${text}`, () => {
        if (!isClosed) onDone();
      }),
    fit: () => {
      const next = sizeFor(box, columns, fontFamily);
      terminal.options.fontSize = next.fontSize;
      if (next.columns !== terminal.cols) terminal.resize(next.columns, terminal.rows);
      fitRows(terminal, box);
    },
    close: () => {
      isClosed = true;
      terminal.dispose();
      layer.remove();
    },
  };
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** How far somebody has scrolled up. */
function linesBelow({ buffer }: Terminal): number {
  return buffer.active.baseY - buffer.active.viewportY;
}

/** As many rows as the box has room for, by the height that a row really has. */
function fitRows(terminal: Terminal, box: HTMLElement): void {
  const drawn = terminal.element?.querySelector('.xterm-screen')?.clientHeight ?? 0;
  if (drawn === 0) return;
  const rows = Math.max(2, Math.floor(box.clientHeight / (drawn / terminal.rows)));
  if (rows !== terminal.rows) terminal.resize(terminal.cols, rows);
}

function writeParts(terminal: Terminal, text: string, onDrawn: () => void): void {
  for (let start = 0; start < text.length;) {
    const found = text.lastIndexOf('\n', start + PART_LENGTH);
    const end = start + PART_LENGTH >= text.length || found <= start ? text.length : found + 1;
    terminal.write(text.slice(start, end), end >= text.length ? onDrawn : undefined);
    start = end;
  }
}

/** A line of the text is the row that does not continue another. */
function showLine(terminal: Terminal, line: number, column: number, length: number): void {
  const { active: buffer } = terminal.buffer;
  let lines = -1;
  for (let row = 0; row < buffer.length; row += 1) {
    if (buffer.getLine(row)?.isWrapped === false) lines += 1;
    if (lines < line) continue;
    const at = row + Math.floor(column / terminal.cols);
    terminal.scrollToLine(Math.max(0, at - Math.floor(terminal.rows / 2)));
    terminal.select(column % terminal.cols, at, length);
    return;
  }
}

const WIDEST_FONT = 13;
const NARROWEST_FONT = 11;
const PROBE_LENGTH = 100;

/** As wide as it was where that fits, in smaller letters where that helps; else as many columns as fit. */
function sizeFor(box: HTMLElement, columns: number, fontFamily: string): TerminalSize {
  const width = Math.max(100, box.clientWidth - 18);
  const cell = measureCell(box, fontFamily);
  const fitting = Math.floor(width / (columns * cell.width));
  const fontSize = Math.max(NARROWEST_FONT, Math.min(WIDEST_FONT, fitting));
  return {
    columns: Math.max(20, Math.min(columns, Math.floor(width / (cell.width * fontSize)))),
    rows: Math.max(2, Math.floor(box.clientHeight / Math.ceil(cell.height * fontSize * LINE_HEIGHT))),
    fontSize,
  };
}

/** Of a letter, for each pixel of the font's size. */
function measureCell(box: HTMLElement, fontFamily: string): { width: number; height: number } {
  const probe = document.createElement('span');
  probe.style.cssText = `position:absolute;visibility:hidden;white-space:pre;font-size:100px;line-height:normal`;
  probe.style.fontFamily = fontFamily;
  probe.textContent = 'W'.repeat(PROBE_LENGTH);
  box.append(probe);
  const { width, height } = probe.getBoundingClientRect();
  probe.remove();
  return { width: width / PROBE_LENGTH / 100, height: height / 100 };
}

function themeOf(box: HTMLElement): ITheme {
  const style = getComputedStyle(box);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const [red, green, yellow, blue] = [token('bad'), token('good'), token('warn'), token('info')];
  const [magenta, cyan, black, white] = [token('violet'), token('teal'), token('line-strong'), token('text-soft')];
  return {
    ...{ background: token('surface'), foreground: token('text'), cursor: token('surface') },
    ...{ selectionBackground: token('accent'), selectionForeground: token('on-accent') },
    ...{ red, green, yellow, blue, magenta, cyan, black, white, brightBlack: white, brightWhite: token('text') },
    ...{ brightRed: red, brightGreen: green, brightYellow: yellow, brightBlue: blue },
    ...{ brightMagenta: magenta, brightCyan: cyan },
    selectionInactiveBackground: token('accent'),
  };
}
