// Captured terminal text keeps its colours when it is shown, and nothing else of what a program could say to a terminal: no titles,
// links, clipboards, cursor moves or turned reading directions. What comes out has lines, tabs and SGR sequences, all else is text.

/** More than every colour and style at once: what is longer was made to hurt. */
const SGR = String.raw`\[[0-9;:]{0,128}m`;
/** Ends at a line's end too, so that a string that was never ended costs no more than its line. */
const STRING_REST = String.raw`[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?`;
const CSI_REST = String.raw`[0-?]*[ -/]*[@-~]?`;
/** C0 but tab and newline, DEL, C1; then what turns the reading direction around or breaks lines where no terminal would. */
const CONTROLS = String.raw`[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x8f\x91-\x97\x99\x9a\x9c\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]+`;
/** Linear: each part either takes at least one character or fails at the first, and none is repeated within another. */
const DROPPED = new RegExp(
  [
    String.raw`\x1b(?!${SGR})(?:[\]PX^_]${STRING_REST}|\[${CSI_REST}|[ -/]*[0-~]?)`,
    String.raw`[\x90\x98\x9d-\x9f]${STRING_REST}`,
    String.raw`\x9b${CSI_REST}`,
    CONTROLS,
  ].join('|'),
  'g',
);

/** Drops every control sequence and character of a terminal's text but SGR (colours and styles), newlines and tabs. Total. */
export function keepStyles(text: string): string {
  return text.replace(DROPPED, '').toWellFormed();
}
