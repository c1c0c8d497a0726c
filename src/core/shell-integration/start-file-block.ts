// The block in a user's start file, as text: put in, replaced, and taken out so that the file is to the byte what it was. What must be
// known for that stands in the block itself, so it holds on another machine that shares the file, too. Pure. Texts are bytes as latin1.

import { BLOCK_END, BLOCK_START } from '../sources/shell-history/hook-block.ts';

const WRITTEN_BY = '# Written by `cairn shell-integration install`, taken out by `cairn shell-integration uninstall`.';
const FILE_MADE = '# The file was made for it.';
const LINE_END_ADDED = '# A line end was added before it.';

export interface FoundBlock {
  readonly start: number;
  readonly end: number;
  readonly body: string;
  readonly isFileMade: boolean;
  readonly isLineEndAdded: boolean;
}

/** Finds the block. `broken` where marks are missing, twice there or in the wrong order: then nobody but the user may touch it. */
export function findBlock(text: string): FoundBlock | 'none' | 'broken' {
  const starts = positionsOf(text, BLOCK_START);
  const ends = positionsOf(text, BLOCK_END);
  const [start] = starts;
  const [last] = ends;
  if (start === undefined && last === undefined) return 'none';
  if (start === undefined || last === undefined || starts.length > 1 || ends.length > 1 || last < start)
    return 'broken';
  const lines = text.slice(start, last).split('\n').slice(1, -1);
  const notes = new Set([WRITTEN_BY, FILE_MADE, LINE_END_ADDED]);
  const afterMark = last + BLOCK_END.length;
  return {
    start,
    end: text[afterMark] === '\n' ? afterMark + 1 : afterMark,
    body: lines.filter((line) => !notes.has(line)).join('\n'),
    isFileMade: lines.includes(FILE_MADE),
    isLineEndAdded: lines.includes(LINE_END_ADDED),
  };
}

/** The text with the block at its end. @param text null where there is no file yet */
export function addBlock(text: string | null, body: string): string {
  const needsLineEnd = text !== null && text !== '' && !text.endsWith('\n');
  const notes = [...(text === null ? [FILE_MADE] : []), ...(needsLineEnd ? [LINE_END_ADDED] : [])];
  return `${text ?? ''}${needsLineEnd ? '\n' : ''}${blockOf(body, notes)}`;
}

/** The text with another body in its block. */
export function replaceBlock(text: string, block: FoundBlock, body: string): string {
  const notes = [...(block.isFileMade ? [FILE_MADE] : []), ...(block.isLineEndAdded ? [LINE_END_ADDED] : [])];
  return text.slice(0, block.start) + blockOf(body, notes) + text.slice(block.end);
}

/** The text without its block; null where the file is to go, since it was made for the block and holds nothing else. */
export function removeBlock(text: string, block: FoundBlock): string | null {
  const before = text.slice(0, block.start);
  const after = text.slice(block.end);
  if (block.isFileMade && before === '' && after === '') return null;
  // What the user has put behind the block must not run into the line before it.
  const isLineEndOurs = block.isLineEndAdded && after === '' && before.endsWith('\n');
  return (isLineEndOurs ? before.slice(0, -1) : before) + after;
}

function blockOf(body: string, notes: readonly string[]): string {
  return `${[BLOCK_START, WRITTEN_BY, ...notes, body, BLOCK_END].join('\n')}\n`;
}

/** Where a mark stands as a whole line. */
function positionsOf(text: string, mark: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    const next = text[at + mark.length];
    if ((at === 0 || text[at - 1] === '\n') && (next === undefined || next === '\n')) found.push(at);
  }
  return found;
}
