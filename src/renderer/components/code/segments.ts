// Coloured text: pieces that say what they are, and together are the text, character by character. Pure.

export interface Segment {
  readonly text: string;
  /** What it is (`keyword`, `string`, ...); empty for plain text. */
  readonly scope: string;
}

/** Gives lines of segments; joined with newlines they are the text. */
export type Highlight = (text: string, language: string) => readonly (readonly Segment[])[];

/** What longer texts would cost is a window that stands still; they are shown plain. */
export const MAX_HIGHLIGHT_LENGTH = 60_000;
const MAX_LINE_LENGTH = 2_000;

export function canHighlight(text: string): boolean {
  if (text.length > MAX_HIGHLIGHT_LENGTH) return false;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    if ((end < 0 ? text.length : end) - start > MAX_LINE_LENGTH) return false;
    if (end < 0) break;
    start = end + 1;
  }
  return true;
}

export function plainLines(text: string): Segment[][] {
  return text.split('\n').map((line) => [{ text: line, scope: '' }]);
}

/** Cuts segments that go over a line's end. */
export function splitLines(segments: Iterable<Segment>): Segment[][] {
  let line: Segment[] = [];
  const lines = [line];
  for (const { text, scope } of segments) {
    for (const [at, part] of text.split('\n').entries()) {
      if (at > 0) {
        line = [];
        lines.push(line);
      }
      if (part !== '') line.push({ text: part, scope });
    }
  }
  return lines;
}

export function joinLines(lines: readonly (readonly Segment[])[]): string {
  return lines.map((line) => line.map(({ text }) => text).join('')).join('\n');
}
