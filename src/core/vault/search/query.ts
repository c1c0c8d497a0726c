// What somebody typed, understood, and looked for in a text. A word stands for every word, or part of one, that begins so; a word of one
// or two letters for itself; quotes for exactly these characters, as whole words. All of them must stand on one line (of a transcript:
// in one record). Case and diacritics do not matter.

import {
  classOf,
  DENSE,
  foldText,
  isPartStart,
  isWordEnd,
  originalPosition,
  SEPARATOR,
  type FoldedText,
} from './fold.ts';
import { denseTerms, wordTerm } from './terms.ts';

const MAX_CLAUSES = 16;
/** Letters up to which a word stands for itself only: more would begin with it than anybody looks through. */
const MAX_SHORT = 2;

export interface Clause {
  /** Folded. */
  readonly needle: string;
  readonly isExact: boolean;
  /** A word of one or two letters. */
  readonly isShort: boolean;
  /** Must its first character begin a word or part? Not so for signs and for scripts without blanks. */
  readonly isBound: boolean;
}

export interface ParsedQuery {
  readonly clauses: readonly Clause[];
  /** All of these stand in what matches. Empty where the index cannot help. */
  readonly terms: readonly number[];
  /** The whole text as typed, folded, without quotes: what stands there just so comes first. */
  readonly whole: string;
  /** Anything may stand before and after: how texts are read through that the index did not find. */
  readonly isAnywhere: boolean;
}

/** A place where a query matches. */
export interface TextMatch {
  /** The line, or the record's text, that holds it, and the hit; positions in the text. */
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

/** Understands a query. @param isAnywhere also in the middle of words */
export function parseQuery(text: string, isAnywhere = false): ParsedQuery {
  const clauses: Clause[] = [];
  for (const found of text.matchAll(/"([^"]*)"?|[^\s"]+/g)) {
    const isExact = found[1] !== undefined;
    const clause = toClause(found[1] ?? found[0], isExact, isAnywhere);
    if (clause !== null && clauses.length < MAX_CLAUSES) clauses.push(clause);
  }
  const terms = isAnywhere ? [] : [...new Set(clauses.flatMap(termsOf))];
  const whole = foldText(text.replaceAll('"', ' ').replaceAll(/\s+/g, ' ').trim()).text;
  return { clauses, terms, whole, isAnywhere };
}

/** Finds where a text matches, at most `limit` lines of it. A record is one line, whatever it holds. */
export function matchText(
  query: ParsedQuery,
  text: string,
  options: { isRecord: boolean; limit: number },
): TextMatch[] {
  const driver = longest(query.clauses);
  if (driver === null) return [];
  const folded = foldText(text);
  const found: TextMatch[] = [];
  let at = 0;
  while (found.length < options.limit) {
    at = folded.text.indexOf(driver.needle, at);
    if (at < 0) break;
    const start = options.isRecord ? 0 : folded.text.lastIndexOf('\n', at === 0 ? -1 : at - 1) + 1;
    const stop = options.isRecord ? -1 : folded.text.indexOf('\n', at + driver.needle.length);
    const end = stop < 0 ? folded.text.length : stop;
    const match = matchLine(query, text, folded, start, end);
    if (match !== null) found.push(match);
    if (end >= folded.text.length) break;
    at = end;
  }
  return found;
}

function matchLine(query: ParsedQuery, text: string, folded: FoldedText, start: number, end: number): TextMatch | null {
  let from = -1;
  let to = -1;
  let score = 0;
  for (const clause of query.clauses) {
    const at = findClause(clause, query, text, folded, start, end);
    if (at < 0) return null;
    const stop = at + clause.needle.length;
    if (from < 0) {
      from = at;
      to = stop;
    }
    if (isWordEnd(text, originalPosition(folded, stop))) score += 1;
    if (at === start || classOf(folded.text.charCodeAt(at - 1)) === SEPARATOR) score += 1;
  }
  score /= query.clauses.length;
  if (query.clauses.length > 1) {
    const together = folded.text.indexOf(query.whole, start);
    if (together >= 0 && together + query.whole.length <= end) {
      from = together;
      to = together + query.whole.length;
      score += 3;
    }
  }
  return {
    start: originalPosition(folded, start),
    end: originalPosition(folded, end),
    from: originalPosition(folded, from),
    to: originalPosition(folded, to),
    score,
  };
}

/** The best place of a clause on a line: one that is a whole word, else the first. */
function findClause(
  clause: Clause,
  { isAnywhere }: ParsedQuery,
  text: string,
  folded: FoldedText,
  start: number,
  end: number,
): number {
  let first = -1;
  const { needle } = clause;
  for (let at = folded.text.indexOf(needle, start); at >= 0; at = folded.text.indexOf(needle, at + 1)) {
    const stop = at + needle.length;
    if (stop > end) break;
    if (!isAnywhere && !fits(clause, text, originalPosition(folded, at), originalPosition(folded, stop))) continue;
    if (isWordEnd(text, originalPosition(folded, stop))) return at;
    if (first < 0) first = at;
  }
  return first;
}

function fits({ isBound, isShort, isExact }: Clause, text: string, from: number, to: number): boolean {
  if (isBound && !isPartStart(text, from)) return false;
  if (isShort) return isWordEnd(text, to);
  return !isExact || isWordEnd(text, to) || isPartStart(text, to);
}

function toClause(text: string, isExact: boolean, isAnywhere: boolean): Clause | null {
  const needle = foldText(text.trim()).text;
  if (needle === '') return null;
  const runs = runsOf(needle);
  const only = runs.length === 1 && runs[0]?.text.length === needle.length ? runs[0] : undefined;
  const isBound = runs[0]?.start === 0 && !runs[0].isDense;
  return {
    needle,
    isExact,
    isBound,
    isShort: !isAnywhere && only !== undefined && !only.isDense && needle.length <= MAX_SHORT,
  };
}

interface Run {
  readonly text: string;
  readonly start: number;
  readonly isDense: boolean;
}

/** The words in a needle, and the runs of scripts without blanks. */
function runsOf(needle: string): Run[] {
  const runs: Run[] = [];
  let at = 0;
  while (at < needle.length) {
    const kind = classOf(needle.charCodeAt(at));
    if (kind === SEPARATOR) {
      at += 1;
      continue;
    }
    const start = at;
    const isDense = kind === DENSE;
    while (at < needle.length) {
      const other = classOf(needle.charCodeAt(at));
      if (other === SEPARATOR || (other === DENSE) !== isDense) break;
      at += 1;
    }
    runs.push({ text: needle.slice(start, at), start, isDense });
  }
  return runs;
}

function termsOf(clause: Clause): number[] {
  return runsOf(clause.needle).flatMap((run) => {
    if (run.isDense) return denseTerms(run.text);
    const isLast = run.start + run.text.length === clause.needle.length;
    // A short beginning at the end of a longer needle has no term: whole words of that length are not what is meant.
    if (run.text.length <= MAX_SHORT && isLast && !clause.isShort) return [];
    return [wordTerm(run.text)];
  });
}

function longest(clauses: readonly Clause[]): Clause | null {
  return clauses.reduce<Clause | null>(
    (best, clause) => (best === null || clause.needle.length > best.needle.length ? clause : best),
    null,
  );
}
