// A `.cairnignore`: which things in and below its folder are left out of captures. The rules of a .gitignore, with two differences that can
// only hide more: a file without a pattern hides its whole folder, and a pattern that names a folder (`keys/`) hides a file of that name too.

import { compileGlob } from './path-glob.ts';

/** Judges a path below the file's folder, `/` between its parts; '' is the folder itself. */
export type IgnoreMatcher = (relativePath: string) => boolean;

const MAX_PATTERNS = 1_000;
const MAX_PATTERN_CHARACTERS = 512;
/** Patterns that mean everything, and so also whatever stands in the folder itself. */
const EVERYTHING = new Set(['*', '**', '/', '.', '/*', '/**']);
const HIDE_ALL: IgnoreMatcher = () => true;

interface Pattern {
  readonly isNegated: boolean;
  readonly isEverything: boolean;
  matches(path: string): boolean;
}

/** Total: a file that cannot be understood hides everything. */
export function parseIgnoreFile(text: string, options: { readonly isCaseSensitive: boolean }): IgnoreMatcher {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map(trimEnd)
    .filter((line) => line !== '' && !line.startsWith('#'));
  const isTooMuch = lines.length > MAX_PATTERNS || lines.some((line) => line.length > MAX_PATTERN_CHARACTERS);
  if (lines.length === 0 || isTooMuch) return HIDE_ALL;
  try {
    return toMatcher(lines.map((line) => parsePattern(line, options)));
  } catch {
    return HIDE_ALL; // brackets that do not match: what was meant cannot be told
  }
}

function toMatcher(patterns: readonly Pattern[]): IgnoreMatcher {
  const isHidden = (path: string): boolean =>
    patterns.findLast((pattern) => pattern.matches(path))?.isNegated === false;
  return (relativePath) => {
    if (relativePath === '') return patterns.findLast(({ isEverything }) => isEverything)?.isNegated === false;
    // What lies below something hidden cannot be shown again.
    const parts = relativePath.split('/');
    return parts.some((_part, at) => isHidden(parts.slice(0, at + 1).join('/')));
  };
}

function parsePattern(line: string, options: { readonly isCaseSensitive: boolean }): Pattern {
  const isNegated = line.startsWith('!');
  const written = (isNegated ? line.slice(1) : line).replace(/^\\(?=[#!])/, '');
  if (EVERYTHING.has(written)) return { isNegated, isEverything: true, matches: () => true };
  const plain = written.endsWith('/') ? written.slice(0, -1) : written;
  // A slash at the start or within ties the pattern to the folder; without one it counts at any depth.
  const glob = plain.includes('/') ? plain.replace(/^\//, '') : `**/${plain}`;
  return { isNegated, isEverything: false, matches: compileGlob(glob, options) };
}

/** Blanks at the end do not count, unless a backslash stands before the last one. */
function trimEnd(line: string): string {
  return line.endsWith('\\ ') ? line : line.trimEnd();
}
