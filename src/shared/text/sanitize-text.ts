// Captured text is hostile: shown on a terminal it could move the cursor, rename the window, or turn its reading direction around.
// Everything captured passes through here before it is printed.

/** OSC, DCS, APC, PM and SOS with their content, up to their end; then CSI; then any other escape. Linear: no nested repetition. */
const ESCAPES =
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g;
/** C0, DEL, C1, and what changes direction, joins lines or is not seen at all. */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const SPACES = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** What is cut away anyway is not looked at: a line of text may be megabytes long. */
const LOOKAHEAD = 8;

/** The text without escape sequences: what a reader of the terminal saw. Lines stay lines. */
export function stripEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/** Gives a text as one harmless line of at most `max` characters; an ellipsis stands where something is missing. */
export function toPlainLine(text: string, max: number): string {
  const start = text.length > max * LOOKAHEAD ? text.slice(0, max * LOOKAHEAD) : text;
  const plain = start.replace(ESCAPES, '').replace(SPACES, ' ').replace(INVISIBLE, '').toWellFormed();
  const isCut = start.length < text.length;
  if (plain.length <= max && !isCut) return plain;
  return `${plain.slice(0, Math.max(0, max - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}
