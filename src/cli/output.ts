// Where a command's words go: results on stdout, progress and warnings on stderr, and with `--json` one document on stdout and
// nothing else. Nothing here knows a command.

import type { PlainError } from '../shared/model/app-error.ts';
import { toPlainLine } from '../shared/text/sanitize-text.ts';
import { formatCount } from './format/amounts.ts';
import { truncate, type Paint } from './format/table.ts';

/** Longest line of an error; the texts are ours, but a program's answer may stand in one. */
const MAX_ERROR_LENGTH = 1000;
const PROGRESS_INTERVAL_MS = 100;
/** Of a terminal that does not say how wide it is. */
export const DEFAULT_WIDTH = 80;
/** Characters that JSON allows raw but terminals act upon: DEL, C1 controls, bidirectional marks, line separators. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The part of a writable stream that is used; `columns` is undefined where it is no terminal. */
export interface TextStream {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface OutputOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isJson: boolean;
  readonly nowMs: () => number;
}

/** How words are marked; each function gives its text unchanged where there are no colours. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** A line that is drawn anew as long work goes on; on a stream that is no terminal nothing is drawn. */
export interface ProgressLine {
  update(progress: { readonly done: number; readonly total: number }): void;
  end(): void;
}

export class Output {
  readonly isJson: boolean;
  readonly style: Style;
  readonly noteStyle: Style;
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.isJson = options.isJson;
    this.style = createStyle(hasColours(options.stdout, options.env));
    this.noteStyle = createStyle(hasColours(options.stderr, options.env));
  }

  /** Width of the terminal that shows the results, undefined where they go elsewhere. */
  get width(): number | undefined {
    const { stdout } = this.#options;
    return stdout.isTTY === true ? widthOf(stdout) : undefined;
  }

  /** Whether a person sees the results as they come. */
  get isTerminal(): boolean {
    return this.#options.stdout.isTTY === true && !this.isJson;
  }

  /** Prints a command's result: the document with `--json`, else the lines. Called once by each command. */
  result(document: object, render: () => readonly string[]): void {
    if (this.isJson) this.#writeDocument(document);
    else this.lines(render());
  }

  /** Lines for people on stdout; with `--json` they are not printed. */
  lines(lines: readonly string[]): void {
    if (!this.isJson && lines.length > 0) this.#options.stdout.write(`${lines.join('\n')}\n`);
  }

  /** A remark for people that is no part of the result. */
  note(line: string): void {
    this.#options.stderr.write(`${line}\n`);
  }

  warn(line: string): void {
    this.note(`${this.noteStyle.yellow('Warning:')} ${line}`);
  }

  /** The one place that prints an error: one line on stderr, or its document on stdout with `--json`. */
  error(error: PlainError): void {
    if (this.isJson) this.#writeDocument({ error });
    else this.note(`${this.noteStyle.red('cairn:')} ${describeError(error)}`);
  }

  /** Writes captured bytes as they are. Only for a stdout that is no terminal. */
  raw(bytes: Uint8Array): void {
    this.#options.stdout.write(bytes);
  }

  progress(label: string): ProgressLine {
    const { stderr, nowMs } = this.#options;
    if (stderr.isTTY !== true) return { update: () => undefined, end: () => undefined };
    let drawnAtMs = Number.NEGATIVE_INFINITY;
    return {
      update: ({ done, total }) => {
        const time = nowMs();
        if (time - drawnAtMs < PROGRESS_INTERVAL_MS) return;
        drawnAtMs = time;
        const share = total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : '';
        const line = `${label} ${formatCount(done)} of ${formatCount(total)}${share}`;
        stderr.write(`\r\x1b[K${truncate(line, widthOf(stderr) ?? DEFAULT_WIDTH)}`);
      },
      end: () => {
        if (drawnAtMs !== Number.NEGATIVE_INFINITY) stderr.write('\r\x1b[K');
      },
    };
  }

  #writeDocument(document: object): void {
    this.#options.stdout.write(`${toSafeJson(document)}\n`);
  }
}

/** How many cells a line has; undefined where that is not known: a terminal that nobody told its size says 0. */
export function widthOf({ columns = 0 }: TextStream): number | undefined {
  return columns > 0 ? columns : undefined;
}

/** JSON whose text cannot move a terminal's cursor or turn its writing around; it means the same. */
export function toSafeJson(document: object): string {
  return JSON.stringify(document, null, 2).replace(
    UNSAFE_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line: what failed, and what to do next. */
export function describeError({ message, hint }: PlainError): string {
  const sentence = /[.!?)]$/.test(message) ? message : `${message}.`;
  return toPlainLine(hint === '' ? sentence : `${sentence} ${hint}`, MAX_ERROR_LENGTH);
}

/** Colours only on a terminal that can show them, and never against the user's wish (https://no-color.org). */
function hasColours(stream: TextStream, env: OutputOptions['env']): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

function createStyle(isColoured: boolean): Style {
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      isColoured && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
