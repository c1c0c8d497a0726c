// Counts a patch's changed lines from its bytes: a capture has them at hand, and decoding them would cost more than making them.

export interface LineCounts {
  readonly added: number;
  readonly removed: number;
}

const NEWLINE = 0x0a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const HUNK = 0x40;
/** The first letter of `diff --git`; no content and no binary data begins with it followed by the rest. */
const FILE_START = Buffer.from('diff --git ', 'latin1');

/** Lines added and removed by a patch of git; binary files count nothing. Total. */
export function countPatchLines(patch: Buffer): LineCounts {
  let added = 0;
  let removed = 0;
  // Before a file's first hunk stand its headers, which begin with signs too.
  let isInHunk = false;
  for (let at = 0; at < patch.length;) {
    const first = patch[at];
    if (first === HUNK) isInHunk = true;
    else if (first === FILE_START[0]) isInHunk &&= !startsFile(patch, at);
    else if (isInHunk && first === PLUS) added += 1;
    else if (isInHunk && first === MINUS) removed += 1;
    const end = patch.indexOf(NEWLINE, at);
    at = end < 0 ? patch.length : end + 1;
  }
  return { added, removed };
}

function startsFile(patch: Buffer, at: number): boolean {
  return patch.compare(FILE_START, 0, FILE_START.length, at, Math.min(patch.length, at + FILE_START.length)) === 0;
}
