// What the shell hooks write: records of fields that each end with a NUL, which no command can hold. `H` says which shell it is, `C` is
// one command. Total: any bytes give the records that are whole; what is torn is passed over up to the next record's mark.

import { isAbsolute } from 'node:path';

const HEADER_MARK = '\u001eH';
const COMMAND_MARK = '\u001eC';
const HEADER_FIELDS = 7;
const COMMAND_FIELDS = 6;
const FORMAT = '1';
const SHELLS = new Set(['bash', 'zsh', 'fish']);
const MAX_FIELD_CHARACTERS = 4_096;

export interface SpoolHeader {
  readonly shell: string;
  readonly pid: number;
  /** When the shell's first command was noted, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** The terminal's device; empty where the shell could not tell. */
  readonly tty: string;
  /** The pane as its multiplexer or terminal calls it: `tmux:/tmp/tmux-1000/default:%3`; empty for none. */
  readonly pane: string;
  readonly home: string;
}

export interface SpoolRecord {
  /** Counts the shell's commands from 1; a jump tells that some were dropped. */
  readonly number: number;
  readonly atMs: number;
  readonly durationMs: number;
  readonly exitCode: number;
  readonly cwd: string;
  readonly command: string;
}

export interface Spool {
  /** Null where the file does not begin with one: it is none of ours, or torn. */
  readonly header: SpoolHeader | null;
  readonly records: readonly SpoolRecord[];
}

/** Parses what a hook has written. */
export function parseSpool(bytes: Uint8Array): Spool {
  const fields = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\0');
  // What follows the last NUL is a record that is being written.
  fields.pop();
  let header: SpoolHeader | null = null;
  const records: SpoolRecord[] = [];
  let at = 0;
  while (at < fields.length) {
    const mark = fields[at];
    const read = mark === HEADER_MARK ? readHeader(fields.slice(at + 1, at + 1 + HEADER_FIELDS)) : null;
    const record = mark === COMMAND_MARK ? readRecord(fields.slice(at + 1, at + 1 + COMMAND_FIELDS)) : null;
    if (read !== null) header ??= read;
    if (record !== null) records.push(record);
    at += read !== null ? 1 + HEADER_FIELDS : record !== null ? 1 + COMMAND_FIELDS : 1;
  }
  return { header, records };
}

function readHeader(fields: readonly string[]): SpoolHeader | null {
  const [format, shell = '', pid, startedUs, tty = '', pane = '', home] = fields;
  if (format !== FORMAT || !SHELLS.has(shell) || home === undefined) return null;
  const process = toCount(pid);
  const started = toCount(startedUs);
  if (process === null || process < 1 || started === null || !fields.every(isShort)) return null;
  const startedAtMs = Math.floor(started / 1_000);
  return { shell, pid: process, startedAtMs, tty: /^\/dev\/[\w/]{1,64}$/.test(tty) ? tty : '', pane, home };
}

function readRecord(fields: readonly string[]): SpoolRecord | null {
  const [number, at, duration, exit, cwd, command] = fields;
  if (cwd === undefined || command === undefined || command === '' || !isAbsolute(cwd) || !isShort(cwd)) return null;
  const [count, atMs, durationMs, exitCode] = [number, at, duration, exit].map(toCount);
  if (count === null || atMs === null || exitCode === null) return null;
  if (count === undefined || atMs === undefined || exitCode === undefined || count < 1) return null;
  // A clock that was set back makes a negative duration: then it is not known.
  return { number: count, atMs, durationMs: durationMs ?? 0, exitCode, cwd, command };
}

function toCount(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function isShort(text: string): boolean {
  return text.length <= MAX_FIELD_CHARACTERS;
}
