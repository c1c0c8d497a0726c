// Which lines of two texts differ (Myers 1986, O(ND)), within bounds: what is beyond them is told as one replacement. Pure.

import type { PatchLine } from '../../components/code/patch-lines.ts';

export interface LineDiff {
  /** Changed lines with a few around them, and a line for what is left out between. */
  readonly lines: readonly PatchLine[];
  readonly added: number;
  readonly removed: number;
  /** True where the texts were too long, or too different, for the smallest difference. */
  readonly isRough: boolean;
}

export interface DiffBounds {
  /** Of each text, what differs at both ends taken away. */
  readonly maxLines: number;
  /** Lines that are added and removed together. */
  readonly maxEdits: number;
}

type Edit = { readonly type: 'context' | 'added' | 'removed'; readonly text: string };

const BOUNDS: DiffBounds = { maxLines: 5_000, maxEdits: 1_500 };
const CONTEXT = 3;

export function diffLines(before: string, after: string, bounds: DiffBounds = BOUNDS): LineDiff {
  const old = toLines(before);
  const now = toLines(after);
  const start = sameAtStart(old, now);
  const end = sameAtEnd(old, now, start);
  const oldMiddle = old.slice(start, old.length - end);
  const newMiddle = now.slice(start, now.length - end);
  const exact =
    oldMiddle.length > bounds.maxLines || newMiddle.length > bounds.maxLines
      ? null
      : shortestEdits(oldMiddle, newMiddle, bounds.maxEdits);
  const middle = exact ?? [...oldMiddle.map(toEdit('removed')), ...newMiddle.map(toEdit('added'))];
  const edits = [
    ...old.slice(0, start).map(toEdit('context')),
    ...middle,
    ...old.slice(old.length - end).map(toEdit('context')),
  ];
  return {
    lines: withContext(edits),
    added: middle.filter(({ type }) => type === 'added').length,
    removed: middle.filter(({ type }) => type === 'removed').length,
    isRough: exact === null,
  };
}

/** The last lines of a text: what a person looks at in a terminal. */
export function newestLines(text: string, count: number): string {
  const lines = toLines(text);
  return lines.slice(Math.max(0, lines.length - count)).join('\n');
}

function toLines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function toEdit(type: Edit['type']): (text: string) => Edit {
  return (text) => ({ type, text });
}

function sameAtStart(old: readonly string[], now: readonly string[]): number {
  const most = Math.min(old.length, now.length);
  let same = 0;
  while (same < most && old[same] === now[same]) same += 1;
  return same;
}

function sameAtEnd(old: readonly string[], now: readonly string[], start: number): number {
  const most = Math.min(old.length, now.length) - start;
  let same = 0;
  while (same < most && old[old.length - 1 - same] === now[now.length - 1 - same]) same += 1;
  return same;
}

/** Null where there are more edits than allowed. */
function shortestEdits(old: readonly string[], now: readonly string[], maxEdits: number): Edit[] | null {
  const most = Math.min(maxEdits, old.length + now.length);
  // furthest[k + most]: how far into the old text one comes on diagonal k, which is old place minus new place.
  const furthest = new Int32Array(2 * most + 2);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(furthest.slice(most - edits, most + edits + 1));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const isDown =
        diagonal === -edits ||
        (diagonal !== edits && at(furthest, most + diagonal - 1) < at(furthest, most + diagonal + 1));
      let from = isDown ? at(furthest, most + diagonal + 1) : at(furthest, most + diagonal - 1) + 1;
      while (from < old.length && from - diagonal < now.length && old[from] === now[from - diagonal]) from += 1;
      furthest[most + diagonal] = from;
      if (from >= old.length && from - diagonal >= now.length) return walkBack(old, now, trace, edits);
    }
  }
  return null;
}

/** `trace[d]` holds the furthest points before round d, for the diagonals -d to d. */
function walkBack(
  old: readonly string[],
  now: readonly string[],
  trace: readonly Int32Array[],
  rounds: number,
): Edit[] {
  const edits: Edit[] = [];
  let from = old.length;
  let to = now.length;
  for (let round = rounds; round > 0; round -= 1) {
    const before = trace[round] ?? new Int32Array();
    const diagonal = from - to;
    const isDown =
      diagonal === -round ||
      (diagonal !== round && at(before, round + diagonal - 1) < at(before, round + diagonal + 1));
    const start = isDown ? at(before, round + diagonal + 1) : at(before, round + diagonal - 1);
    const startTo = start - (isDown ? diagonal + 1 : diagonal - 1);
    for (; from > start && to > startTo; from -= 1, to -= 1) edits.push({ type: 'context', text: old[from - 1] ?? '' });
    edits.push(isDown ? { type: 'added', text: now[startTo] ?? '' } : { type: 'removed', text: old[start] ?? '' });
    from = start;
    to = startTo;
  }
  while (from > 0) {
    from -= 1;
    edits.push({ type: 'context', text: old[from] ?? '' });
  }
  return edits.toReversed();
}

function at(values: Int32Array, index: number): number {
  return values[index] ?? -1;
}

/** Lines that stay stand only near a change. */
function withContext(edits: readonly Edit[]): PatchLine[] {
  const isNear = new Uint8Array(edits.length);
  for (const [place, { type }] of edits.entries()) {
    if (type !== 'context') isNear.fill(1, Math.max(0, place - CONTEXT), place + CONTEXT + 1);
  }
  const lines: PatchLine[] = [];
  let oldNumber = 1;
  let newNumber = 1;
  let skipped = 0;
  for (const [place, { type, text }] of edits.entries()) {
    if (isNear[place] === 0) {
      skipped += 1;
    } else {
      if (skipped > 0) lines.push({ type: 'hunk', text: `${skipped} ${skipped === 1 ? 'line' : 'lines'} alike` });
      skipped = 0;
      lines.push({
        ...{ type, text },
        ...(type === 'added' ? {} : { oldNumber }),
        ...(type === 'removed' ? {} : { newNumber }),
      });
    }
    if (type !== 'added') oldNumber += 1;
    if (type !== 'removed') newNumber += 1;
  }
  if (skipped > 0 && lines.length > 0)
    lines.push({ type: 'hunk', text: `${skipped} ${skipped === 1 ? 'line' : 'lines'} alike` });
  return lines;
}
