// Aligned columns for terminals. Widths are those that a terminal draws: East Asian letters and emoji take two cells, marks
// none. Cells are plain lines already (see `toPlainLine`); a style is put around a cell after it was measured.

const COLUMN_GAP = '  ';
const ELLIPSIS = '…';
/** Combining marks and other characters that take no cell of their own. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const ASCII = /^[\x20-\x7e]*$/;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The column that gives way where the terminal is too narrow. At most one. */
  readonly canShrink?: boolean;
}

export type Paint = (text: string) => string;

/** A cell: its text, or its text and how to draw it. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

export interface TableOptions {
  /** The terminal's width; lines are not shortened where it is unknown. */
  readonly width?: number | undefined;
  readonly paintTitle?: Paint;
}

/** Lays rows out in columns; a title row stands first unless all titles are empty. */
export function renderTable(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  options: TableOptions = {},
): string[] {
  const widths = columns.map((column, at) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(textOf(row[at] ?? '')))),
  );
  shrink(columns, widths, options.width);
  const titles = columns.map(({ title }): Cell => ({ text: title, paint: options.paintTitle ?? unchanged }));
  const hasTitles = columns.some(({ title }) => title !== '');
  return (hasTitles ? [titles, ...rows] : rows).map((row) => renderRow(columns, widths, row));
}

/** How many cells a terminal draws a text in. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

/** Shortens a text to a width, with an ellipsis where something is missing. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    const cells = graphemeWidth(segment);
    if (used + cells > width - 1) break;
    kept += segment;
    used += cells;
  }
  return width < 1 ? '' : kept + ELLIPSIS;
}

/** Breaks a text into lines at its blanks; a word that is too long stays whole. */
export function wrapText(text: string, width: number): string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  for (const word of text.trimStart().split(' ')) {
    if (line !== '' && displayWidth(`${indent}${line} ${word}`) > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

function renderRow(columns: readonly Column[], widths: readonly number[], row: readonly Cell[]): string {
  const cells = columns.map((column, at) => {
    const cell = row[at] ?? '';
    const width = widths[at] ?? 0;
    const text = truncate(textOf(cell), width);
    const padding = ' '.repeat(Math.max(0, width - displayWidth(text)));
    const painted = typeof cell === 'string' ? text : cell.paint(text);
    // The last column gets no blanks at its end.
    if (column.align === 'right') return padding + painted;
    return at === columns.length - 1 ? painted : painted + padding;
  });
  return cells.join(COLUMN_GAP).trimEnd();
}

function shrink(columns: readonly Column[], widths: number[], width: number | undefined): void {
  const at = columns.findIndex(({ canShrink }) => canShrink === true);
  if (width === undefined || at < 0) return;
  const total = widths.reduce((sum, cells) => sum + cells, 0) + COLUMN_GAP.length * (columns.length - 1);
  const own = widths[at] ?? 0;
  if (total > width) widths[at] = Math.max(Math.min(own, 8), own - (total - width));
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** What a reader takes for one character each. Made anew each time: the first one costs a tenth of a short command, the others nothing. */
function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  return new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text);
}

function graphemeWidth(grapheme: string): number {
  const point = grapheme.codePointAt(0) ?? 0;
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return 0;
  if (ZERO_WIDTH.test(String.fromCodePoint(point))) return 0;
  return isWide(point) || grapheme.includes('\u{fe0f}') ? 2 : 1;
}

/** Blocks of Unicode's East Asian Width classes W and F, rounded to whole blocks. */
function isWide(point: number): boolean {
  return (
    point >= 0x1100 &&
    (point <= 0x115f ||
      (point >= 0x2e80 && point <= 0x303e) ||
      (point >= 0x3041 && point <= 0xa4cf) ||
      (point >= 0xa960 && point <= 0xa97f) ||
      (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xfe30 && point <= 0xfe6f) ||
      (point >= 0xff01 && point <= 0xff60) ||
      (point >= 0xffe0 && point <= 0xffe6) ||
      (point >= 0x1f300 && point <= 0x1faff) ||
      (point >= 0x20000 && point <= 0x3fffd))
  );
}

function unchanged(text: string): string {
  return text;
}
