// The history files of bash, zsh and fish, as their shells write them. Total: any bytes give entries, and what is no entry is passed
// over. A file may be read from its middle on: what stands before the first whole entry is then part of one that is not known.

import type { CommandEntry } from './command-entry.ts';

const META = 0x83;
const NEWLINE = 0x0a;
const MAX_SECONDS = 253_402_300_799;

/**
 * bash: a command a line; with HISTTIMEFORMAT set `#SECONDS` before each entry, which then may have several lines. Without times the
 * lines of a long command cannot be told from commands.
 */
export function parseBashHistory(bytes: Uint8Array): CommandEntry[] {
  const entries: CommandEntry[] = [];
  let stamped: { atMs: number; lines: string[] } | null = null;
  const close = (): void => {
    const command = stamped?.lines.join('\n') ?? '';
    if (stamped !== null && command !== '') entries.push({ command, atMs: stamped.atMs });
    stamped = null;
  };
  for (const line of linesOf(decode(bytes))) {
    const atMs = /^#\d{1,12}$/.test(line) ? toMs(line.slice(1)) : undefined;
    if (atMs !== undefined) {
      close();
      stamped = { atMs, lines: [] };
    } else if (stamped !== null) {
      stamped.lines.push(line);
    } else if (line !== '') {
      entries.push({ command: line });
    }
  }
  close();
  return entries;
}

/**
 * zsh: a command a line, in the extended form `: START:SECONDS;COMMAND`; a line that ends with a backslash, whatever
 * stands before it, goes on in the next one.
 * Bytes that zsh uses itself are written as 0x83 and the byte xor 0x20.
 */
export function parseZshHistory(bytes: Uint8Array): CommandEntry[] {
  const entries: CommandEntry[] = [];
  const lines = linesOf(decode(unmetafy(bytes)));
  for (let at = 0; at < lines.length; at += 1) {
    const parts: string[] = [];
    let line = lines[at] ?? '';
    while (line.endsWith('\\') && at + 1 < lines.length) {
      parts.push(line.slice(0, -1));
      at += 1;
      line = lines[at] ?? '';
    }
    // A command that ends with a backslash is written with a blank after it.
    parts.push(/\\ +$/.test(line) ? line.slice(0, -1) : line);
    const text = parts.join('\n');
    const extended = /^: +(\d{1,12}):(\d{1,10});/.exec(text);
    const command = extended === null ? text : text.slice(extended[0].length);
    if (command === '') continue;
    const atMs = extended === null ? undefined : toMs(extended[1] ?? '');
    const seconds = Number(extended?.[2] ?? 0);
    // Zero is also written where zsh does not measure.
    entries.push({
      command,
      ...(atMs === undefined ? {} : { atMs }),
      ...(seconds > 0 ? { durationMs: seconds * 1_000 } : {}),
    });
  }
  return entries;
}

/** fish: `- cmd: COMMAND` with backslashes and line ends escaped, then `  when: SECONDS` and paths. It looks like YAML and is none. */
export function parseFishHistory(bytes: Uint8Array): CommandEntry[] {
  const entries: CommandEntry[] = [];
  let command: string | null = null;
  let atMs: number | undefined;
  const close = (): void => {
    if (command !== null && command !== '') entries.push({ command, ...(atMs === undefined ? {} : { atMs }) });
    command = null;
    atMs = undefined;
  };
  for (const line of linesOf(decode(bytes))) {
    if (line.startsWith('- cmd: ')) {
      close();
      command = unescapeFish(line.slice('- cmd: '.length));
    } else if (command !== null && line.startsWith('  when: ')) {
      atMs = toMs(line.slice('  when: '.length).trim());
    }
  }
  close();
  return entries;
}

function unmetafy(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(META)) return bytes;
  const plain = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const next = bytes[at + 1];
    const isMeta = byte === META && next !== undefined && next !== NEWLINE;
    plain[length] = isMeta ? next ^ 0x20 : byte;
    length += 1;
    if (isMeta) at += 1;
  }
  return plain.subarray(0, length);
}

function unescapeFish(text: string): string {
  return text.replaceAll(/\\(n|\\)/g, (_match, escaped: string) => (escaped === 'n' ? '\n' : '\\'));
}

function toMs(seconds: string): number | undefined {
  if (!/^\d{1,12}$/.test(seconds)) return undefined;
  const value = Number(seconds);
  return value > 0 && value <= MAX_SECONDS ? value * 1_000 : undefined;
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
