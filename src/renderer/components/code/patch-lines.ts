// A patch of one file as lines that know what they are. Pure and total: a patch comes back from a vault and may hold anything.

import { canHighlight, plainLines, type Highlight, type Segment } from './segments.ts';

export type PatchLineType = 'hunk' | 'context' | 'added' | 'removed' | 'note';

export interface PatchLine {
  readonly type: PatchLineType;
  /** Without the sign in front. */
  readonly text: string;
  readonly oldNumber?: number;
  readonly newNumber?: number;
}

const HUNK = /^@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@ ?(.*)$/;

/** What stands before the first hunk names the file, which is told elsewhere. Text that is no patch comes as notes. */
export function parsePatch(patch: string): PatchLine[] {
  const source = patch.replace(/\n$/, '').split('\n');
  const first = source.findIndex((line) => HUNK.test(line));
  if (first < 0) return source.filter((line) => !isHeader(line)).map((text) => ({ type: 'note', text }));
  let oldNumber = 0;
  let newNumber = 0;
  return source.slice(first).map((line): PatchLine => {
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      oldNumber = Number(hunk[1]);
      newNumber = Number(hunk[2]);
      return { type: 'hunk', text: hunk[3] ?? '' };
    }
    const text = line.slice(1);
    switch (line.charAt(0)) {
      case '+':
        return { type: 'added', text, newNumber: newNumber++ };
      case '-':
        return { type: 'removed', text, oldNumber: oldNumber++ };
      case '\\':
        return { type: 'note', text: text.trim() };
      default:
        return { type: 'context', text, oldNumber: oldNumber++, newNumber: newNumber++ };
    }
  });
}

function isHeader(line: string): boolean {
  return /^(diff --git|index [0-9a-f]|--- |\+\+\+ |(new|old|deleted) (file )?mode )/.test(line);
}

/** The segments of each line: old and new text of a hunk are coloured each as a whole, so that a string over lines is one. */
export function highlightPatch(
  lines: readonly PatchLine[],
  language: string,
  highlight: Highlight | null,
): readonly (readonly Segment[])[] {
  const plain = lines.map(({ text }): readonly Segment[] => [{ text, scope: '' }]);
  if (highlight === null || language === '') return plain;
  const coloured = [...plain];
  for (const [from, to] of hunksOf(lines)) {
    for (const side of ['removed', 'added'] as const) {
      const places = lines
        .slice(from, to)
        .flatMap(({ type }, at) => (type === side || type === 'context' ? [from + at] : []));
      const text = places.map((at) => lines[at]?.text ?? '').join('\n');
      const result = canHighlight(text) ? highlight(text, language) : plainLines(text);
      for (const [index, at] of places.entries()) coloured[at] = result[index] ?? plain[at] ?? [];
    }
  }
  return coloured;
}

function hunksOf(lines: readonly PatchLine[]): [from: number, to: number][] {
  const starts = lines.flatMap(({ type }, at) => (type === 'hunk' ? [at] : []));
  const all = starts[0] === 0 ? starts : [0, ...starts];
  return all.map((start, at) => [start, all[at + 1] ?? lines.length]);
}
