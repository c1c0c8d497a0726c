// The lines of aider's history of a project, parted as aider itself parts them: `#### ` the person, `> ` aider, anything else the model.
// Every start of aider adds `# aider chat started at ...`.

const STARTED = /^# aider chat started at (\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})/;

export type ChatLine =
  | { readonly type: 'start'; readonly timeMs: number | null }
  | { readonly type: 'user' | 'aider' | 'model'; readonly text: string };

/** Tells what a line is. Total. */
export function toChatLine(line: string): ChatLine {
  const started = line.startsWith('# aider chat') ? STARTED.exec(line) : null;
  if (started !== null) {
    // The time of the place where it ran, without a zone: taken as this place's.
    const timeMs = Date.parse(`${started[1]}T${started[2]}`);
    return { type: 'start', timeMs: Number.isNaN(timeMs) ? null : timeMs };
  }
  if (line.startsWith('#### ')) return { type: 'user', text: withoutBreak(line.slice(5)) };
  if (line.startsWith('> ')) return { type: 'aider', text: withoutBreak(line.slice(2)) };
  return { type: 'model', text: line };
}

/** Two blanks at the end of a line are Markdown's line break. */
function withoutBreak(text: string): string {
  return text.endsWith('  ') ? text.slice(0, -2) : text;
}

/** Calls `take` for each whole line; gives the number of bytes used, up to and with the last line end. */
export function readChatLines(bytes: Uint8Array, take: (line: ChatLine) => void): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let end = buffer.indexOf(0x0a); end >= 0; end = buffer.indexOf(0x0a, start)) {
    const line = buffer.toString('utf8', start, end);
    take(toChatLine(line.endsWith('\r') ? line.slice(0, -1) : line));
    start = end + 1;
  }
  return start;
}
