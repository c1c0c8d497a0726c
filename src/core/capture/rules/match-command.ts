// Command rules: `pass` hides every run of that program, with whatever path and arguments; a rule with blanks or wildcards
// (`ssh *prod*`, `*--token*`) is compared with the whole command line. What stands before the program (assignments, sudo, env) is
// looked through, and each part of a pipeline counts, since a history or a shell -c holds whole lines.

import { refuseRule } from './refuse-rule.ts';
import { hasWildcard, matchesWildcard } from './wildcard.ts';

type Matcher = (lines: readonly CommandCandidate[]) => boolean;

export interface CommandCandidate {
  readonly line: string;
  /** The name of its program without the path. */
  readonly program: string;
  /** The line from the program's bare name on. */
  readonly bareLine: string;
}

/** Programs that run the program named after them. */
const WRAPPERS = new Set([
  'sudo',
  'doas',
  'env',
  'exec',
  'command',
  'nohup',
  'time',
  'nice',
  'builtin',
  'setsid',
  'stdbuf',
]);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;
/** Longer lines are compared only at their beginning: the program stands there. */
const MAX_LINE_CHARACTERS = 65_536;

/** Compiles one command rule. @throws AppError CONFIG_INVALID */
export function compileCommandRule(rule: string, place: string): Matcher {
  if (/^[*?\s]*$/.test(rule)) throw refuseRule(place, 'it would hide every command; turn sources off instead');
  if (!hasWildcard(rule) && !/[\s/]/.test(rule)) return (lines) => lines.some(({ program }) => program === rule);
  const isOpenEnded = !hasWildcard(rule);
  return (lines) =>
    lines.some(({ line, bareLine }) =>
      [line, bareLine].some((text) => matchesWildcard(text, rule) || (isOpenEnded && text.startsWith(`${rule} `))),
    );
}

/** The command lines that stand in this text, ready for any number of rules. Never throws. */
export function toCommandCandidates(commandLine: string): CommandCandidate[] {
  const whole = commandLine.slice(0, MAX_LINE_CHARACTERS);
  const parts = whole.split(/[|;&\n]+/);
  return [...new Set([whole, ...parts])].map(toCandidate);
}

function toCandidate(text: string): CommandCandidate {
  const line = text.trim();
  const words = line.split(/\s+/);
  let first = 0;
  // After a wrapper its options are skipped too; an option's own value then stands for the program, which hides too little.
  while (first < words.length - 1 && isBeforeProgram(words[first] ?? '', first > 0)) first += 1;
  const word = (words[first] ?? '').replaceAll(/^["']|["']$/g, '');
  const program = word.slice(word.lastIndexOf('/') + 1);
  return { line, program, bareLine: [program, ...words.slice(first + 1)].join(' ') };
}

function isBeforeProgram(word: string, isAfterWrapper: boolean): boolean {
  if (ASSIGNMENT.test(word)) return true;
  if (isAfterWrapper && word.startsWith('-')) return true;
  return WRAPPERS.has(word.slice(word.lastIndexOf('/') + 1));
}
