// Splits a patch as git prints it (`diff --git`, prefixes `a/` and `b/`, no renames) into its files. Pure and total: patches come back
// from a vault and may hold anything, and a file's content may look like a patch itself.

import { languageOf } from '../host/language-of.ts';

/** Nobody reads further, and the longest patches are those of generated files. */
export const MAX_PATCH_LENGTH = 200_000;
const FILE_START = 'diff --git ';
const BINARY_PATCH = 'binary file';
const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  '\\': 92,
};

export interface PatchedFile {
  /** Within the repository. */
  readonly path: string;
  readonly isNew: boolean;
  readonly isDeleted: boolean;
  readonly isBinary: boolean;
  readonly added: number;
  readonly removed: number;
  /** As git printed it, cut where it is long; one line that says so for a binary file. */
  readonly patch: string;
  /** Lower case; empty where the name tells none. */
  readonly language: string;
}

/** Gives the files of a patch in order; what stands before the first of them is left out. */
export function splitPatch(text: string): PatchedFile[] {
  const files: PatchedFile[] = [];
  let start = text.startsWith(FILE_START) ? 0 : nextFile(text, 0);
  while (start < text.length) {
    // A line of content begins with a sign: one that begins like this is never content.
    const end = nextFile(text, start);
    files.push(readFile(text.slice(start, end)));
    start = end;
  }
  return files;
}

function nextFile(text: string, from: number): number {
  const found = text.indexOf(`\n${FILE_START}`, from);
  return found < 0 ? text.length : found + 1;
}

function readFile(section: string): PatchedFile {
  const hunks = startOf(section, '@@ ');
  const binary = Math.min(startOf(section, 'GIT binary patch'), startOf(section, 'Binary files '));
  const isBinary = binary < hunks;
  const header = section.slice(0, Math.min(hunks, binary)).split('\n');
  const path = pathOf(header);
  const counts = isBinary ? { added: 0, removed: 0 } : countLines(section, hunks);
  return {
    path,
    isNew: header.some((line) => line.startsWith('new file mode ')),
    isDeleted: header.some((line) => line.startsWith('deleted file mode ')),
    isBinary,
    ...counts,
    patch: isBinary ? BINARY_PATCH : cut(section),
    language: languageOf(path),
  };
}

/** Where the first line that begins so stands. */
function startOf(section: string, beginning: string): number {
  const found = section.indexOf(`\n${beginning}`);
  return found < 0 ? section.length : found + 1;
}

/** From the lines that name one file each; files without changed lines have but the first line, which names one twice. */
function pathOf(header: readonly string[]): string {
  for (const [sign, prefix] of [
    ['+++ ', 'b/'],
    ['--- ', 'a/'],
  ] as const) {
    const line = header.find((candidate) => candidate.startsWith(sign));
    // A name with a blank is followed by a tab here, and one with a tab is quoted.
    const name = line === undefined ? '' : readName(line.slice(sign.length).replace(/\t$/, ''));
    if (name.startsWith(prefix)) return name.slice(prefix.length);
  }
  const both = (header[0] ?? '').slice(FILE_START.length);
  const name = both.startsWith('"') ? readName(both) : both.slice(0, Math.floor(both.length / 2));
  return name.startsWith('a/') ? name.slice(2) : name;
}

/** A name as git writes it: in quotes, with its bytes beyond ASCII in octal, where it is not plain. */
function readName(text: string): string {
  if (!text.startsWith('"')) return text;
  const parts: Buffer[] = [];
  // Up to the quote that ends it: an escaped one is part of the name.
  for (const [part] of text.slice(1).matchAll(/\\[0-7]{3}|\\[^]|[^"\\]+|"/g)) {
    if (part === '"') break;
    parts.push(part.startsWith('\\') ? Buffer.of(escapedByte(part.slice(1))) : Buffer.from(part, 'utf8'));
  }
  return Buffer.concat(parts).toString('utf8');
}

function escapedByte(escape: string): number {
  return /^[0-7]{3}$/.test(escape)
    ? Number.parseInt(escape, 8) & 0xff
    : (ESCAPES[escape] ?? (escape.codePointAt(0) ?? 0) & 0xff);
}

function countLines(section: string, from: number): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (let at = from; at < section.length;) {
    const sign = section[at];
    if (sign === '+') added += 1;
    else if (sign === '-') removed += 1;
    const end = section.indexOf('\n', at);
    at = end < 0 ? section.length : end + 1;
  }
  return { added, removed };
}

function cut(section: string): string {
  if (section.length <= MAX_PATCH_LENGTH) return section;
  const lineEnd = section.lastIndexOf('\n', MAX_PATCH_LENGTH - 1) + 1;
  const kept = section.slice(0, lineEnd === 0 ? MAX_PATCH_LENGTH : lineEnd);
  return `${kept}${lineEnd === 0 ? '\n' : ''}\\ ${section.length - kept.length} more characters are not shown here\n`;
}
