// The text of a captured terminal without its colours, and where a line that was searched for stands in it. Pure.

const STYLES = /\u001b\[[0-9;:]*m/g;

export function withoutStyles(text: string): string {
  return text.replace(STYLES, '');
}

/** The last lines of a text, without what is blank at its end. */
export function lastLines(text: string, count: number): string {
  const end = text.trimEnd().length;
  let start = end;
  for (let lines = 0; lines < count && start > 0; lines += 1) start = text.lastIndexOf('\n', start - 1);
  return text.slice(Math.max(0, start < 0 ? 0 : start), end).replace(/^\n/, '');
}

export interface Found {
  /** From 0, within the text. */
  readonly line: number;
  readonly column: number;
}

/**
 * The place of a text that is nearest to a line; null where it is nowhere. Stored lines and shown ones need not be the same: some are
 * left out, and what a program drew on top stands below.
 */
export function findNearest(text: string, wanted: string, line: number): Found | null {
  const needle = wanted.toLowerCase();
  if (needle === '') return null;
  let best: Found | null = null;
  for (const [at, content] of text.toLowerCase().split('\n').entries()) {
    const column = content.indexOf(needle);
    if (column < 0) continue;
    if (best === null || Math.abs(at - line) < Math.abs(best.line - line)) best = { line: at, column };
  }
  return best;
}
