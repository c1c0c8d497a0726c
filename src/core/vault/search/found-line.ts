// A hit as it is told: its line, harmless and cut to a good length.

import { toPlainLine } from '../../../shared/text/sanitize-text.ts';
import type { SearchMatch } from '../vault.ts';
import type { TextMatch } from './query.ts';
import { TEXT_BORDER } from './searchable-text.ts';

/** Characters shown before and after a hit. */
const AROUND = 90;

export interface FoundPage {
  readonly matches: SearchMatch[];
  readonly isComplete: boolean;
  /** Continues; absent where there is nothing more. */
  readonly cursor?: string;
}

/** The surroundings of a hit as one harmless line, and where the hit stands in it. */
export function cutLine(text: string, match: TextMatch): { line: string; from: number; to: number } {
  const border = text.lastIndexOf(TEXT_BORDER, match.from) + 1;
  const lineStart = Math.max(match.start, border);
  const start = Math.max(lineStart, match.from - AROUND);
  const next = text.indexOf(TEXT_BORDER, match.to);
  const end = Math.min(match.end, next < 0 ? match.end : next, match.to + AROUND);
  const before = `${start > lineStart ? '…' : ''}${plain(text.slice(start, match.from))}`;
  const hit = plain(text.slice(match.from, match.to));
  return {
    line: `${before}${hit}${plain(text.slice(match.to, end))}`,
    from: before.length,
    to: before.length + hit.length,
  };
}

function plain(text: string): string {
  return toPlainLine(text, Math.max(1, text.length));
}
